"""How many letters strangers can have sent. Source: security.md AUD-3."""

import hashlib

from django.utils.translation import gettext_lazy as _

from creamery.accounts.log_in import find_network
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Limited
from creamery.kernel.shared_limits import SharedWindow

TO_ONE_ADDRESS = SharedWindow("letters-to", limit=3, seconds=6 * 3600)
FROM_ONE_NETWORK = SharedWindow("letters-from", limit=10, seconds=3600)
FOR_EVERYBODY = SharedWindow("letters", limit=1000, seconds=3600)


class TooManyLetters(Limited):
    """Too many letters were asked for: to this address, from this network, or altogether."""

    code = "too-many-letters"
    sentence = _(
        "Too many letters were asked for. Look into your mailbox, and its spam folder; ask again in {minutes} minutes."
    )


def require_room(whom: str, *, actor: Actor) -> None:
    """
    Count one more letter to an address, or to whoever has this name; whether anybody has does not matter. Call it outside
    a transaction.

    Raises:
        TooManyLetters: a limit is reached.
    """
    key = hashlib.sha256(whom.lower().encode()).hexdigest()[:32]
    counted = [(TO_ONE_ADDRESS, key), (FROM_ONE_NETWORK, find_network(actor.address)), (FOR_EVERYBODY, "all")]
    wait_seconds = max(window.take(one) for window, one in counted)
    if wait_seconds:
        refusal = TooManyLetters(minutes=int(wait_seconds // 60) + 1)
        refusal.retry_after_seconds = int(wait_seconds) + 1
        raise refusal
