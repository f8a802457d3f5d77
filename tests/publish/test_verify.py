"""`creamery verify` finds every byte that is not as the record says, and mends it, or takes it out of reach."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from creamery.cli import commands
from creamery.kernel.stores import the_store
from creamery.publish.rebuild import rebuild_all
from creamery.publish.verify import Finding, Verification
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from tests.factories import create_person, finish_work, list_keys, publish
from tests.real.changes import set_status
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Inside

NAMES = ["gouda", "edam"]


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish two projects with a wheel and an sdist each, and have all that follows written."""
    person = create_person()
    for name in NAMES:
        for kind in ("wheel", "sdist"):
            publish(Distribution(name=name, readme=f"# {name}\n\nSome *words*.\n"), kind, actor=person)
    finish_work()
    assert inside.get("/pypi/gouda/1.0/json").status == 200
    return inside


def verify(*, repair: bool = False) -> list[Finding]:
    return [finding for step in Verification(repair=repair).run() for finding in step.findings]


def path_of(key: str) -> Path:
    path = the_store().local_path(BlobKey(key))
    assert path is not None
    return path


def flip(key: str, place: int | None = None) -> None:
    """Change one bit on the disk, below the store: names of the same file change with it."""
    with path_of(key).open("r+b") as file:
        content = bytearray(file.read())
        content[len(content) // 2 if place is None else place] ^= 0x10
        file.seek(0)
        file.write(content)


def part(key: str) -> None:
    """Make a name a file of its own, as on file systems without links and in buckets."""
    path = path_of(key)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


def find_key(ending: str, prefix: str = "public/packages/") -> str:
    (found,) = [key for key in list_keys() if key.startswith(prefix) and key.endswith(ending)]
    return found


def blob_of(key: str) -> str:
    return "blobs/" + "/".join(key.split("/")[2:5])


def list_documents() -> Iterator[str]:
    yield from (key for key in list_keys() if key.startswith("rendered/"))
    yield from (key for key in list_keys() if key.startswith("public/") and not key.startswith("public/packages/"))


def test_what_was_published_is_as_recorded(shelf: Inside) -> None:
    assert verify() == verify(repair=True) == []


def test_a_flip_in_any_document_is_found_and_mended(shelf: Inside) -> None:
    """Every document, plain and compressed: Simple API, JSON API, feeds, site map, figures, READMEs"""
    documents = list(list_documents())
    assert len(documents) > 40
    for key in documents:
        before = path_of(key).read_bytes()
        flip(key)
        plain = key.removesuffix(".gz").removesuffix(".zst")
        found = verify()
        assert {finding.key for finding in found} & {key, plain}, key
        assert {finding.outcome for finding in found} == {"found"}
        assert path_of(key).read_bytes() != before, "Without --repair nothing is written."
        assert {finding.outcome for finding in verify(repair=True)} == {"mended"}
        if "/releases/" in key:
            assert shelf.get("/pypi/gouda/1.0/json").status == 200, "It is made anew when it is asked for."
        assert path_of(key).read_bytes() == before, key
        assert verify() == []


def test_a_document_that_is_gone_comes_back(shelf: Inside) -> None:
    gone = [key for key in list_documents() if key.startswith(("public/simple/", "public/rss/"))]
    for key in gone:
        the_store().delete(BlobKey(key))
    assert {finding.key for finding in verify()} == set(gone)
    verify(repair=True)
    assert (verify(), set(gone) - set(list_keys())) == ([], set())


ENDINGS = [".whl", ".whl.metadata", ".tar.gz", ".tar.gz.metadata"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_served_copy_is_mended_from_the_blob(shelf: Inside, ending: str, damage: str) -> None:
    key = find_key(f"gouda-1.0{'-py3-none-any' if 'whl' in ending else ''}{ending}")
    before = path_of(key).read_bytes()
    part(key)
    harm(key, damage)
    (found,) = verify()
    assert (found.key, found.outcome) == (key, "found")
    assert [finding.outcome for finding in verify(repair=True)] == ["mended"]
    assert path_of(key).read_bytes() == before
    assert verify() == []


@pytest.mark.parametrize("ending", [".whl", ".tar.gz"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_blob_is_mended_from_a_served_copy(shelf: Inside, ending: str, damage: str) -> None:
    key = find_key(f"gouda-1.0{'-py3-none-any' if ending == '.whl' else ''}{ending}")
    part(key)
    blob, before = blob_of(key), path_of(key).read_bytes()
    harm(blob, damage)
    (found,) = verify()
    assert (found.key, found.outcome) == (blob, "found")
    assert [finding.outcome for finding in verify(repair=True)] == ["mended"]
    assert path_of(blob).read_bytes() == before
    assert verify() == []


@pytest.mark.parametrize("ending", [".whl", ".tar.gz"])
def test_metadata_is_taken_out_of_its_file_again(shelf: Inside, ending: str) -> None:
    """Blob and served name are one file on this disk, so both are damaged at once."""
    key = find_key(f"edam-1.0{'-py3-none-any' if ending == '.whl' else ''}{ending}.metadata")
    before = path_of(key).read_bytes()
    flip(key)
    assert {finding.outcome for finding in verify(repair=True)} == {"mended"}
    assert path_of(key).read_bytes() == before
    assert verify() == []


def test_what_cannot_be_mended_is_not_served_any_more_and_named_each_time(shelf: Inside) -> None:
    key = find_key("gouda-1.0-py3-none-any.whl")
    blob, damaged = blob_of(key), keys.damaged(keys.digest_of_blob(BlobKey(blob_of(key))))
    flip(key)
    assert [(f.key, f.outcome) for f in verify()] == [(blob, "found"), (key, "found")]
    assert [(f.key, f.outcome) for f in verify(repair=True)] == [(blob, "not mended"), (key, "taken away")]
    address = key.removeprefix("public")
    assert shelf.get(address).status == 404
    assert shelf.get(f"{address}.metadata").status == 200
    assert shelf.get(find_key("edam-1.0-py3-none-any.whl").removeprefix("public")).status == 200
    page = shelf.get("/simple/gouda/", accept=SIMPLE_JSON).json()
    assert "gouda-1.0-py3-none-any.whl" in [file["filename"] for file in page["files"]]
    assert path_of(damaged).exists()
    assert {f.key for f in verify(repair=True)} == {blob, key}, "It is said until somebody brings the file."


def test_damaged_bytes_stay_away_when_everything_is_rendered_anew(
    shelf: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    key = find_key("gouda-1.0-py3-none-any.whl")
    flip(key)
    verify(repair=True)
    assert len(list(rebuild_all())) == len(NAMES)
    assert "is lost" in caplog.text
    assert shelf.get(key.removeprefix("public")).status == 404
    assert shelf.get("/simple/gouda/").status == 200


def test_a_file_that_the_operator_brings_back_is_served_again(shelf: Inside) -> None:
    key = find_key("gouda-1.0-py3-none-any.whl")
    whole = path_of(key).read_bytes()
    flip(key)
    verify(repair=True)
    the_store().put_bytes(BlobKey(blob_of(key)), whole)
    assert {finding.outcome for finding in verify(repair=True)} == {"mended"}
    assert shelf.get(key.removeprefix("public")).body == whole
    assert verify() == []


def test_content_that_nothing_refers_to_is_set_aside_when_it_is_damaged(shelf: Inside) -> None:
    stray = keys.blob(keys.digest_of_blob(BlobKey("blobs/" + "ab/" * 2 + "ab" * 30)))
    the_store().put_bytes(stray, b"not of that digest")
    assert [(f.key, f.outcome) for f in verify(repair=True)] == [(stray, "taken away")]
    assert verify() == []


def test_what_nobody_recorded_is_taken_away(shelf: Inside) -> None:
    whl = find_key("gouda-1.0-py3-none-any.whl")
    strays = {
        whl.replace("gouda-1.0", "gouda-6.6"),
        "public/simple/never-was/index.json",
        "public/pypi/never-was/project.json",
        "public/rss/project/never-was/releases.xml",
    }
    for key in strays:
        the_store().put_bytes(BlobKey(key), b"planted")
    assert {finding.key for finding in verify()} == strays
    assert {finding.outcome for finding in verify(repair=True)} == {"taken away"}
    assert verify() == []


def test_what_may_not_be_served_is_taken_away(shelf: Inside) -> None:
    """PS-05"""
    key = find_key("gouda-1.0-py3-none-any.whl")
    set_status("gouda", "quarantined", "malware")
    the_store().copy(BlobKey(blob_of(key)), BlobKey(key))
    assert [(f.key, f.outcome) for f in verify()] == [(key, "found")]
    assert [f.outcome for f in verify(repair=True)] == ["taken away"]
    assert (verify(), key in list_keys()) == ([], False)


def test_the_command_says_what_is_wrong_and_exits_with_1_until_it_is_right(shelf: Inside) -> None:
    def run(*words: str) -> tuple[int, list[dict[str, str]]]:
        done = CliRunner().invoke(commands, ["verify", "--json", *words])
        return done.exit_code, json.loads(done.stdout)

    assert run() == (0, [])
    key = "public/simple/gouda/index.html.gz"
    flip(key)
    assert run() == (1, [{"key": key, "what": "differs from the record", "outcome": "found"}])
    assert run("--repair") == (0, [{"key": key, "what": "differs from the record", "outcome": "mended"}])
    assert run() == (0, [])
    flip(find_key("gouda-1.0-py3-none-any.whl"))
    assert [run(*words)[0] for words in ([], ["--repair"], [])] == [1, 1, 1]
    assert "Everything stored is what the record says." not in CliRunner().invoke(commands, ["verify"]).stderr


def harm(key: str, damage: str) -> None:
    path = path_of(key)
    if damage == "flip":
        flip(key)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
