"""Letters: written with the change, sent to a real server, kept until they are gone, and shown when they never will be."""

import logging
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from django.db import transaction

from creamery.accounts.actions import retry_letters
from creamery.kernel import clock, letters, mail, outbox
from creamery.kernel.actor import CONSOLE
from creamery.kernel.letters import Addressee
from creamery.kernel.models import Job, LetterRow
from creamery.settings import CONFIG
from tests.factories import list_events
from tests.real.inside import Inside
from tests.real.mail_server import MailServer, UseMail, make_certificate

ADA = Addressee(1, "ada", "ada@idx.example")
GRACE = Addressee(2, "grace", "grace@idx.example")
FACTS = {
    "project": "Curd",
    "normalized_name": "curd",
    "role": "owner",
    "actor": "grace",
    "version": "1.0",
    "reason": "",
}


@pytest.fixture
def server(mail_server: MailServer) -> MailServer:
    """Give the mail server that letters are sent to."""
    return mail_server


def post(*to: Addressee, **facts: str) -> None:
    """Write letters as an action does."""
    with transaction.atomic():
        letters.post("release_yanked", {**FACTS, **facts}, to=to or [ADA])


def work(later: timedelta = timedelta(0)) -> None:
    """Let the worker do what is due, now or later."""
    with clock.moved(later):
        outbox.run_due()


def list_states() -> list[str]:
    """List the states of all letters."""
    return list(LetterRow.objects.order_by("pk").values_list("state", flat=True))


def test_a_letter_comes_to_its_reader_with_all_headers(server: MailServer) -> None:
    post(reason="Wrong milk: 5 °C")
    work()
    (letter,) = server.letters
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "ada@idx.example",
        "index@idx.example",
        "Curd 1.0 was yanked",
    )
    assert letter["Message-ID"] == f"<letter-{LetterRow.objects.get().pk:08d}@idx.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"]
    text = letter.get_content()
    assert "Hello ada," in text
    assert "Reason: Wrong milk: 5 °C" in text
    assert list_states() == ["sent"]


def test_each_reader_gets_a_letter_of_their_own(server: MailServer) -> None:
    """Nobody learns the address of anybody else."""
    post(GRACE, ADA, ADA)
    work()
    assert sorted(letter["To"] for letter in server.letters) == ["ada@idx.example", "grace@idx.example"]
    assert all(letter["Cc"] is letter["Bcc"] is None for letter in server.letters)


def test_a_letter_stands_or_falls_with_its_change(server: MailServer) -> None:
    with transaction.atomic():
        letters.post("release_yanked", FACTS, to=[ADA])
        transaction.set_rollback(True)
    work()
    assert (server.letters, LetterRow.objects.count(), Job.objects.count()) == ([], 0, 0)


def test_a_letter_that_was_sent_is_not_sent_by_a_second_run(server: MailServer) -> None:
    post()
    work()
    outbox.owe_each(letters.send, [LetterRow.objects.get().pk])
    work()
    assert len(server.letters) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"project": "Curd\nBcc: all@idx.example"},
        {"project": "Curd\r\nBcc: all@idx.example\r\n\r\nAnother text"},
        {"version": "1.0\x0bBcc: all@idx.example"},
        {"version": "1.0\u2028Bcc: all@idx.example"},
    ],
    ids=["line feed", "a whole letter", "vertical tab", "line separator"],
)
def test_what_people_wrote_cannot_become_a_header(facts: dict[str, str], server: MailServer) -> None:
    post(**facts)
    work()
    (letter,) = server.letters
    assert letter["Bcc"] is None
    assert "Bcc: all@idx.example" in letter["Subject"]
    assert letter["To"] == "ada@idx.example"


@pytest.mark.parametrize(
    "address", ["ada@idx.example\nBcc: all@idx.example", "ada@idx.example, all@idx.example", "ada", "ada@", ""]
)
def test_an_address_that_is_none_ends_as_failed(address: str, server: MailServer) -> None:
    post(ADA._replace(address=address), GRACE)
    work()
    assert [letter["To"] for letter in server.letters] == ["grace@idx.example"]
    assert sorted(list_states()) == ["failed", "sent"]


def test_a_server_that_is_away_gets_its_letters_when_it_is_back(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    post(ADA)
    post(GRACE)
    work()
    assert list_states() == ["waiting", "waiting"]
    said = [record for record in caplog.records if record.name.startswith("creamery")]
    assert [(record.levelname, record.exc_info) for record in said] == [("WARNING", None)] * 2
    server.start()
    work(timedelta(minutes=2))
    assert server.letters == [], "a server that did not answer is left alone for a minute"
    mail.the_carrier.cache_clear()
    work(timedelta(minutes=20))
    assert len(server.letters) == 2
    assert list_states() == ["sent", "sent"]


def test_a_server_that_is_away_for_days_is_given_up_and_retried_by_hand(server: MailServer) -> None:
    server.stop()
    post()
    work(timedelta(days=4))
    letter = LetterRow.objects.get()
    assert (letter.state, bool(letter.error)) == ("failed", True)
    work(timedelta(days=4))
    server.start()
    mail.the_carrier.cache_clear()
    assert retry_letters(actor=CONSOLE) == [letter.pk]
    work()
    assert (len(server.letters), list_states()) == (1, ["sent"])
    assert list_events("accounts.LettersPosted") == ["accounts.LettersPosted"]


def test_a_letter_that_keeps_meeting_the_closed_minute_is_given_up_as_well(server: MailServer) -> None:
    server.stop()
    post(ADA)
    post(GRACE)
    work(timedelta(days=4))
    assert list_states() == ["failed", "failed"]


def test_a_refused_recipient_ends_as_failed_and_is_seen(server: MailServer, inside: Inside) -> None:
    server.refused["ada@idx.example"] = "550 No such user here"
    post(ADA, GRACE)
    work()
    (failed,) = letters.list_letters("failed")
    assert (failed.username, "No such user here" in failed.error) == ("ada", True)
    assert len(server.letters) == 1
    figures = inside.get("/metrics").text
    assert 'creamery_letters{state="failed"} 1.0' in figures
    assert 'creamery_letters{state="sent"} 1.0' in figures


def test_a_recipient_who_is_refused_for_the_moment_is_tried_again(server: MailServer) -> None:
    server.refused["ada@idx.example"] = "451 Come again"
    post()
    work()
    assert list_states() == ["waiting"]
    server.refused.clear()
    work(timedelta(minutes=20))
    assert list_states() == ["sent"]


def test_only_the_letters_that_are_named_are_retried(inside: Inside, server: MailServer) -> None:
    server.refused |= {"ada@idx.example": "550 No", "grace@idx.example": "550 No"}
    post(ADA, GRACE)
    work()
    first, second = LetterRow.objects.order_by("pk").values_list("pk", flat=True)
    server.refused.clear()
    assert retry_letters([second, 999_999], actor=CONSOLE) == [second]
    assert retry_letters([second], actor=CONSOLE) == []
    work()
    assert dict(LetterRow.objects.values_list("pk", "state")) == {first: "failed", second: "sent"}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for mail servers here, that nobody trusts yet."""
    return make_certificate(tmp_path)


@pytest.mark.parametrize("way", ["starttls", "smtps"])
def test_letters_go_over_an_encrypted_connection_to_a_server_that_is_known(
    way: str, inside: Inside, use_mail: UseMail, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MailServer(certificate, is_tls=way == "smtps", needs_login=way == "starttls")
    server.start()
    login = "ada:a%20pass%2Fword%401"
    where = f"localhost:{server.port}"
    use_mail(f"smtps://{where}" if way == "smtps" else f"smtp://{login}@{where}?starttls=1")
    try:
        post()
        work()
        assert (server.letters, list_states()) == ([], ["waiting"]), "nobody vouches for the certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        mail.the_carrier.cache_clear()
        work(timedelta(minutes=20))
        assert (len(server.letters), list_states()) == (1, ["sent"])
    finally:
        server.stop()


def test_a_wrong_password_is_told_without_the_password(
    inside: Inside,
    use_mail: UseMail,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = MailServer(certificate, needs_login=True)
    server.start()
    url = f"smtp://ada:open-sesame@localhost:{server.port}?starttls=1"
    use_mail(url)
    try:
        with caplog.at_level(logging.DEBUG, "creamery"):
            post()
            work()
    finally:
        server.stop()
    told = Job.objects.get().last_error
    assert (list_states(), "535" in told) == (["waiting"], True), told
    assert "open-sesame" not in caplog.text + told + repr(replace(CONFIG, mail_url=url))


def test_without_a_server_letters_are_files_that_mail_programs_open(
    inside: Inside, use_mail: UseMail, tmp_path: Path
) -> None:
    use_mail(f"file://{tmp_path}/let%20ters")
    post(reason="Größe")
    work()
    (path,) = (tmp_path / "let ters").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert (letter["To"], path.suffix, path.parent.stat().st_mode & 0o777) == ("ada@idx.example", ".eml", 0o700)
    assert "Reason: Größe" in letter.get_content()


def test_letters_are_forgotten_after_a_month_but_not_those_that_wait(server: MailServer) -> None:
    post(ADA)
    work()
    server.stop()
    mail.the_carrier.cache_clear()
    with clock.moved(timedelta(days=29)):
        post(GRACE)
    with clock.moved(timedelta(days=31)), outbox.claimed(outbox.JobKey("kernel.letters.forget_old", "")) as claim:
        letters.forget_old(claim=claim)
    assert list(LetterRow.objects.values_list("username", "state")) == [("grace", "waiting")]
