"""An event, an action and reactions for trying the kernel, with a table of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from creamery import reactions
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.events import Event, Subject, record
from creamery.kernel.outbox import Claim, Reaction, later, soon, use_table
from creamery.kernel.transactions import writes


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingDone(Event):
    """Something was done to a thing."""

    thing_id: int
    words: str = ""


@dataclass
class Ran:
    """What ran, and what a test wants to happen meanwhile."""

    ids: list[tuple[int, ...]] = field(default_factory=list)
    meanwhile: Callable[[Claim], None] | None = None


ran = Ran()


def react(*args: int, claim: Claim) -> None:
    """Note that it ran; then do what the test wants."""
    ran.ids.append(args)
    if ran.meanwhile is not None:
        ran.meanwhile(claim)


def react_late(*args: int, claim: Claim) -> None:
    """Do the same, for the worker."""
    react(*args, claim=claim)


@writes
def do_thing(thing_id: int, *, breaks: bool = False, actor: Actor = CONSOLE) -> None:
    """Record the event, and break afterwards if told so."""
    about = [Subject("thing", thing_id), Subject("person", 7), Subject("thing", thing_id)]
    record(ThingDone(thing_id=thing_id, words="ü"), actor=actor, about=about)
    if breaks:
        raise ZeroDivisionError


SOON = soon(react, key="thing_id")
LATER = later(react_late, key="thing_id", delay_seconds=2)


@contextmanager
def table(*table_reactions: Reaction, periodic: dict[Reaction, timedelta] | None = None) -> Iterator[Ran]:
    """Use a table with only these reactions to the event; put the product's own back afterwards."""
    ran.ids.clear()
    ran.meanwhile = None
    use_table({ThingDone: list(table_reactions)}, periodic or {}, [])
    try:
        yield ran
    finally:
        use_table(reactions.table(), reactions.periodic(), reactions.by_hand())
