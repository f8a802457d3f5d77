"""A real SMTP server for letters: it keeps what it takes, and refuses whom it is told to refuse."""

import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.real.inside import Inside
from tests.real.processes import find_free_port

UseMail = Callable[[str], None]
HOST = "localhost"
LOGIN = ("ada", "a pass/word@1")


@dataclass
class MailServer:
    """
    Takes letters at `localhost`, in a thread of this process. It can be stopped, and started again on the same port.

    With a certificate it insists on STARTTLS, or with `is_tls` begins with TLS. A login needs STARTTLS.

    `refused` are addresses and what they are answered, such as `550 No such user`.
    """

    certificate: Path | None = None
    is_tls: bool = False
    needs_login: bool = False
    port: int = field(default_factory=find_free_port)
    refused: dict[str, str] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)
    _running: Controller | None = None

    def start(self) -> None:
        """Begin to listen."""
        context = None
        if self.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
        self._running = Controller(
            self,
            hostname=HOST,
            port=self.port,
            ssl_context=context if self.is_tls else None,
            tls_context=None if self.is_tls else context,
            require_starttls=context is not None and not self.is_tls,
            auth_required=self.needs_login,
            authenticator=_check_login,
        )
        self._running.start()

    def stop(self) -> None:
        """Listen no more."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def take_letters(self, to: str) -> list[EmailMessage]:
        """Do what is due, then take the letters to an address out of its box."""
        from creamery.kernel import outbox

        outbox.run_due()
        taken = [letter for letter in self.letters if letter["To"] == to]
        self.letters = [letter for letter in self.letters if letter["To"] != to]
        return taken

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or refuse them."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above.
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a letter."""
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


def _check_login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
) -> AuthResult:
    return AuthResult(success=(given.login.decode(), given.password.decode()) == LOGIN, handled=False)


def make_certificate(folder: Path) -> Path:
    """Make a certificate for `localhost` that is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "localhost.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def find_path(letter: EmailMessage) -> str:
    """Find the one address of the index in a letter, without its host."""
    (found,) = re.findall(r"http://localhost:8000(/\S+)", letter.get_content())
    return str(found)


@pytest.fixture
def use_mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseMail]:
    """Send letters of this process to an address of the setting CREAMERY_MAIL_URL."""
    from creamery.kernel import mail
    from creamery.settings import CONFIG

    def use(url: str) -> None:
        monkeypatch.setattr(mail, "CONFIG", replace(CONFIG, mail_url=url, mail_from="index@idx.example"))
        mail.the_carrier.cache_clear()

    yield use
    mail.the_carrier.cache_clear()


@pytest.fixture
def mail_server(inside: Inside, use_mail: UseMail) -> Iterator[MailServer]:
    """Give a mail server, and have letters of this process sent to it."""
    running = MailServer()
    running.start()
    use_mail(f"smtp://{HOST}:{running.port}")
    yield running
    running.stop()
