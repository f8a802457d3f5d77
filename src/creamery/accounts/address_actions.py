"""The verbs of e-mail addresses: add, confirm, make the primary one, remove."""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from creamery.accounts import mail
from creamery.accounts.events import AddressAdded, AddressConfirmed, AddressRemoved, PrimaryAddressChanged
from creamery.accounts.letter_limits import require_room
from creamery.accounts.links import end_links, use_link
from creamery.accounts.models import EmailAddress, Person
from creamery.accounts.policy import may
from creamery.accounts.steps import email_problems, normalize_address, record_about
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Conflict, Forbidden, Invalid, Missing
from creamery.kernel.transactions import writes
from creamery.spec.problems import N_, Problem

MOST_ADDRESSES = 10


class InvalidAddress(Invalid):
    """An address that cannot be added."""

    code = "invalid-address"
    sentence = _("This address cannot be added.")


class AddressTaken(Conflict):
    """Somebody else has confirmed that address."""

    code = "address-taken"
    sentence = _("{address} belongs to another account. Remove it there first.")


class AddressNeeded(Conflict):
    """The address cannot go, or cannot be the primary one."""

    code = "address-needed"
    sentence = _(
        "{address} cannot be removed while it is your main address. Confirm another, make that one the main address, and try again."
    )


class AddressUnconfirmed(Conflict):
    """Only a confirmed address can be the primary one."""

    code = "address-unconfirmed"
    sentence = _("{address} is not confirmed yet. Open the link in the letter that went there.")


class NoSuchAddress(Missing):
    """No such address, or none that the actor may change."""

    code = "no-such-address"
    sentence = _("There is no such address in this account.")


def add_address(person_id: int, address: str, *, actor: Actor) -> None:
    """
    Add an address to an account, and send it a link to confirm it. Whether somebody else has it is not told.

    Raises:
        Forbidden: the actor may not change this person's addresses.
        InvalidAddress: it is none, or the account has it already, or too many.
        TooManyLetters: a limit is reached.

    Records: AddressAdded (seen by the person).
    """
    if not may(actor, "address.change", person_id):
        raise Forbidden
    problems = email_problems(address)
    if problems:
        raise InvalidAddress(problems)
    require_room(address, actor=actor)
    _add_address(person_id, address, actor=actor)


@writes
def _add_address(person_id: int, address: str, *, actor: Actor) -> None:
    person: Person = Person.objects.select_for_update().get(pk=person_id)
    own = set(person.addresses.values_list("normalized", flat=True))
    if normalize_address(address) in own:
        raise InvalidAddress([_problem(address, N_("Your account has it already."), "")])
    if len(own) >= MOST_ADDRESSES:
        raise InvalidAddress([_problem(address, N_("An account has at most ten addresses."), N_("Remove one first."))])
    EmailAddress.objects.create(
        person=person, address=address, normalized=normalize_address(address), added_at=clock.now()
    )
    record_about(person_id, AddressAdded(person_id=person_id, address=address), actor=actor)
    mail.send_link("account_confirm_address", "confirm", person=person, address=address, actor=actor)
    mail.tell_everywhere(person, "account_address_added", {"address": address}, actor=actor)


def ask_again(person_id: int, address_id: int, *, actor: Actor) -> None:
    """
    Send an address that is not confirmed another link; older ones work no more.

    Raises:
        NoSuchAddress: there is none, none that the actor may change, or it is confirmed already.
        TooManyLetters: a limit is reached.

    Records: AddressAdded (seen by the person).
    """
    found = _get_address(person_id, address_id, actor=actor)
    if found.verified_at is not None:
        raise NoSuchAddress
    require_room(found.address, actor=actor)
    _ask_again(found, actor=actor)


@writes
def _ask_again(found: EmailAddress, *, actor: Actor) -> None:
    end_links(found.person_id, "confirm", address=found.address)
    record_about(found.person_id, AddressAdded(person_id=found.person_id, address=found.address), actor=actor)
    mail.send_link("account_confirm_address", "confirm", person=found.person, address=found.address, actor=actor)


@writes
def confirm_address(code: str, *, actor: Actor) -> str:
    """
    Take it as shown that letters to an address reach its owner. Says which address.

    Raises:
        LinkOver: the link does not work.
        NoSuchAddress: the address was removed in the meantime.
        AddressTaken: another account has confirmed it.

    Records: AddressConfirmed (seen by the person).
    """
    link = use_link("confirm", code)
    found = EmailAddress.objects.select_related("person").filter(person=link.person, address=link.address).first()
    if found is None:
        raise NoSuchAddress
    found.verified_at = clock.now()
    try:
        with transaction.atomic():
            found.save(update_fields=["verified_at"])
    except IntegrityError:
        raise AddressTaken(address=found.address) from None
    if found.is_primary:
        Person.objects.filter(pk=found.person_id).update(email_verified_at=found.verified_at)
    event = AddressConfirmed(person_id=found.person_id, address=found.address)
    record_about(found.person_id, event, actor=replace(actor, proof="link"))
    return found.address


@writes
def make_primary(person_id: int, address_id: int, *, actor: Actor) -> bool:
    """
    Make a confirmed address the one that letters about projects go to. False if it is that already.

    Raises:
        NoSuchAddress: there is none, or none that the actor may change.
        AddressUnconfirmed: nobody has shown that letters to it arrive.

    Records: PrimaryAddressChanged (seen by the person).
    """
    found = _get_address(person_id, address_id, actor=actor)
    if found.is_primary:
        return False
    if found.verified_at is None:
        raise AddressUnconfirmed(address=found.address)
    before = found.person.addresses.get(is_primary=True).address
    found.person.addresses.filter(is_primary=True).update(is_primary=False)
    EmailAddress.objects.filter(pk=found.pk).update(is_primary=True)
    Person.objects.filter(pk=person_id).update(email=found.address, email_verified_at=found.verified_at)
    event = PrimaryAddressChanged(person_id=person_id, address=found.address, before=before)
    record_about(person_id, event, actor=actor)
    facts = {"address": found.address, "before": before}
    mail.tell_everywhere(found.person, "account_primary_changed", facts, actor=actor)
    return True


@writes
def remove_address(person_id: int, address_id: int, *, actor: Actor) -> None:
    """
    Remove an address; it is told as well. The primary one stays, so that one that is confirmed is always left.

    Raises:
        NoSuchAddress: there is none, or none that the actor may change.
        AddressNeeded: it is the primary one.

    Records: AddressRemoved (seen by the person).
    """
    found = _get_address(person_id, address_id, actor=actor)
    if found.is_primary:
        raise AddressNeeded(address=found.address)
    found.delete()
    end_links(person_id, "confirm", address=found.address)
    record_about(person_id, AddressRemoved(person_id=person_id, address=found.address), actor=actor)
    told = [found.address] if found.verified_at is not None else []
    mail.tell_everywhere(found.person, "account_address_removed", {"address": found.address}, actor=actor, also=told)


def _get_address(person_id: int, address_id: int, *, actor: Actor) -> EmailAddress:
    found = EmailAddress.objects.select_related("person").filter(pk=address_id, person_id=person_id).first()
    if found is None or not may(actor, "address.change", person_id):
        raise NoSuchAddress
    return found


def _problem(address: str, rule: str, remedy: str) -> Problem:
    return Problem(code="email", field="email", value=address, rule=rule, remedy=remedy)
