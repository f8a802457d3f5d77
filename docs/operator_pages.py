"""Pages for those who run an index: settings, commands, metrics."""

import ast
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click
from page_parts import SOURCE, called, table

from creamery import config

HELP_WIDTH = 96


def settings_page() -> str:
    """Make the page of all settings."""
    defaults = config.load({"CREAMERY_DATA": "/DATA"})
    shown = [setting for setting in fields(config.Config) if not setting.metadata.get("hidden")]
    rows = [
        [f"`{config.PREFIX}{s.name.upper()}`", s.metadata["help"], _values(s), _default(s, defaults), _option(s)]
        for s in shown
    ]
    secrets = ", ".join(f"`{config.PREFIX}{s.name.upper()}`" for s in shown if s.metadata.get("secret"))
    return f"""# Settings

All settings are environment variables, and each has a default: `creamery serve` alone is a complete index.

An option of a command wins over its variable. An empty variable is the same as none. An unknown `{config.PREFIX}*` variable, a
value that cannot be read and half of a pair stop the start with a sentence that names them, and exit code 2. `DATA` below is
the data folder. Every command (`creamery user`, `creamery import`, ...) reads the same variables, so give it the same ones as the server.

{table(["variable", "what", "values", "default", "option of `creamery serve`"], rows)}

Keep to yourself: {secrets}.
"""


def _values(setting: "Field[Any]") -> str:
    kind = get_type_hints(config.Config)[setting.name]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if kind is bool:
        return "`on`, `off`"
    if kind in (int, int | None):
        return "a number, 0 or more" if setting.metadata.get("zero") else "a number above 0"
    return "a list" if get_origin(kind) is tuple else "text"


def _default(setting: "Field[Any]", defaults: config.Config) -> str:
    if "default" in setting.metadata:
        return f"`{setting.metadata['default']}`"
    value = getattr(defaults, setting.name)
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value}`".replace("/DATA", "DATA") if value != "" else ""


def _option(setting: "Field[Any]") -> str:
    from creamery.cli.serving import serve

    options = [option for parameter in serve.params if parameter.name == setting.name for option in parameter.opts]
    return ", ".join(f"`{option}`" for option in options)


def commands_page() -> str:
    """Make the page of all commands, as `--help` prints them."""
    from creamery.cli import commands

    parts = [
        "# Commands",
        "",
        "What each command prints when it is asked for `--help`.",
        "",
        "Exit codes: 0 done; 1 done, but something was refused or differs; 2 not begun, because of options, settings or surroundings.",
        "Errors go to standard error, results to standard output; `--json` makes them JSON. On a terminal lists are tables, in a",
        "pipe they are lines with tabs between.",
    ]
    for path, command in _walk(commands, ()):
        context = click.Context(
            command, info_name=" ".join(path), terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH
        )
        context.help_option_names = ["-h", "--help"]
        parts += ["", f"## {' '.join(path)}", "", "```text", context.get_help(), "```"]
    return "\n".join(parts)


def _walk(command: click.Command, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    path = (*above, command.name if above and command.name else "creamery")
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _walk(command.commands[name], path)


def metrics_page() -> str:
    """Make the page of all figures."""
    from prometheus_client import Counter, Histogram

    from creamery.web import figures

    rows = []
    for figure in vars(figures).values():
        if isinstance(figure, (Counter, Histogram)):
            family = next(iter(figure.describe()))
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in figure._labelnames)
            rows.append([f"`{name}`", family.type, family.documentation, labels])
    rows += [[f"`{name}`", "gauge", what, labels] for name, what, labels in _gauges()]
    return f"""# Metrics

`/metrics` shows these in Prometheus' format, to the networks in `CREAMERY_METRICS_NETWORKS`; to others there is no such page.

With several processes (`--workers`) any of them shows the sum. Figures of the Python process come besides, with one process.

{table(["figure", "kind", "what", "labels"], sorted(rows))}

`/health/live` answers 200 as soon as the process does. `/health/ready` answers 200 if database and store are within reach, else
503, and says which is not; installs go on from the read path either way, as long as the store is there.
"""


def _gauges() -> Iterator[tuple[str, str, str]]:
    """Read the gauges that are computed when they are asked for: name, what, labels."""
    for node in ast.walk(ast.parse((SOURCE / "web" / "operations.py").read_text())):
        if isinstance(node, ast.Call) and called(node) == "GaugeMetricFamily":
            labels = next((ast.literal_eval(k.value) for k in node.keywords if k.arg == "labels"), [])
            shown = ", ".join(f"`{label}`" for label in labels)
            yield ast.literal_eval(node.args[0]), ast.literal_eval(node.args[1]), shown
