"""API tokens: macaroons that any client can use, that their owner can narrow offline, and nobody can widen."""

import base64
import json
import re
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pypitoken
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pymacaroons import MACAROON_V1, MACAROON_V2, Macaroon

from creamery.accounts import actions
from creamery.accounts.models import Person, Token
from creamery.accounts.queries import NoSuchToken, list_tokens
from creamery.accounts.tokens import BadToken, new_identifier, read_token, write_token
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.refusals import Forbidden
from tests.factories import (
    create_person,
    create_publisher,
    create_token,
    list_events,
    make_upload,
    nothing_remains,
    publish,
)
from tests.real.inside import Answer, Inside, basic

BASIC = 'Basic realm="Creamery", charset="UTF-8"'


def upload_with(inside: Inside, token: str, project: str = "token-sample", version: str = "1.0") -> Answer:
    """Publish a version of a project with a token."""
    from tests.real.distributions import Distribution

    return make_upload(Distribution(name=project, version=version)).send(inside, token)


def narrow(token: str, **restrictions: Any) -> str:
    """Narrow a token offline, as its owner does with pypitoken."""
    narrowed = pypitoken.Token.load(token)
    narrowed.restrict(**restrictions)
    return str(narrowed.dump())


def add_caveat(token: str, caveat: str) -> str:
    """Add any caveat, as any macaroon library can."""
    prefix, _, body = token.partition("-")
    macaroon = Macaroon.deserialize(body)
    macaroon.add_first_party_caveat(caveat)
    return f"{prefix}-{macaroon.serialize()}"


def edit(token: str, change: Callable[[bytes], bytes]) -> str:
    """Change the bytes inside a token."""
    prefix, _, body = token.partition("-")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    return f"{prefix}-{base64.urlsafe_b64encode(change(raw)).rstrip(b'=').decode()}"


def moment(**delta: int) -> datetime:
    """Name a moment from now."""
    return clock.now() + timedelta(**delta)


class TestNarrowed:
    """Narrowing takes no server and no secret; what is narrowed works within and nowhere else."""

    def test_a_token_narrowed_to_a_project_works_for_it_under_any_spelling(self, inside: Inside) -> None:
        token = narrow(create_publisher(), project_names=["Token.Sample"])
        assert upload_with(inside, token).status == 200

    def test_a_token_narrowed_to_a_project_is_refused_for_another(self, inside: Inside) -> None:
        token = narrow(create_publisher(), project_names=["token-sample"])
        with nothing_remains():
            answer = upload_with(inside, token, "another")
        assert (answer.status, "another" in answer.text) == (403, True)

    def test_narrowing_twice_leaves_what_both_allow(self, inside: Inside) -> None:
        token = narrow(narrow(create_publisher(), project_names=["token-sample", "b"]), project_names=["b", "c"])
        assert [upload_with(inside, token, name).status for name in ("token-sample", "b", "c")] == [403, 200, 403]

    def test_narrowing_to_nothing_leaves_nothing(self, inside: Inside) -> None:
        token = narrow(create_publisher(), project_names=[])
        assert upload_with(inside, token).status == 403

    def test_narrowing_cannot_widen_what_was_made_for_one_project(self, inside: Inside) -> None:
        token = narrow(create_token(create_person(), "token-sample").text, project_names=["token-sample", "another"])
        assert [upload_with(inside, token, name).status for name in ("token-sample", "another")] == [200, 403]

    def test_a_token_narrowed_in_time_works_until_then(self, inside: Inside) -> None:
        token = narrow(create_publisher(), not_before=moment(minutes=-1), not_after=moment(minutes=5))
        assert upload_with(inside, token).status == 200
        with clock.moved(timedelta(minutes=6)):
            assert upload_with(inside, token, version="2.0").status == 401

    def test_a_narrowed_token_is_revoked_with_the_one_it_was_made_from(self, inside: Inside) -> None:
        made = create_token(create_person())
        actions.revoke_token(made.id, actor=CONSOLE)
        assert upload_with(inside, narrow(made.text, project_names=["token-sample"])).status == 401


def without_last_caveat(token: str) -> str:
    """Take the last caveat out; without the keys nobody can make the signature that belongs to the rest."""
    macaroon = Macaroon.deserialize(token.partition("-")[2])
    macaroon.caveats = macaroon.caveats[:-1]
    return f"creamery-{macaroon.serialize()}"


def identifier_of(token: str) -> str:
    """Read a token's identifier."""
    identifier = Macaroon.deserialize(token.partition("-")[2]).identifier
    return identifier if isinstance(identifier, str) else identifier.decode()


def foreign(version: int) -> str:
    """Make a token with a key of one's own."""
    macaroon = Macaroon(location="x", identifier=new_identifier(), key="a key of my own", version=version)
    return f"creamery-{macaroon.serialize()}"


def third_party(token: str) -> str:
    """Add a caveat that somebody else would have to discharge."""
    macaroon = Macaroon.deserialize(token.partition("-")[2])
    macaroon.add_third_party_caveat("https://other.example", "k" * 32, "is it so?")
    return f"creamery-{macaroon.serialize()}"


BAD: dict[str, Callable[[str], str]] = {
    "empty": lambda token: "",
    "word": lambda token: "nonsense",
    "only-the-prefix": lambda token: "creamery-",
    "another-prefix": lambda token: "pypi-" + token.partition("-")[2],
    "prefix-in-capitals": lambda token: token.replace("creamery", "CREAMERY"),
    "no-base64": lambda token: "creamery-!!!!",
    "cut-off": lambda token: token[:-10],
    "longer-by-one": lambda token: token + "x",
    "longer": lambda token: token + "AAAA",
    "something-inside": lambda token: token[:40] + "!" + token[40:],
    "huge": lambda token: "creamery-" + "A" * 100_000,
    "non-ascii": lambda token: "creamery-ü\u2028",
    "nul": lambda token: token + "\0",
    "json-macaroon": lambda token: "creamery-" + base64.urlsafe_b64encode(b'{"v":2}').decode(),
    "signature-changed": lambda token: edit(token, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
    "identifier-changed": lambda token: edit(token, lambda raw: raw.replace(b"1.a.", b"1.b.", 1)),
    "person-changed": lambda token: edit(
        token, lambda raw: re.sub(rb'(?<=\[3,")\d', lambda d: b"%d" % (9 - int(d[0])), raw)
    ),
    "expiry-changed": lambda token: edit(token, lambda raw: raw.replace(b"[0,1", b"[0,9", 1)),
    "caveat-removed": without_last_caveat,
    "of-another-server": lambda token: foreign(MACAROON_V2),
    "of-another-server-v1": lambda token: foreign(MACAROON_V1),
    "never-recorded": lambda token: write_token(
        new_identifier(), location="x", person_id=1, projects=None, expires_at=None
    ),
    "of-another-person": lambda token: write_token(
        identifier_of(token), location="x", person_id=10**9, projects=None, expires_at=None
    ),
    "expired": lambda token: narrow(token, not_after=moment(minutes=-1), not_before=moment(hours=-1)),
    "not-yet-valid": lambda token: narrow(token, not_after=moment(hours=2), not_before=moment(hours=1)),
    "other-person-caveat": lambda token: narrow(token, user_id="999999"),
    "project-ids": lambda token: narrow(token, project_ids=["1"]),
    "unknown-caveat": lambda token: add_caveat(token, '[99,"new"]'),
    "caveat-that-is-no-json": lambda token: add_caveat(token, "version = 1"),
    "caveat-that-is-no-list": lambda token: add_caveat(token, '{"permissions":"user"}'),
    "caveat-that-is-empty": lambda token: add_caveat(token, "[]"),
    "caveat-with-a-list-as-kind": lambda token: add_caveat(token, "[[1]]"),
    "names-that-are-no-list": lambda token: add_caveat(token, '[1,"token-sample"]'),
    "dates-that-are-infinite": lambda token: add_caveat(token, "[0,Infinity,-Infinity]"),
    "dates-that-are-no-numbers": lambda token: add_caveat(token, '[0,"x",null]'),
    "dates-of-one": lambda token: add_caveat(token, "[0,1]"),
    "dates-with-thousands-of-digits": lambda token: add_caveat(token, f"[0,{'9' * 5000},0]"),
    "caveat-nested-too-deep": lambda token: add_caveat(token, "[" * 4000),
    "third-party-caveat": third_party,
}


class TestBad:
    """One answer for all causes, so that it teaches nothing to a guesser."""

    @pytest.mark.parametrize("case", BAD)
    def test_a_bad_token_gets_401_like_every_other(self, case: str, inside: Inside) -> None:
        good = create_publisher()
        bad = BAD[case](good)
        upload = make_upload("token-sample")
        with nothing_remains():
            answer = upload.send(inside, bad)
            usual = upload.send(inside, "creamery-AgEabc")
        assert (answer.status, answer.body, answer.reason) == (401, usual.body, usual.reason)
        assert answer.header("www-authenticate") == BASIC
        assert upload.send(inside, good).status == 200

    def test_a_revoked_token_gets_401(self, inside: Inside) -> None:
        made = create_token(create_person())
        assert upload_with(inside, made.text).status == 200
        actions.revoke_token(made.id, actor=CONSOLE)
        with nothing_remains():
            assert upload_with(inside, made.text, version="2.0").status == 401

    def test_an_expired_token_gets_401_to_the_second(self, inside: Inside) -> None:
        made = create_token(create_person(), expires_in=timedelta(hours=1))
        with clock.moved(timedelta(minutes=59, seconds=58)):
            assert upload_with(inside, made.text).status == 200
        with clock.moved(timedelta(hours=1)):
            assert upload_with(inside, made.text, version="2.0").status == 401

    def test_the_expiry_holds_whatever_the_database_says(self, inside: Inside) -> None:
        made = create_token(create_person(), expires_in=timedelta(hours=1))
        Token.objects.update(expires_at=None)
        with clock.moved(timedelta(hours=2)):
            assert upload_with(inside, made.text).status == 401

    def test_the_database_can_shorten_what_the_token_says(self, inside: Inside) -> None:
        made = create_token(create_person(), expires_in=None)
        Token.objects.update(expires_at=moment(minutes=-1))
        assert upload_with(inside, made.text).status == 401

    @pytest.mark.parametrize("change", [{"is_active": False}, {"email_verified_at": None}])
    def test_a_person_who_may_not_act_has_tokens_that_do_not_work(self, change: dict[str, Any], inside: Inside) -> None:
        """AZ-6: one chain for each way of authenticating"""
        token = create_publisher()
        Person.objects.update(**change)
        with nothing_remains():
            assert upload_with(inside, token).status == 401

    @pytest.mark.parametrize(
        "authorization",
        [
            "Basic", "Basic !!!", "Basic Og==", "Digest username=x", "Negotiate abc", "Bearer", "token ", "ba sic x",
            basic("ada", "correct horse battery staple 7"), basic("__TOKEN__", "x"), basic("__token__", ""),
            "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), "Basic " + base64.b64encode(b"no colon").decode(),
        ],
    )  # fmt: skip
    def test_credentials_that_are_none_get_401(self, authorization: str, inside: Inside) -> None:
        create_person("ada", password="correct horse battery staple 7")
        with nothing_remains():
            answer = make_upload("token-sample").send(inside, None, authorization=authorization)
        assert (answer.status, answer.header("www-authenticate")) == (401, BASIC)

    def test_a_token_under_another_user_name_gets_401(self, inside: Inside) -> None:
        token = create_publisher("ada")
        answer = make_upload("token-sample").send(inside, None, authorization=basic("ada", token))
        assert answer.status == 401

    @pytest.mark.parametrize("place", ["/legacy/?token={}", "/legacy/?:action=file_upload&password={}"])
    def test_a_token_in_the_address_counts_for_nothing(self, place: str, inside: Inside) -> None:
        """INC-1"""
        token = create_publisher()
        assert make_upload("token-sample").send(inside, None, path=place.format(token)).status == 401


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x02")
@example(b"\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(struct.pack(">Q", 2**63))
def test_no_bytes_at_all_are_read_as_a_token_or_break_the_reader(raw: bytes) -> None:
    for text in (base64.urlsafe_b64encode(raw).decode(), raw.decode("latin-1")):
        with pytest.raises(BadToken):
            read_token(f"creamery-{text}")


class TestKept:
    """A stolen database holds no tokens."""

    def test_no_part_of_a_token_that_matters_is_in_the_database(self, inside: Inside) -> None:
        person = create_person()
        made = create_token(person, "token-sample")
        upload_with(inside, made.text)
        kept = dump_database()
        signature = Macaroon.deserialize(made.text.partition("-")[2]).signature
        assert identifier_of(made.text) in kept
        for secret in (made.text, made.text[9:], made.text[-30:], signature, bytes.fromhex(signature).hex().upper()):
            assert secret not in kept

    def test_a_token_shows_its_text_once_and_not_in_its_repr(self, inside: Inside) -> None:
        made = create_token(create_person("ada"))
        assert made.text not in repr(made)
        assert made.text not in repr(list_tokens("ada"))

    def test_a_scanner_can_tell_a_token_by_its_checksum(self, inside: Inside) -> None:
        """Narrowing keeps the identifier, and with it the checksum."""
        import zlib

        token = narrow(create_publisher(), project_names=["x"])
        found = re.search(rb"1\.a\.[0-9a-z]{32}\.[0-9a-f]{8}", base64.urlsafe_b64decode(token[9:] + "=="))
        assert found is not None
        start, _, checksum = found[0].rpartition(b".")
        assert f"{zlib.crc32(start):08x}".encode() == checksum

    def test_a_double_click_selects_the_whole_token(self, inside: Inside) -> None:
        assert re.fullmatch(r"creamery-[A-Za-z0-9_-]+", create_publisher())

    def test_the_use_of_a_token_is_noted_once_a_minute(self, inside: Inside) -> None:
        person = create_person("ada")
        token = create_token(person).text
        assert list_tokens("ada")[0].last_used_at is None
        upload_with(inside, token)
        first = list_tokens("ada")[0].last_used_at
        upload_with(inside, token)
        assert list_tokens("ada")[0].last_used_at == first
        with clock.moved(timedelta(minutes=2)):
            upload_with(inside, token)
        assert list_tokens("ada")[0].last_used_at != first


class TestMade:
    """What the action refuses, and what it records."""

    @pytest.mark.parametrize(
        ("wrong", "codes"),
        [
            ({"name": ""}, ["token-name"]),
            ({"name": "x" * 101}, ["token-name"]),
            ({"expires_at": "past"}, ["token-expiry"]),
            ({"projects": ["no good name!", "fine"]}, ["invalid-name"]),
            ({"name": " ", "projects": ["-", "+"], "expires_at": "past"},
             ["token-name", "token-expiry", "invalid-name", "invalid-name"]),
        ],
    )  # fmt: skip
    def test_a_bad_wish_is_refused_with_every_problem(
        self, wrong: dict[str, Any], codes: list[str], inside: Inside
    ) -> None:
        person = create_person()
        wish: dict[str, Any] = {"name": "x", "projects": None, "expires_at": None, **wrong}
        if wish["expires_at"] == "past":
            wish["expires_at"] = moment(seconds=-1)
        assert person.person_id is not None
        with nothing_remains(), pytest.raises(actions.InvalidToken) as refused:
            actions.create_token(person.person_id, actor=CONSOLE, **wish)
        assert [problem.code for problem in refused.value.problems] == codes

    def test_making_and_revoking_is_in_the_persons_history_once(self, inside: Inside) -> None:
        made = create_token(create_person())
        actions.revoke_token(made.id, actor=CONSOLE)
        actions.revoke_token(made.id, actor=CONSOLE)
        assert list_events() == ["accounts.PersonCreated", "accounts.TokenCreated", "accounts.TokenRevoked"]

    def test_somebody_elses_token_is_missing_rather_than_forbidden(self, inside: Inside) -> None:
        """AZ-9"""
        made, other = create_token(create_person()), create_person()
        with pytest.raises(NoSuchToken):
            actions.revoke_token(made.id, actor=other)
        assert list_tokens()[0].revoked_at is None

    def test_a_token_makes_no_tokens(self, inside: Inside) -> None:
        person = create_person()
        by_token = Actor(kind="token", proof="token", person_id=person.person_id)
        assert person.person_id is not None
        with pytest.raises(Forbidden):
            actions.create_token(person.person_id, name="x", projects=None, expires_at=None, actor=by_token)


def dump_database() -> str:
    """Write every row of every table as text."""
    from django.apps import apps

    rows = [list(model._default_manager.values()) for model in apps.get_models()]
    return json.dumps(rows, default=str)


def test_the_dump_would_show_a_planted_token(inside: Inside) -> None:
    made = create_token(create_person(), name="planted-canary")
    publish("dump-sample", actor=create_person())
    assert "planted-canary" in dump_database()
    assert made.text not in dump_database()
