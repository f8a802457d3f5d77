"""Every event stands in the one table of reactions, even where nothing follows from it."""

import importlib
from collections.abc import Iterable

from creamery.kernel.events import Event
from tests.architecture.house import SOURCE


def test_every_event_is_listed_in_the_table_of_reactions() -> None:
    from creamery.reactions import table

    assert list_unlisted(table()) == []


def test_a_planted_event_is_caught() -> None:
    from creamery.reactions import table

    listed = list(table())
    assert list_unlisted(listed[1:]) == [event.title() for event in list_events() if event is listed[0]] != []


def test_events_are_past_tense_dataclasses_in_their_room() -> None:
    for event in list_events():
        assert event.__module__.endswith(".events"), event
        assert event.__name__.endswith(
            (
                "ed",
                "Begun",
                "Left",
                "Sent",
                "Won",
                "Lost",
                "Made",
                "Taken",
                "Given",
                "Put",
                "Held",
                "Frozen",
                "Unfrozen",
            )
        ), event


def list_unlisted(listed: Iterable[type]) -> list[str]:
    """List the events that a table does not name."""
    return sorted(event.title() for event in list_events() if event not in set(listed))


def list_events() -> list[type[Event]]:
    """List every event of every room."""
    modules = [importlib.import_module(f"creamery.{path.parent.name}.events") for path in SOURCE.glob("*/events.py")]
    # Not Event.__subclasses__(): a dataclass with slots is a second class, and its forgotten twin would be listed as well.
    found = [thing for module in modules for thing in vars(module).values() if isinstance(thing, type)]
    return [event for event in found if issubclass(event, Event) and event is not Event]
