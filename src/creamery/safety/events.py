"""What happens to lists of names."""

from dataclasses import dataclass

from creamery.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesListed(Event):
    """Names were put on a list: forbidden, allowed or popular."""

    list_name: str
    names: list[str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesUnlisted(Event):
    """Names were taken off all lists."""

    names: list[str]
