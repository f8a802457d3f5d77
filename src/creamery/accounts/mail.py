"""
Letters about accounts: who gets which, with what.

What could be a thief's doing is told to every verified address, whoever did it, with a link that freezes the account.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from creamery.accounts.devices import describe_device
from creamery.accounts.links import Purpose, make_link
from creamery.accounts.models import EmailAddress, Person
from creamery.kernel import clock, letters
from creamery.kernel.actor import Actor
from creamery.kernel.letters import Addressee


def tell_everywhere(
    person: Person, template: str, facts: Mapping[str, Any], *, actor: Actor, also: Iterable[str] = ()
) -> None:
    """
    Tell a person of a change at every verified address, and at those that were theirs until now. Source: security.md AUT-4.

    Each letter has a link of its own that freezes the account.
    """
    for address in _reached(person, also):
        link = make_link("freeze", person=person, address=address)
        letters.post(
            template, {**facts, **_circumstances(actor), "freeze": link.number}, to=[addressee(person, address)]
        )


def tell_without_link(person: Person, template: str, *, actor: Actor, also: Iterable[str] = ()) -> None:
    """Tell every verified address that the account is frozen, or is no longer."""
    to = [addressee(person, address) for address in _reached(person, also)]
    letters.post(template, _circumstances(actor), to=to)


def send_link(template: str, purpose: Purpose, *, person: Person | None, address: str, actor: Actor) -> None:
    """Send an address a link; who has no account yet has no name either."""
    link = make_link(purpose, person=person, address=address)
    to = addressee(person, address) if person is not None else Addressee(0, "", address)
    letters.post(template, {**_circumstances(actor), "link": link.number}, to=[to])


def _reached(person: Person, also: Iterable[str]) -> list[str]:
    verified = EmailAddress.objects.filter(person=person, verified_at__isnull=False)
    return sorted({*verified.values_list("address", flat=True), *also})


def addressee(person: Person, address: str) -> Addressee:
    """Say to whom a letter to one of their addresses goes."""
    return Addressee(person.pk, person.username, address)


def _circumstances(actor: Actor) -> dict[str, str | bool]:
    """Say when, from where and by whom."""
    return {
        "at": f"{clock.now():%Y-%m-%d %H:%M} UTC",
        "place": actor.address,
        "device": describe_device(actor.user_agent),
        "actor": actor.username,
        "is_operator": actor.kind == "system",
    }
