"""Who asks, read from a request's headers."""

import base64
import binascii

from django.utils.translation import gettext_lazy as _

from creamery.accounts.queries import NotAuthenticated, authenticate_token
from creamery.kernel.actor import Actor

TOKEN_USER = "__token__"  # noqa: S105 - the name that stands for "the password is a token".


class NoCredentials(NotAuthenticated):
    """The request names nobody."""

    sentence = _("This needs credentials: the username __token__ and an API token of this index as the password.")


def authenticate(authorization: str, *, asked_by: Actor) -> Actor:
    """
    Tell who asks, from the Authorization header. Cookies do not count here.

    Basic with the username `__token__`, `Bearer` and `token` are the same. Source: standards.md UP-04, AU-02.

    Raises:
        NoCredentials, NotAuthenticated: none, or wrong ones.
    """
    scheme, _space, value = authorization.strip().partition(" ")
    match scheme.lower():
        case "":
            raise NoCredentials
        case "basic":
            username, password = _basic(value)
            if username != TOKEN_USER:
                raise NotAuthenticated
            return authenticate_token(password, asked_by=asked_by)
        case "bearer" | "token":
            return authenticate_token(value.strip(), asked_by=asked_by)
        case _:
            raise NotAuthenticated


def _basic(value: str) -> tuple[str, str]:
    try:
        username, _colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise NotAuthenticated from None
    return username, password
