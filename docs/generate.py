"""
Write the pages of docs/reference/ from the code that they tell of.

    python docs/generate.py            write them
    python docs/generate.py --check    write nothing; name the pages that are not what the code says, and exit with 1

What can be read from the code is read from it, so that no page can promise what is not there.
"""

import argparse
import ast
import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import Field, fields
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click

import creamery
from creamery import config

REFERENCE = Path(__file__).resolve().parent / "reference"
SOURCE = Path(creamery.__file__).parent
NOTICE = "<!-- Written by docs/generate.py from the code. Do not edit: change the code, then run `make docs`. -->"
STARTS_A_SERVER = {"creamery.__main__", "creamery.asgi"}
"""Modules that do something when they are imported; they hold nothing that is listed here."""
HELP_WIDTH = 96


def main() -> int:
    """Write the pages, or compare them. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/reference/ from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    only_check = parser.parse_args().check
    pages = {REFERENCE / name: text for name, text in make_pages().items()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    orphans = [path for path in sorted(REFERENCE.glob("*.md")) if path not in pages]
    if only_check:
        for path in (*stale, *orphans):
            print(f"{path.relative_to(REFERENCE.parent.parent)} is not what the code says. Run: make docs")
        return 1 if stale or orphans else 0
    for path in stale:
        path.write_text(pages[path])
    for path in orphans:
        path.unlink()
    print(f"Reference: {len(pages)} pages, {len(stale) + len(orphans)} changed.")
    return 0


def make_pages() -> dict[str, str]:
    """Make every page, by file name."""
    with tempfile.TemporaryDirectory(prefix="creamery-docs-") as folder:
        config.choose(data=folder)
        config.load_django()
        import_all()
        pages = {
            "settings.md": settings_page(),
            "commands.md": commands_page(),
            "refusals.md": refusals_page(),
            "permissions.md": permissions_page(),
            "events.md": events_page(),
            "metrics.md": metrics_page(),
        }
    pages["README.md"] = contents_page(pages)
    return {name: f"{NOTICE}\n\n{text.strip()}\n" for name, text in pages.items()}


def import_all() -> None:
    """Import every module of ours, so that every subclass is known."""
    for module in pkgutil.walk_packages(creamery.__path__, "creamery."):
        if module.name not in STARTS_A_SERVER and ".migrations" not in module.name:
            importlib.import_module(module.name)


def contents_page(pages: dict[str, str]) -> str:
    """Make the list of the other pages, each with its first sentence."""
    lines = [
        "# Reference",
        "",
        "Everything here is written by the code itself; see [docs](../README.md) for the rest.",
        "",
    ]
    for name, text in pages.items():
        title, _, sentence, *_ = text.splitlines()
        lines.append(f"- [{title.removeprefix('# ')}]({name}): {sentence}")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------ settings


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
    if kind is int:
        return "a number above 0"
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


# ------------------------------------------------------------------------------------------------------ commands


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


# ------------------------------------------------------------------------------------------------------ refusals


def refusals_page() -> str:
    """Make the page of everything that is refused."""
    from creamery.kernel.refusals import Refusal

    found = sorted(subclasses(Refusal), key=lambda kind: (kind.status, kind.code, kind.__name__))
    concrete = [kind for kind in found if kind.__module__ != Refusal.__module__ or kind.__subclasses__() == []]
    rows = [[f"`{kind.code}`", str(kind.status), str(kind.sentence), f"`{place(kind)}`"] for kind in concrete]
    reads = [[str(status), title, sentence] for status, title, sentence in _read_refusals()]
    return f"""# Refusals

Whatever is refused says what is wrong and how to mend it; the code is stable and meant for programs.

An upload's refusal carries the sentence in the reason phrase (which twine, poetry and pdm print) and in the body: text, or JSON
for clients that ask for it. The JSON has `refusal` (the code below), `status`, `title`, `detail`, `message`, `code` (status and
sentence, because uv prints only this field) and `errors`: one entry with `code`, `field`, `value`, `rule`, `remedy` and
`source` for each problem, all of them at once. In a browser the same refusal is a page. Words in braces are filled in.

{table(["code", "status", "sentence", "where in the code"], rows)}

## Of the read path

Installers get problem details (RFC 9457) with `title`, `status` and `detail`, and the `detail` as reason phrase.

{table(["status", "title", "detail"], reads)}
"""


def _read_refusals() -> Iterator[tuple[int, str, str]]:
    """Read status, title and detail of each refusal from the functions that make them."""
    for function in ast.parse((SOURCE / "serve" / "problems.py").read_text()).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("refuse_"):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            refuse = next(call for call in calls if _called(call) == "_refuse")
            title = _marked(refuse.args[2])
            sentences = [_marked(call) for call in calls if _called(call) == "N_"]
            status = refuse.args[1]
            assert isinstance(status, ast.Constant)
            yield int(str(status.value)), title, next(text for text in sentences if text != title)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _marked(node: ast.expr) -> str:
    assert isinstance(node, ast.Call)
    return str(ast.literal_eval(node.args[0]))


# --------------------------------------------------------------------------------------------------- permissions


def permissions_page() -> str:
    """Make the page of who may do what."""
    parts = [
        "# Permissions",
        "",
        "Who may do what: each room has a table of permissions, and this page is made from them.",
        "",
        "A permission is held by whoever meets all conditions of one of its lines. A token can never do more than its person: it",
        "is further limited to the projects that it names, and by what its holder took away from it offline.",
    ]
    for room in sorted(path.parent.name for path in SOURCE.glob("*/policy.py")):
        policy = importlib.import_module(f"creamery.{room}.policy")
        if not hasattr(policy, "POLICY"):
            continue  # The policy of an index, not of a room: which files it takes.
        parts += ["", f"## {room.capitalize()}", "", _policy_table(policy), "", _matrix(room, policy)]
    return "\n".join(parts)


def _policy_table(policy: ModuleType) -> str:
    rows = []
    for permission, ways in policy.POLICY.items():
        lines = [" and ".join(_condition(predicate) for predicate in way) for way in ways]
        rows.append([f"`{permission}`", "; or ".join(lines)])
    return table(["permission", "held by"], rows)


def _condition(predicate: Callable[..., bool]) -> str:
    sentence = first_line(predicate).rstrip(".")
    return sentence[0].lower() + sentence[1:]


def _matrix(room: str, policy: ModuleType) -> str:
    """Ask the policy itself, for everybody who could ask."""
    askers = _askers(policy)[room]
    rows = [
        [f"`{permission}`", *("yes" if policy.may(actor, permission, about) else "no" for _, actor, about in askers)]
        for permission in policy.POLICY
    ]
    return table(["permission", *(name for name, *_ in askers)], rows)


def _askers(policy: ModuleType) -> dict[str, list[tuple[str, Any, Any]]]:
    from creamery.kernel.actor import ANONYMOUS, CONSOLE, Actor

    ada = Actor(kind="person", proof="session", person_id=1)
    staff = Actor(kind="person", proof="session", person_id=2, is_staff=True)
    token = Actor(kind="token", proof="token", person_id=1)
    narrow = Actor(kind="token", proof="token", person_id=1, projects=frozenset({"another"}))
    if policy.__name__ == "creamery.accounts.policy":
        people = [
            ("operator", CONSOLE),
            ("staff", staff),
            ("the person, logged in", ada),
            ("the person's token", token),
        ]
        others = [("another person", Actor(kind="person", proof="session", person_id=3)), ("nobody", ANONYMOUS)]
        return {"accounts": [(name, actor, 1) for name, actor in (*people, *others)]}
    about = {
        role: policy.About(normalized_name="gouda", role=role) for role in ("owner", "maintainer", "publisher", None)
    }
    roles = [(f"token of {role}", token, about[role]) for role in ("owner", "maintainer", "publisher")]
    return {
        "catalog": [
            ("operator", CONSOLE, about[None]),
            *roles,
            ("token of owner, limited to another project", narrow, about["owner"]),
            ("token of somebody without a role", token, about[None]),
            ("staff without a role", staff, about[None]),
            ("nobody", ANONYMOUS, about[None]),
        ]
    }


# ------------------------------------------------------------------------------------------------------- events


def events_page() -> str:
    """Make the page of everything that is recorded, and what follows."""
    from creamery import reactions
    from creamery.kernel.events import Event

    follows = reactions.table()
    rows = [
        [
            f"`{event.title()}`",
            first_line(event),
            _fields(event),
            "<br>".join(map(_reaction, follows[event])) or "nothing",
        ]
        for event in sorted(subclasses(Event), key=lambda event: str(event.title()))
    ]
    repeats = [
        [_name(r), first_line(r.react), _every(every.total_seconds())] for r, every in reactions.periodic().items()
    ]
    return f"""# Events

Everything that happens is recorded for ever, in the transaction of the change, with who did it, how that was proved, and from where.

*soon* is done before the person who caused it gets an answer; *later* is left to the worker.

{table(["event", "what", "fields", "what follows"], rows)}

## What repeats

{table(["reaction", "what", "every"], repeats)}
"""


def _fields(event: type) -> str:
    return ", ".join(f"`{field.name}`" for field in fields(event))


def _reaction(reaction: Any) -> str:
    return f"{'soon' if reaction.is_soon else 'later'}: {_name(reaction)}"


def _name(reaction: Any) -> str:
    return f"`{reaction.name}`"


def _every(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds:g} s"


# ------------------------------------------------------------------------------------------------------ metrics


def metrics_page() -> str:
    """Make the page of all figures."""
    from prometheus_client import Counter, Histogram

    from creamery.web import figures

    rows = []
    for figure in vars(figures).values():
        if isinstance(figure, (Counter, Histogram)):
            family = figure.describe()[0]
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in figure._labelnames)
            rows.append([f"`{name}`", family.type, family.documentation, labels])
    rows += [[f"`{name}`", "gauge", what, ""] for name, what in _gauges()]
    return f"""# Metrics

`/metrics` shows these in Prometheus' format, to the networks in `CREAMERY_METRICS_NETWORKS`; to others there is no such page.

With several processes (`--workers`) any of them shows the sum. Figures of the Python process come besides, with one process.

{table(["figure", "kind", "what", "labels"], sorted(rows))}

`/health/live` answers 200 as soon as the process does. `/health/ready` answers 200 if database and store are within reach, else
503, and says which is not; installs go on from the read path either way, as long as the store is there.
"""


def _gauges() -> Iterator[tuple[str, str]]:
    """Read the gauges that are computed when they are asked for."""
    for node in ast.walk(ast.parse((SOURCE / "web" / "operations.py").read_text())):
        if isinstance(node, ast.Call) and _called(node) == "GaugeMetricFamily":
            yield ast.literal_eval(node.args[0]), ast.literal_eval(node.args[1])


# -------------------------------------------------------------------------------------------------------- parts


def subclasses(kind: type) -> list[Any]:
    """List everything that comes from a class, whatever the distance, once each."""
    found: dict[type, None] = {}
    for child in kind.__subclasses__():
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


if __name__ == "__main__":
    sys.exit(main())
