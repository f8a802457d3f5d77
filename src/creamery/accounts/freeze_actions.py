"""Freezing an account, by whoever got a letter about it and says that it was not them, and opening it again."""

from dataclasses import replace

from creamery.accounts import mail
from creamery.accounts.events import PersonFrozen, PersonUnfrozen
from creamery.accounts.links import end_links, use_link
from creamery.accounts.models import Person, Token
from creamery.accounts.policy import may
from creamery.accounts.queries import NoSuchPerson
from creamery.accounts.steps import record_about
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Forbidden
from creamery.kernel.transactions import writes


@writes
def freeze_person(code: str, *, actor: Actor) -> str:
    """
    Freeze the account that a letter was about: nobody logs in, its sessions are over, its password is void, its tokens are
    revoked. Says whose it is. One that is frozen already stays so.

    Raises:
        LinkOver: the link does not work.

    Records: PersonFrozen (seen by the person).
    """
    link = use_link("freeze", code)
    person: Person = Person.objects.select_for_update().get(pk=link.person_id)
    if not person.is_active:
        return person.username
    now = clock.now()
    person.is_active, person.frozen_at = False, now
    # Whoever froze it does not trust the password either, and sessions end with the password that they began with.
    person.set_unusable_password()
    person.save(update_fields=["is_active", "frozen_at", "password"])
    revoked = Token.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
    end_links(person.pk, "confirm", "reset")
    event = PersonFrozen(person_id=person.pk, address=link.address, revoked_tokens=revoked)
    by_letter = replace(actor, proof="link")
    record_about(person.pk, event, actor=by_letter)
    mail.tell_without_link(person, "account_frozen", actor=by_letter, also=[link.address])
    return person.username


@writes
def unfreeze_person(username: str, *, actor: Actor) -> bool:
    """
    Open a frozen account again. Its password and its tokens do not come back. False if it is not frozen.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        NoSuchPerson: nobody by that name.

    Records: PersonUnfrozen (seen by the person).
    """
    if not may(actor, "person.unfreeze"):
        raise Forbidden
    person: Person | None = Person.objects.named(username).first()
    if person is None:
        raise NoSuchPerson(username=username)
    if person.frozen_at is None:
        return False
    Person.objects.filter(pk=person.pk).update(is_active=True, frozen_at=None)
    record_about(person.pk, PersonUnfrozen(person_id=person.pk), actor=actor)
    mail.tell_without_link(person, "account_unfrozen", actor=actor)
    return True
