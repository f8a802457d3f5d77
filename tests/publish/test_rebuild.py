"""`rebuild --check` finds whatever differs from the record, and rebuild mends it."""

from collections.abc import Callable

import pytest

from creamery.catalog.models import File
from creamery.kernel.stores import the_store
from creamery.publish.rebuild import check_all, rebuild_all
from creamery.storage.keys import BlobKey
from tests.factories import create_person, list_keys, publish
from tests.publish.present import run_all_due
from tests.real.inside import Inside

WHEEL = "rebuild_sample-1.0-py3-none-any.whl"


def key_of(ending: str) -> BlobKey:
    """Find the one key that ends so."""
    (key,) = [BlobKey(key) for key in list_keys() if key.endswith(ending)]
    return key


def edit(ending: str) -> None:
    """Write something else under a key."""
    the_store().put_bytes(key_of(ending), b"edited")


def delete(ending: str) -> None:
    """Take a key away."""
    the_store().delete(key_of(ending))


def plant(key: str) -> None:
    """Put something where the record has nothing."""
    the_store().put_bytes(BlobKey(key), b"planted")


def close_file() -> None:
    """Let the record say that a file may not be served, without anything that follows from it."""
    File.objects.filter(filename=WHEEL).update(state="quarantined")


PLANTED: dict[str, Callable[[], None]] = {
    "edited-json": lambda: edit("simple/rebuild-sample/index.json"),
    "edited-html": lambda: edit("simple/rebuild-sample/index.html"),
    "edited-variant": lambda: edit("simple/rebuild-sample/index.json.zst"),
    "edited-root": lambda: edit(".root/index.json"),
    "deleted-json": lambda: delete("simple/rebuild-sample/index.json"),
    "deleted-variant": lambda: delete("simple/rebuild-sample/index.html.gz"),
    "deleted-root": lambda: delete(".root/index.html"),
    "deleted-file": lambda: delete(WHEEL),
    "deleted-metadata": lambda: delete(f"{WHEEL}.metadata"),
    "served-though-closed": close_file,
    "extra-file": lambda: plant(f"public/packages/aa/bb/{'c' * 60}/evil-1.0-py3-none-any.whl"),
    "extra-content-under-a-known-name": lambda: plant(f"public/packages/aa/bb/{'c' * 60}/{WHEEL}"),
    "extra-metadata": lambda: plant(f"public/packages/aa/bb/{'c' * 60}/evil-1.0-py3-none-any.whl.metadata"),
    "extra-page": lambda: plant("public/simple/evil/index.json"),
}


@pytest.fixture
def served(inside: Inside) -> Inside:
    person = create_person()
    publish("rebuild-sample", actor=person)
    publish("rebuild-sample", "sdist", actor=person)
    publish("rebuild-other", actor=person)
    run_all_due()
    return inside


def list_differences() -> list[str]:
    """List the keys that differ."""
    return sorted(difference.key for found in check_all() for difference in found)


def test_what_was_published_equals_the_record(served: Inside) -> None:
    assert list_differences() == []


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_difference_is_found_and_mended(case: str, served: Inside) -> None:
    PLANTED[case]()
    assert list_differences() != []
    assert len(list(rebuild_all())) == 2
    assert list_differences() == []


def test_a_closed_file_is_named_with_its_metadata(served: Inside) -> None:
    close_file()
    assert [key.rpartition("/")[2] for key in list_differences() if "packages" in key] == [WHEEL, f"{WHEEL}.metadata"]


def test_everything_served_can_be_made_again_from_the_record_alone(served: Inside) -> None:
    before = {key: the_store().read(BlobKey(key)) for key in list_keys() if key.startswith("public/simple/rebuild")}
    for key in list_keys():
        if key.startswith("public/"):
            the_store().delete(BlobKey(key))
    list(rebuild_all())
    assert {key: the_store().read(BlobKey(key)) for key in before} == before
    assert served.get("/simple/").text.count("<a ") == 2
    assert list_differences() == []
