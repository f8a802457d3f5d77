"""Pages of what is refused, who may do what, and what is recorded."""

import ast
import importlib
from collections.abc import Callable, Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

from page_parts import SOURCE, called, first_line, place, subclasses, table

Asker = tuple[str, Any, Any]


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
            refuse = next(call for call in calls if called(call) == "_refuse")
            title = _marked(refuse.args[2])
            sentences = [_marked(call) for call in calls if called(call) == "N_"]
            status = refuse.args[1]
            assert isinstance(status, ast.Constant)
            yield int(str(status.value)), title, next(text for text in sentences if text != title)


def _marked(node: ast.expr) -> str:
    assert isinstance(node, ast.Call)
    return str(ast.literal_eval(node.args[0]))


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
    askers = _askers()
    for room in sorted(path.parent.name for path in SOURCE.glob("*/policy.py")):
        policy = importlib.import_module(f"creamery.{room}.policy")
        if not hasattr(policy, "POLICY"):
            continue  # The policy of an index, not of a room: which files it takes.
        parts += ["", f"## {room.capitalize()}", "", _policy_table(policy)]
        if room in askers:
            parts += ["", _matrix(policy, askers[room])]
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


def _matrix(policy: ModuleType, askers: list[Asker]) -> str:
    """Ask the policy itself, for everybody who could ask."""
    rows = [
        [f"`{permission}`", *("yes" if policy.may(actor, permission, about) else "no" for _, actor, about in askers)]
        for permission in policy.POLICY
    ]
    return table(["permission", *(name for name, *_ in askers)], rows)


def _askers() -> dict[str, list[Asker]]:
    """Say who asks in each room that has a matrix, and about whom or what: name, actor, the third argument of `may`."""
    from creamery.catalog.policy import About
    from creamery.kernel.actor import ANONYMOUS, CONSOLE, Actor

    ada = Actor(kind="person", proof="session", person_id=1)
    staff = Actor(kind="person", proof="session", person_id=2, is_staff=True)
    other = Actor(kind="person", proof="session", person_id=3)
    token = Actor(kind="token", proof="token", person_id=1)
    narrow = Actor(kind="token", proof="token", person_id=1, projects=frozenset({"another"}))
    people = {"operator": CONSOLE, "staff": staff, "the person, logged in": ada, "the person's token": token}
    about = {role: About(normalized_name="gouda", role=role) for role in ("owner", "maintainer", "publisher", None)}
    return {
        "accounts": [(n, a, 1) for n, a in {**people, "another person": other, "nobody": ANONYMOUS}.items()],
        "catalog": [
            ("operator", CONSOLE, about[None]),
            *((f"{role}, logged in", ada, about[role]) for role in ("owner", "maintainer", "publisher")),
            *((f"token of {role}", token, about[role]) for role in ("owner", "maintainer", "publisher")),
            ("token of owner, limited to another project", narrow, about["owner"]),
            ("token of somebody without a role", token, about[None]),
            ("staff without a role", staff, about[None]),
            ("nobody", ANONYMOUS, about[None]),
        ],
    }


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
