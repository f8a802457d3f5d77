"""
How a letter leaves: by SMTP, or as a file in a folder. The only module that knows Django's mail.

While a server does not answer it is left alone for a minute: the worker has other things to do than to wait for it once for
every letter.
"""

import logging
import smtplib
import time
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMessage  # noqa: TID251 - this is the one place.
from django.core.mail.backends.smtp import EmailBackend  # noqa: TID251 - as above.

from creamery.config import asks_for_tls
from creamery.settings import CONFIG

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
CLOSED_SECONDS = 60.0


class MailRefused(Exception):
    """The server takes this letter now and for ever not: there is no such address, or it does not like what it says."""


class MailClosed(OSError):
    """The server did not answer a moment ago, and is not asked again yet."""


class Carrier(Protocol):
    """What takes letters away."""

    def carry(self, message: EmailMessage, name: str) -> None:
        """
        Take a letter; `name` tells it from all others.

        Raises:
            MailRefused: it will never be taken.
            ValueError: it cannot be written down as a letter.
            OSError, of which MailClosed and SMTPException are kinds: it may be taken later.
        """


class Folder:
    """Keeps letters as files that any mail program opens."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def carry(self, message: EmailMessage, name: str) -> None:
        """Write the letter; one that was written before is written again, the same."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._path / f"{name}.eml"
        temporary = target.with_suffix(".part")
        temporary.write_bytes(message.message().as_bytes())
        temporary.replace(target)
        log.info("A letter to %s, “%s”, is in %s", ", ".join(message.to), message.subject, target)


class Server:
    """Hands letters to an SMTP server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        is_tls, starts_tls = parts.scheme == "smtps", asks_for_tls(url)
        self._closed_until = 0.0
        self._backend = EmailBackend(
            host=parts.hostname,
            port=parts.port or (465 if is_tls else 587 if starts_tls else 25),
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            use_ssl=is_tls,
            use_tls=starts_tls and not is_tls,
            timeout=TIMEOUT_SECONDS,
        )

    def carry(self, message: EmailMessage, name: str) -> None:  # noqa: ARG002 - the server needs no name.
        """Send the letter. Certificates are checked."""
        if time.monotonic() < self._closed_until:
            raise MailClosed("The mail server did not answer a moment ago.")
        try:
            self._backend.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            _give_up_if_final({code for code, _text in error.recipients.values()}, error)
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            _give_up_if_final({error.smtp_code}, error)
        except OSError:
            self._closed_until = time.monotonic() + CLOSED_SECONDS
            raise
        finally:
            self._backend.close()


def _give_up_if_final(codes: set[int], error: smtplib.SMTPException) -> None:
    """Tell what the server will never take (5xx) from what it may take later (4xx). Source: RFC 5321, 4.2.1."""
    if codes and all(code >= 500 for code in codes):
        raise MailRefused(str(error)) from error
    raise error


@cache
def the_carrier() -> Carrier:
    """Make the carrier that the settings name, once for the process."""
    url = CONFIG.mail_url
    return Folder(Path(unquote(urlsplit(url).path))) if url.startswith("file:") else Server(url)


def send_mail(*, to: str, subject: str, body: str, name: str, at: datetime) -> None:
    """
    Send one letter. Sent twice, it has the same Message-ID, so that the reader's program shows it once.

    Raises:
        MailRefused: it will never be taken.
        OSError: it may be taken later.
    """
    if "@" not in to:
        # Without a host it would go to somebody on the mail server's own machine, and an empty one to nobody.
        raise MailRefused(f"{to!r} is no address")
    host = CONFIG.letters_from.rpartition("@")[2]
    headers = {
        "Message-ID": f"<{name}@{host}>",
        "Date": format_datetime(at),
        # So that no holiday notice answers. Source: RFC 3834.
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMessage(subject, body, CONFIG.letters_from, [to], headers=headers)
    try:
        the_carrier().carry(message, name)
    except OSError:
        # A certificate that cannot be verified is a ValueError as well, and somebody may mend it.
        raise
    except ValueError as error:
        # An address that is none, or a line break where it would begin a header of its own.
        raise MailRefused(str(error)) from error
