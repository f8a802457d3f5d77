"""Which address means what."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creamery.serve.routes import Moved, Nowhere, ServedFile, SimplePage, match
from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName
from creamery.storage import keys

DIGEST = Sha256("0123456789abcdef" * 4)
FOLDER = f"/packages/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST[4:]}"


def test_pages_and_files_lead_to_the_keys_they_were_stored_under() -> None:
    root, project = match(b"/simple/"), match(b"/simple/flask/")
    assert isinstance(root, SimplePage)
    assert root.key("json") == keys.simple_root(keys.DEFAULT_INDEX, "json")
    assert project == SimplePage(keys.DEFAULT_INDEX, NormalizedName("flask"))
    file = match(f"{FOLDER}/flask-1.0.tar.gz".encode())
    assert isinstance(file, ServedFile)
    assert file.key == keys.public_file(keys.DEFAULT_INDEX, DIGEST, "flask-1.0.tar.gz")
    metadata = match(f"{FOLDER}/flask-1.0.tar.gz.metadata".encode())
    assert isinstance(metadata, ServedFile)
    assert metadata.key == keys.public_metadata(keys.DEFAULT_INDEX, DIGEST, "flask-1.0.tar.gz")
    assert (file.is_metadata, metadata.is_metadata) == (False, True)


@pytest.mark.parametrize("upload", ["", "/legacy", "/pypi", "/simple"])
def test_hatch_finds_a_page_below_the_address_that_it_uploads_to(upload: str) -> None:
    """SH-07, SN-06"""
    assert match(f"{upload}/+simple/flask/".encode()) == SimplePage(keys.DEFAULT_INDEX, NormalizedName("flask"))
    assert match(f"{upload}/+simple/Fl.ask".encode()) == Moved(f"{upload}/+simple/fl-ask/")


OTHERS = ["/", "", "*", "//simple/flask/", "/project/flask/", "/Simple/flask/", "/simpler/", "/i/org/index/simple/"]
OTHERS += ["/legacy/", "/%2fsimple/flask/", "/%00", "/../simple/", "/package/", "/static/simple/"]


@pytest.mark.parametrize("path", OTHERS)
def test_every_other_address_belongs_to_who_stands_behind(path: str) -> None:
    assert match(path.encode()) is None


@pytest.mark.parametrize(
    "path",
    [
        "/simple/../",
        "/simple/..%2f..%2fblobs/",
        "/simple/.root/",
        "/simple/.root/index.json",
        "/simple/flask/index.json",
        "/simple/flask/../django/",
        "/simple//",
        "/simple/flask//",
        "/simple/fl%2fask/",
        "/simple/fl%00ask/",
        "/simple/flask%00",
        "/simple/flask%0a/",
        "/simple/fl%ff/",
        "/simple/fl%c3%a9/",
        "/simple/-flask/",
        "/simple/flask-/",
        "/simple/fl ask/",
        "/simple/%/",
        "/simple/" + "a" * 201 + "/",
        "/simple/" + "a" * 100_000 + "/",
        "/simple/" + "A-" * 100_000 + "a",
        "/packages/ab/cd/../../../blobs/ab",
        f"{FOLDER}/..",
        f"{FOLDER}/.",
        f"{FOLDER}/.hidden",
        f"{FOLDER}/a%2fb",
        f"{FOLDER}/a%5cb",
        f"{FOLDER}/a%00b",
        f"{FOLDER}/{'a' * 256}",
        f"{FOLDER}/../x",
        f"/packages/0g/cd/{DIGEST[4:]}/x",
        f"/packages/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST[4:]}%0a/x",
    ],
)
def test_an_address_that_no_rule_lets_through_is_nowhere(path: str) -> None:
    assert isinstance(match(path.encode()), Nowhere)


@given(path=st.binary(max_size=60).map(lambda tail: b"/simple/" + tail) | st.binary(max_size=60))
@example(path=b"/simple/%")
@example(path=b"/packages/%")
def test_no_address_leads_out_of_what_is_public(path: bytes) -> None:
    route = match(path)
    if isinstance(route, SimplePage):
        assert keys.check_key(route.key("html")).startswith("public/simple/")
    elif isinstance(route, ServedFile):
        assert keys.check_key(route.key).startswith("public/packages/")
    elif isinstance(route, Moved):
        assert match(route.path.encode()).__class__ is SimplePage, "A redirect leads to a page, never to another one."


@given(tail=st.text(st.sampled_from("./%2fF0a\\-_~x"), max_size=30))
def test_no_filename_leads_out_of_its_folder(tail: str) -> None:
    route = match(f"{FOLDER}/{tail}".encode())
    if isinstance(route, ServedFile):
        folder, _, name = keys.check_key(route.key).rpartition("/")
        assert folder == f"public{FOLDER}"
        assert name == route.filename


@given(
    name=st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True),
    slash=st.sampled_from(["", "/"]),
)
def test_every_spelling_of_a_name_leads_to_its_page(name: str, slash: str) -> None:
    """SH-06, SH-07"""
    route = match(f"/simple/{name}{slash}".encode())
    if isinstance(route, Moved):
        route = match(route.path.encode())
    assert isinstance(route, SimplePage)
    assert route.name is not None
