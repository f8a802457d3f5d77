"""Pages of the Simple API, over random projects: what other libraries read is what was written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import html5lib
import pypi_simple
from hypothesis import given
from hypothesis import strategies as st

from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName, normalize_name
from creamery.spec.simple import (
    STATUSES,
    FileEntry,
    ProjectPage,
    RootEntry,
    find_serial,
    project_html,
    project_json,
    root_html,
    root_json,
)

# HTML replaces some control characters when it is read; metadata with them is refused before it comes here.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=30)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map(Sha256)
serials = st.integers(0, 2**62)
names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@st.composite
def files(draw: st.DrawFn) -> FileEntry:
    """Any file that could be listed."""
    filename = f"foo-{draw(st.integers(0, 999))}.0{draw(st.sampled_from(['.tar.gz', '+x.1-py3-none-any.whl']))}"
    return FileEntry(
        filename=filename,
        url=f"/packages/{quote(filename)}",
        sha256_hex=draw(digests),
        size_bytes=draw(st.integers(0, 2**40)),
        upload_time=draw(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        requires_python=draw(texts),
        core_metadata_sha256=draw(st.none() | digests),
        yanked=draw(st.booleans() | texts),
    )


@st.composite
def pages(draw: st.DrawFn) -> ProjectPage:
    """Any page."""
    return ProjectPage(
        name=NormalizedName("foo"),
        versions=("1.0",),
        files=tuple(draw(st.lists(files(), max_size=4))),
        serial=draw(serials),
        status=draw(st.sampled_from(sorted(STATUSES))),
        status_reason=draw(texts),
    )


@given(pages())
def test_both_forms_are_read_alike_by_a_client_library(page: ProjectPage) -> None:
    """SH-03, SH-05, SH-10, SJ-12, YK-01, YK-02, CM-03, PS-05"""
    base = "https://idx.example/simple/foo/"
    from_json = pypi_simple.ProjectPage.from_json_data(json.loads(project_json(page)), base_url=base)
    from_html = pypi_simple.ProjectPage.from_html("foo", project_html(page), base_url=base, from_encoding="utf-8")
    assert len(from_json.packages) == len(from_html.packages) == len(page.offered_files)
    for file, one, other in zip(page.offered_files, from_json.packages, from_html.packages, strict=True):
        for found in (one, other):
            assert found.filename == file.filename
            assert found.url == f"https://idx.example{file.url}"
            assert found.digests == {"sha256": file.sha256_hex}
            assert (found.requires_python or "") == file.requires_python
            assert found.is_yanked == bool(file.yanked)
            assert (found.yanked_reason or "") == (file.yanked if isinstance(file.yanked, str) else "")
            assert bool(found.has_metadata) == (file.core_metadata_sha256 is not None)
        assert (one.size, one.upload_time) == (file.size_bytes, file.upload_time)


@given(pages())
def test_html_has_no_errors_and_no_other_anchors(page: ProjectPage) -> None:
    """SH-01, SH-03, SH-12"""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    anchors = parser.parse(project_html(page)).findall(".//a")
    assert [anchor.text for anchor in anchors] == [file.filename for file in page.offered_files]


@given(pages())
def test_the_serial_is_always_found(page: ProjectPage) -> None:
    assert find_serial(project_json(page)) == find_serial(project_html(page)) == page.serial


@given(st.lists(names, max_size=8, unique_by=normalize_name), serials)
def test_the_root_names_each_project_once_in_both_forms(projects: list[str], serial: int) -> None:
    """SJ-01, SJ-03, SH-01, SH-02"""
    entries = [RootEntry(name, normalize_name(name), 1) for name in projects]
    expected = sorted(projects, key=normalize_name)
    found = json.loads(root_json(entries, serial))
    assert [project["name"] for project in found["projects"]] == expected
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    anchors = parser.parse(root_html(entries, serial)).findall(".//a")
    assert [(anchor.get("href"), anchor.text) for anchor in anchors] == [
        (f"{normalize_name(name)}/", name) for name in expected
    ]
    assert find_serial(root_json(entries, serial)) == find_serial(root_html(entries, serial)) == serial


@given(st.binary(max_size=200))
def test_no_document_makes_the_serial_finder_fail(document: bytes) -> None:
    assert find_serial(document) is None or isinstance(find_serial(document), int)


@given(file=files(), page=pages())
def test_a_file_is_written_alike_whatever_else_is_on_the_page(file: FileEntry, page: ProjectPage) -> None:
    """Pages on which nothing needs escaping are written in a quicker way; one name makes all of a page take the other."""
    hostile = file._replace(filename='foo-"&.tar.gz', url="/foo-%22%26.tar.gz", requires_python="\\")
    with_it = replace(page, files=(file, hostile), status="active")
    alone = replace(page, files=(file,), status="active")
    for write, end in (
        (project_json, b"]}"),
        (project_html, f"</body>\n</html>\n<!--SERIAL {page.serial}-->\n".encode()),
    ):
        assert write(with_it).startswith(write(alone).removesuffix(end))
