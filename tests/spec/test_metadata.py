"""Reading core metadata."""

import json
import time

import pytest

from creamery.spec.metadata import CoreMetadata, parse_metadata
from creamery.spec.metadata_reader import MAX_HEADER_LINES, MAX_METADATA_BYTES, MAX_PROBLEMS
from creamery.spec.problems import InvalidInput

FULL = """\
Metadata-Version: 2.6
Name: Foo.Bar
Version: 1.0rc1
Summary: A thing — with more.
Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM
Keywords: one,two words, three
Home-page: https://foo.example
Download-URL: https://foo.example/get
Author: Ada
Author-email: Ada <ada@foo.example>
Maintainer: Bob
Maintainer-email: bob@foo.example
License-Expression: MIT OR Apache-2.0
License-File: LICENSE
License-File: vendored/LICENSE.txt
Classifier: Development Status :: 3 - Alpha
Classifier: Topic :: Software Development
Requires-Dist: bar>=1.0; python_version < "3.12"
Requires-Dist: baz[x]
Requires-Python: >=3.9
Requires-External: libz (>=1)
Project-URL: Docs, https://docs.example/a,b
Project-URL: docs, https://docs.example/c
Provides-Extra: test
Provides-Dist: old-foo
Obsoletes-Dist: older-foo
Platform: any
Supported-Platform: linux-x86_64
Dynamic: Requires-Dist
Import-Name: foo.bar
Import-Name: _foo ; private
Import-Namespace: foo

# Hello

: not a header
"""


def codes(text: str | bytes) -> list[str]:
    """List the problems that metadata has."""
    with pytest.raises(InvalidInput) as caught:
        parse_metadata(text if isinstance(text, bytes) else text.encode())
    return [problem.code for problem in caught.value.problems]


def minimal(*lines: str, version: str = "2.6", body: str = "") -> bytes:
    """Write metadata with more header lines."""
    head = [f"Metadata-Version: {version}", "Name: foo", "Version: 1.0", *lines]
    return ("\n".join(head) + "\n\n" + body).encode()


def test_every_field_is_read_as_its_author_wrote_it() -> None:
    """MD-02, MD-14, WU-03, MD-11"""
    assert parse_metadata(FULL.encode()) == CoreMetadata(
        metadata_version="2.6",
        name="Foo.Bar",
        version="1.0rc1",
        summary="A thing — with more.",
        description="# Hello\n\n: not a header\n",
        description_content_type="text/markdown; charset=UTF-8; variant=GFM",
        keywords=("one", "two words", "three"),
        home_page="https://foo.example",
        download_url="https://foo.example/get",
        author="Ada",
        author_email="Ada <ada@foo.example>",
        maintainer="Bob",
        maintainer_email="bob@foo.example",
        license_expression="MIT OR Apache-2.0",
        license_files=("LICENSE", "vendored/LICENSE.txt"),
        classifiers=("Development Status :: 3 - Alpha", "Topic :: Software Development"),
        requires_dist=('bar>=1.0; python_version < "3.12"', "baz[x]"),
        requires_python=">=3.9",
        requires_external=("libz (>=1)",),
        project_urls=(("Docs", "https://docs.example/a,b"), ("docs", "https://docs.example/c")),
        provides_extra=("test",),
        provides_dist=("old-foo",),
        obsoletes_dist=("older-foo",),
        platforms=("any",),
        supported_platforms=("linux-x86_64",),
        dynamic=("Requires-Dist",),
        import_names=("foo.bar", "_foo ; private"),
        import_namespaces=("foo",),
    )


def test_metadata_survives_a_json_column() -> None:
    metadata = parse_metadata(FULL.encode())
    stored = json.loads(json.dumps(metadata.to_json()))
    assert "description" not in stored
    assert CoreMetadata.from_json(stored, metadata.description) == metadata


def test_a_column_written_by_a_later_version_is_read() -> None:
    stored = {"metadata_version": "2.1", "name": "foo", "version": "1", "new_field": ["x"]}
    assert CoreMetadata.from_json(stored).name == "foo"


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"])
def test_every_version_in_use_is_read(version: str) -> None:
    """MD-01, UPL-020"""
    assert parse_metadata(minimal(version=version)).metadata_version == version


@pytest.mark.parametrize("version", ["2.7", "3.0", "0.9", "1", "two", "2.6.0", "2.1\x0b", "2.1\u00a0"])
def test_a_version_that_nobody_could_check_is_refused(version: str) -> None:
    """MD-01"""
    assert codes(minimal(version=version)) == ["invalid-metadata-version"]


@pytest.mark.parametrize("missing", ["Metadata-Version", "Name", "Version"])
def test_a_required_field_may_not_be_missing(missing: str) -> None:
    """MD-03"""
    lines = [line for line in minimal().decode().splitlines() if not line.startswith(missing + ":")]
    assert codes("\n".join(lines)) == ["missing-field"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Name: foo", "repeated-field"),
        ("Summary: one\n  two", "invalid-summary"),
        ("Description-Content-Type: text/html", "invalid-description-content-type"),
        ("Description-Content-Type: text/markdown; variant=Other", "invalid-description-content-type"),
        ("Description-Content-Type: text/plain; charset=latin-1", "invalid-description-content-type"),
        ("Description-Content-Type: " + "(" * 400, "invalid-description-content-type"),
        ("Requires-Python: three", "invalid-requires-python"),
        ("Requires-Dist: foo bar", "invalid-requires-dist"),
        ("Requires-Dist: foo; no_such_marker == '1'", "invalid-requires-dist"),
        ("Requires-Dist: a; " + "(" * 1_000, "invalid-requires-dist"),
        ("Requires-Dist: a" + "," * 5_000, "value-too-long"),
        ("Provides-Extra: -x", "invalid-provides-extra"),
        ("License-Expression: No-Such-Licence", "invalid-license-expression"),
        ("License-Expression: " + "(" * 500, "invalid-license-expression"),
        ("License-File: ../LICENSE", "invalid-license-file"),
        ("License-File: /LICENSE", "invalid-license-file"),
        ("License-File: LICEN*E", "invalid-license-file"),
        ("License-File: a\\b", "invalid-license-file"),
        ("Dynamic: Name", "invalid-dynamic"),
        ("Dynamic: No-Such-Field", "invalid-dynamic"),
        ("Import-Name: not-a-name", "invalid-import-name"),
        ("Import-Name: class", "invalid-import-name"),
        ("Import-Name: foo; public", "invalid-import-name"),
        ("Import-Name: foo\nImport-Name:", "invalid-import-name"),
        ("Import-Name: foo\nImport-Namespace: foo; private", "invalid-import-name"),
        ("Project-URL: https://foo.example", "invalid-project-url"),
        ("Project-URL: , https://foo.example", "invalid-project-url"),
        ("License: MIT\nLicense-Expression: MIT", "two-licences"),
        ("Default-Extra: x", "unknown-field"),
        ("this is no field\nSummary: lost", "metadata-broken-line"),
    ],
)
def test_a_wrong_value_is_refused(line: str, code: str) -> None:
    """MD-02, MD-03, MD-09, MD-11, LI-01, LI-02, LI-06, UPL-029"""
    assert codes(minimal(line)) == [code]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("Classifier: x", "1.0"),
        ("Requires-Dist: x", "1.1"),
        ("Dynamic: Summary", "2.1"),
        ("Import-Name: foo", "2.4"),
    ],
)
def test_a_field_that_its_version_does_not_have_is_refused(line: str, version: str) -> None:
    """MD-02"""
    assert codes(minimal(line, version=version)) == ["field-too-new"]


@pytest.mark.parametrize("line", ["License-File: LICENSE", "License-Expression: MIT", "License-File: L\nLicense: MIT"])
def test_fields_that_tools_wrote_too_early_are_only_remarked(line: str) -> None:
    """MD-02: setuptools wrote License-File into 2.1 for years."""
    metadata = parse_metadata(minimal(line, version="2.1"))
    assert [remark.code for remark in metadata.remarks] == ["field-early"]


def test_a_withdrawn_version_is_remarked() -> None:
    """MD-01"""
    assert [remark.code for remark in parse_metadata(minimal(version="2.0")).remarks] == ["metadata-version-withdrawn"]


def test_an_empty_namespace_is_refused() -> None:
    """MD-11: an empty Import-Name says that there is nothing to import, an empty Import-Namespace says nothing."""
    assert codes(minimal("Import-Namespace:", version="2.5")) == ["invalid-import-namespace"]
    assert parse_metadata(minimal("Import-Name:", version="2.5")).import_names == ("",)


def test_all_problems_are_told_at_once() -> None:
    """MD-02"""
    found = codes("Metadata-Version: 2.1\nName: -\nRequires-Dist: ?\nRequires-Dist: !\nRequires-Python: x\nX: y\n")
    assert sorted(found) == [
        "invalid-name",
        "invalid-requires-dist",
        "invalid-requires-dist",
        "invalid-requires-python",
        "missing-field",
        "unknown-field",
    ]


def test_no_more_problems_are_told_than_anybody_reads() -> None:
    assert len(codes(minimal(*["Requires-Dist: ?"] * 1_000))) == MAX_PROBLEMS


def test_a_problem_names_field_value_rule_and_remedy() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_metadata(minimal("Requires-Python: three"))
    assert caught.value.problems[0].text() == (
        "Requires-Python 'three': This is no version specifier of PEP 440. Write it like '>=3.11'."
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Name: f\xff", "metadata-not-utf8"),
        ("Name: foo".encode("utf-16"), "metadata-not-utf8"),
        (minimal(body="a\0b"), "metadata-nul"),
        (b" " * (MAX_METADATA_BYTES + 1), "metadata-too-large"),
        (b"A: b\n" * (MAX_HEADER_LINES + 1), "metadata-too-long"),
    ],
)
def test_content_that_could_not_be_kept_is_refused(content: bytes, code: str) -> None:
    assert codes(content) == [code]


def test_nothing_at_all_lacks_every_required_field() -> None:
    assert codes(b"") == ["missing-field"] * 3


def test_a_description_stands_in_one_place() -> None:
    assert codes(minimal("Description: here", body="and here")) == ["repeated-field"]


def test_a_folded_description_is_unfolded() -> None:
    """Before 2.1 the description stood in the header, folded with eight spaces or seven and a bar."""
    folded = "Description: One\n        Two\n        \n          Three\n       |Four"
    assert parse_metadata(minimal(folded, version="1.2")).description == "One\nTwo\n\n  Three\nFour"


def test_what_old_tools_wrote_for_nothing_is_nothing() -> None:
    metadata = parse_metadata(minimal("License: UNKNOWN", "Platform: UNKNOWN", "Home-page: ", body="UNKNOWN\n"))
    assert (metadata.license, metadata.platforms, metadata.home_page, metadata.description) == ("", (), "", "")


def test_keywords_are_parted_by_commas_or_else_by_spaces() -> None:
    assert parse_metadata(minimal("Keywords: one two, three,,")).keywords == ("one two", "three")
    assert parse_metadata(minimal("Keywords: one two")).keywords == ("one", "two")


def test_saying_that_there_is_nothing_to_import_is_saying_something() -> None:
    """MD-11"""
    assert parse_metadata(minimal("Import-Name:")).import_names == ("",)
    assert parse_metadata(minimal()).import_names == ()


def test_windows_line_ends_are_read() -> None:
    metadata = parse_metadata(minimal("Summary: x", body="a\nb").replace(b"\n", b"\r\n"))
    assert (metadata.summary, metadata.description) == ("x", "a\r\nb")


def test_mail_headers_do_not_make_the_description_a_mail() -> None:
    """A full e-mail parser would descend into the body here, message in message, until the stack ends."""
    nested = "Content-Type: message/rfc822\n\n" * 5_000
    assert codes(minimal("Content-Type: message/rfc822", body=nested)) == ["unknown-field"]


@pytest.mark.parametrize(
    "line",
    [
        "Requires-Dist: a>=" + "1." * 1_900,
        "Requires-Dist: a" + " " * 3_900 + "!",
        "Requires-Dist: " + "a" * 3_900 + "[",
        "Description-Content-Type: text/plain; " + "x*=1;" * 80,
        "License-Expression: " + "MIT AND " * 240 + "MIT",
        "Version: " + "1." * 490 + "x",
    ],
)
def test_hostile_values_cost_little(line: str) -> None:
    many = minimal(*[line] * 20)
    start = time.process_time()
    with pytest.raises(InvalidInput):
        parse_metadata(many)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "header",
    [
        "Summary", "Keywords", "Author", "Author-email", "Maintainer", "Home-page", "Download-URL", "License", "Classifier",
        "Project-URL", "Requires-External", "Provides-Dist", "Obsoletes-Dist", "Platform", "Supported-Platform",
    ],
)  # fmt: skip
def test_every_field_has_a_bound(header: str) -> None:
    """ARC, MD-02: a name of a million characters is none."""
    assert codes(minimal(f"{header}: {'a' * 1_000_001}")) == ["value-too-long"]


@pytest.mark.parametrize("line", ["Author: a\x1b[2Jb", "Keywords: a\x07", "Classifier: A :: \x7f", "Platform: a\bb"])
def test_a_control_character_is_refused(line: str) -> None:
    """CNT-4: `pip show` prints these values to a terminal as they are."""
    assert codes(minimal(line)) == ["control-character"]


def test_a_licence_keeps_its_page_breaks() -> None:
    assert parse_metadata(minimal("License: one\x0ctwo")).license == "one\x0ctwo"
