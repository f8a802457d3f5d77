"""
New accounts, by whoever reads letters to an address.

An account begins with a letter, so that there is none whose address is not verified, and nothing on a page tells who has one: an
address that has an account gets another letter than one that has not.
"""

from dataclasses import replace

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from creamery.accounts import mail
from creamery.accounts.events import PersonInvited, RegistrationRequested
from creamery.accounts.letter_limits import require_room
from creamery.accounts.links import LinkOver, Purpose, use_link, whose
from creamery.accounts.log_in import NOBODY
from creamery.accounts.models import EmailAddress, Person
from creamery.accounts.policy import may
from creamery.accounts.steps import InvalidPerson, add_person, email_problems, normalize_address, record_about
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Conflict, Forbidden
from creamery.kernel.transactions import writes
from creamery.settings import CONFIG
from creamery.spec.problems import N_, Problem


class RegistrationClosed(Forbidden):
    """The operator does not let people make accounts by themselves, or not at all."""

    code = "registration-closed"
    sentence = _("Nobody can make an account here without being asked to. Write to {contact}.")


class AlreadyHere(Conflict):
    """Whoever is invited has an account."""

    code = "already-here"
    sentence = _("Somebody with the address {address} has an account already.")


def is_open() -> bool:
    """Tell whether people can make accounts by themselves."""
    return CONFIG.registration in {"open", "domains"}


def is_closed() -> bool:
    """Tell whether not even an invitation leads to an account."""
    return CONFIG.registration == "closed"


def ask_to_register(address: str, *, actor: Actor) -> None:
    """
    Have a letter sent to an address with which its reader makes an account, or is told that they have one.

    Raises:
        RegistrationClosed: the operator does not let them.
        InvalidPerson: it is no address, or at none of the domains.
        TooManyLetters: a limit is reached.

    Records: RegistrationRequested (seen by the person, if there is one).
    """
    if not is_open():
        raise RegistrationClosed(contact=_contact())
    problems = email_problems(address) or _domain_problems(address)
    if problems:
        raise InvalidPerson(problems)
    require_room(address, actor=actor)
    _answer(address, actor=actor)


@writes
def _answer(address: str, *, actor: Actor) -> None:
    """Answer with as many statements and letters in either case."""
    owner = (
        EmailAddress.objects.verified().filter(normalized=normalize_address(address)).select_related("person").first()
    )
    record_about(owner.person_id if owner else NOBODY, RegistrationRequested(is_known=owner is not None), actor=actor)
    if owner is not None:
        mail.send_link("account_exists", "reset", person=owner.person, address=owner.address, actor=actor)
    else:
        mail.send_link("account_register", "register", person=None, address=address, actor=actor)


@writes
def invite_person(address: str, *, actor: Actor) -> None:
    """
    Send somebody a link with which they make an account, for a week.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        RegistrationClosed: the operator makes all accounts.
        InvalidPerson: it is no address.
        AlreadyHere: they have an account.

    Records: PersonInvited (seen by whoever invites).
    """
    if not may(actor, "person.invite"):
        raise Forbidden
    if is_closed():
        raise RegistrationClosed(contact=_contact())
    problems = email_problems(address)
    if problems:
        raise InvalidPerson(problems)
    if EmailAddress.objects.verified().filter(normalized=normalize_address(address)).exists():
        raise AlreadyHere(address=address)
    record_about(actor.person_id or NOBODY, PersonInvited(address=address), actor=actor)
    mail.send_link("account_invitation", "invite", person=None, address=address, actor=actor)


def find_purpose(code: str) -> tuple[Purpose, str]:
    """
    Tell whether a code is of an invitation or of a registration, and to which address it went.

    Raises:
        LinkOver: it is of neither, or works no more.
    """
    try:
        return "register", whose("register", code)[1]
    except LinkOver:
        return "invite", whose("invite", code)[1]


@writes
def register(code: str, *, username: str, password: str, actor: Actor) -> Person:
    """
    Make the account of whoever got the link. Its address is verified by that.

    Raises:
        LinkOver: the link does not work.
        InvalidPerson, NameTaken: the details break rules; the link still works.

    Records: PersonCreated (seen by the person).
    """
    purpose, address = find_purpose(code)
    use_link(purpose, code)
    by_letter = replace(actor, proof="link")
    return add_person(username, address, password, is_staff=False, is_verified=True, actor=by_letter)


def _domain_problems(address: str) -> list[Problem]:
    if CONFIG.registration != "domains" or address.rpartition("@")[2].lower() in CONFIG.registration_domains:
        return []
    rule = N_("Only who has an address at one of these can make an account: {domains}.")
    params = {"domains": ", ".join(CONFIG.registration_domains)}
    remedy = N_("Write your address there.")
    return [Problem(code="domain", field="email", value=address, rule=rule, remedy=remedy, params=params)]


def _contact() -> str:
    return CONFIG.contact or gettext("whoever runs this index")
