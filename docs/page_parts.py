"""What the makers of pages share."""

import ast
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import creamery

SOURCE = Path(creamery.__file__).parent


def subclasses(kind: type) -> list[Any]:
    """List everything that comes from a class, whatever the distance, once each."""
    found: dict[type, None] = {}
    children: list[type] = kind.__subclasses__()
    for child in children:
        # A dataclass with slots leaves its first draft behind, which no name refers to.
        if getattr(sys.modules[child.__module__], child.__name__, None) is child:
            found |= {child: None, **dict.fromkeys(subclasses(child))}
    return list(found)


def first_line(thing: Any) -> str:
    """Take the first line of a docstring."""
    return (thing.__doc__ or "").strip().partition("\n")[0]


def place(kind: type) -> str:
    """Say where a class lies, from the room on."""
    return f"{kind.__module__.removeprefix('creamery.')}.{kind.__name__}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def called(call: ast.Call) -> str:
    """Name the function that a call in the source calls; empty for a method."""
    return call.func.id if isinstance(call.func, ast.Name) else ""
