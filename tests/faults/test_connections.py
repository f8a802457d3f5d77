"""What clients and networks do to an upload, over real sockets. REL-20, REL-22; UP-07, UP-27."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.factories import Upload, make_upload
from tests.faults.wire import Heard, Wire, get, send_upload, upload_request
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.inside import basic, encode
from tests.real.running_index import RunningIndex

LIMIT_BYTES = 4_000_000
WAIT_SECONDS = 3
SOON_SECONDS = 5.0


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, fresh_database_url: str | None) -> Iterator[RunningIndex]:
    """Run an index that takes small files and waits for nobody for long."""
    running = RunningIndex(tmp_path_factory.mktemp("index"), database_url=fresh_database_url)
    running.start(CREAMERY_MAX_FILE_BYTES=str(LIMIT_BYTES), CREAMERY_UPLOAD_WAIT_SECONDS=str(WAIT_SECONDS))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(index: RunningIndex) -> str:
    """Give the token of somebody who publishes there."""
    return index.create_publisher("ada")


def make(name: str, size_bytes: int = 0) -> Upload:
    """Make an upload of about that size."""
    return make_upload(Distribution(name=name, size_bytes=size_bytes))


def wait_for(is_so: Callable[[], bool], seconds: float = SOON_SECONDS) -> bool:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def assert_nothing_remains(index: RunningIndex, name: str) -> None:
    """Nothing is stored, listed or waited for."""
    assert wait_for(lambda: not list((index.data / "incoming").iterdir())), "a temporary file stays"
    assert get(index.port, f"/simple/{name}/").status == 404
    assert [path.name for path in (index.data / "blobs").rglob("*") if path.is_file() and name in path.name] == []


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(index: RunningIndex, token: str) -> None:
    what = make("gone-away", 2_000_000)
    head, body = upload_request(token, what)
    with Wire(index.port) as wire:
        wire.send(head + body[:1_500_000])
        assert wait_for(lambda: bool(list((index.data / "incoming").iterdir()))), "it did not begin"
    assert_nothing_remains(index, "gone-away")
    assert send_upload(index.port, token, what).status == 200


def test_a_body_shorter_than_it_says_is_not_published(index: RunningIndex, token: str) -> None:
    what = make("shorter", 100_000)
    head, body = upload_request(token, what)
    with Wire(index.port) as wire:
        wire.send(head + body[:-10])
        wire.end_sending()
        assert wire.is_closed()
    assert_nothing_remains(index, "shorter")


def test_a_form_that_ends_too_early_is_refused(index: RunningIndex, token: str) -> None:
    what = make("truncated", 100_000)
    _head, body = upload_request(token, what)
    cut = body[:-5000]
    # The boundary differs from call to call, so the one of this body is taken from its first line.
    boundary = body.split(b"\r\n", 1)[0][2:].decode()
    head, _body = upload_request(
        token, what, content_length=str(len(cut)), content_type=f"multipart/form-data; boundary={boundary}"
    )
    with Wire(index.port) as wire:
        wire.send(head + cut)
        answer = wire.hear()
    assert answer.status == 400, answer
    assert_nothing_remains(index, "truncated")


def test_a_chunked_body_is_published(index: RunningIndex, token: str) -> None:
    what = make("chunked", 300_000)
    head, body = upload_request(token, what, content_length="", transfer_encoding="chunked")
    with Wire(index.port) as wire:
        wire.send(head)
        for start in range(0, len(body), 70_000):
            piece = body[start : start + 70_000]
            wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        wire.send(b"0\r\n\r\n")
        answer = wire.hear()
    assert answer.status == 200, answer
    assert index.list_files("chunked") == [what.filename]


def test_whoever_asks_first_is_told_to_continue(index: RunningIndex, token: str) -> None:
    what = make("expecting", 300_000)
    head, body = upload_request(token, what, expect="100-continue")
    with Wire(index.port) as wire:
        wire.send(head)
        assert wire.hear().status == 100
        wire.send(body)
        answer = wire.hear()
    assert answer.status == 200, answer


@pytest.mark.parametrize("case", ["wrong token", "too large"])
def test_whoever_asks_first_is_refused_before_the_body(index: RunningIndex, token: str, case: str) -> None:
    head, _body = upload_request(
        "nonsense" if case == "wrong token" else token,
        make("refused-first"),
        expect="100-continue",
        content_length="100" if case == "wrong token" else "6000000000",
    )
    with Wire(index.port) as wire:
        wire.send(head)
        answer = wire.hear()
    assert answer.status == (401 if case == "wrong token" else 413), answer


def test_a_body_that_says_that_it_is_too_large_is_refused_at_once(index: RunningIndex, token: str) -> None:
    head, body = upload_request(token, make("too-large", 100_000), content_length=str(10**10))
    with Wire(index.port) as wire:
        wire.send(head + body)
        begun = time.monotonic()
        answer = wire.hear()
    assert (answer.status, time.monotonic() - begun < 2) == (413, True), answer
    assert str(LIMIT_BYTES) in answer.reason
    assert_nothing_remains(index, "too-large")


def test_a_body_of_no_known_size_is_refused_when_it_passes_the_limit(index: RunningIndex, token: str) -> None:
    head, body = upload_request(token, make("endless", 6_000_000), content_length="", transfer_encoding="chunked")
    with Wire(index.port) as wire:
        wire.send(head + b"%x\r\n%s\r\n" % (len(body) - 100, body[:-100]))
        answer = wire.hear()
        # The body has not come to its end, and never will.
    assert answer.status == 413, answer
    assert_nothing_remains(index, "endless")


def test_a_client_that_sends_everything_first_reads_the_refusal(index: RunningIndex, token: str) -> None:
    """requests, and twine on it, read no answer before the whole body is sent."""
    what = make("whole-first", 30_000_000)
    content_type, body = encode(what.fields, [what.part()])
    answer = requests.post(
        f"http://127.0.0.1:{index.port}/legacy/",
        data=body,
        headers={"content-type": content_type, "authorization": basic("__token__", token)},
        timeout=30,
    )
    assert answer.status_code == 413
    assert str(LIMIT_BYTES) in answer.reason
    assert_nothing_remains(index, "whole-first")


@pytest.mark.clients
def test_twine_shows_the_limit(index: RunningIndex, token: str, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, Distribution(name="by-twine", size_bytes=30_000_000))
    done = Clients(index.url, tmp_path / "clients").twine_upload(token, wheel)
    assert done.exit_code != 0
    assert "413" in done.output, done
    assert str(LIMIT_BYTES) in done.output, done


def test_uploads_that_stand_still_hold_up_nobody(index: RunningIndex, token: str) -> None:
    """REL-20"""
    what = make("standing-still", 1_000_000)
    head, body = upload_request(token, what)
    with ExitStack() as stack:
        idle = [stack.enter_context(Wire(index.port)) for _ in range(50)]
        for number, wire in enumerate(idle):
            # Some stop in the head, some before the body, some in the middle of the file.
            wire.send((head[:60], head, head + body[:700_000])[number % 3])
        begun = time.monotonic()
        assert send_upload(index.port, token, make("goes-through")).status == 200
        assert get(index.port, "/").status == 200
        assert get(index.port, "/health/ready").status == 200
        assert index.list_files("goes-through")
        assert time.monotonic() - begun < SOON_SECONDS
        for number, wire in enumerate(idle):
            if number % 3:
                answer = wire.hear()
                assert answer.status == 408, answer
                assert wire.is_closed()
    assert_nothing_remains(index, "standing-still")


def test_an_upload_that_trickles_is_given_up(index: RunningIndex, token: str) -> None:
    """REL-20"""
    what = make("trickling", 1_000_000)
    head, body = upload_request(token, what)
    with Wire(index.port) as wire:
        wire.send(head)
        answer: Heard | None = None
        for start in range(0, 100 * WAIT_SECONDS * 30, 100):
            wire.send(body[start : start + 100])
            if not wire.is_silent(0.1):
                answer = wire.hear()
                break
    assert answer is not None, "it may go on for ever"
    assert answer.status == 408, answer
    assert_nothing_remains(index, "trickling")


def test_an_upload_that_is_slow_but_steady_is_published(index: RunningIndex, token: str) -> None:
    what = make("steady", 200_000)
    head, body = upload_request(token, what)
    with Wire(index.port) as wire:
        wire.send(head)
        wire.send_slowly(body, pieces=20, seconds=WAIT_SECONDS * 1.5)
        answer = wire.hear()
    assert answer.status == 200, answer


def test_a_second_upload_on_the_same_connection_is_published(index: RunningIndex, token: str) -> None:
    first, second = make("same-connection-a"), make("same-connection-b")
    with Wire(index.port) as wire:
        for what in (first, second):
            head, body = upload_request(token, what)
            wire.send(head + body)
            assert wire.hear().status == 200
