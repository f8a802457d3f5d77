"""Results for people, as tables on the terminal, and for programs, as JSON."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.rounds import Measured

RESULTS = Path(__file__).parent / "results"


def show(measured: Measured, console: Console) -> None:
    """Print one measure: a figure per column, and its ratios to the references below the heading."""
    table = Table(title=f"{measured.title}  ({measured.rounds} rounds)", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    references = [name for name in measured.references if any(row.target == name for row in measured.rows)]
    for column in measured.columns:
        table.add_column(column.heading, justify="right")
        if column.is_compared:
            for reference in references:
                table.add_column(f"to {reference}", justify="right", style="bold")
    for row in measured.rows:
        cells = [row.target]
        for column in measured.columns:
            value = row.figures.get(column.name)
            cells.append("" if value is None else f"{value:,.{column.digits}f}")
            if column.is_compared:
                cells += [_ratio(row.ratios.get(reference, {}).get(column.name)) for reference in references]
        table.add_row(*cells)
    console.print(table)
    for note in measured.notes:
        console.print(f"  {note}", style="dim", highlight=False)


def write(results: list[Measured], machine: dict[str, str], options: dict[str, object]) -> Path:
    """Write everything to a file of its own, named by the time."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    document = {
        "measured_at": now.isoformat(timespec="seconds"),
        "machine": machine,
        "options": options,
        "measures": [asdict(measured) for measured in results],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def _ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
