"""What a project page says about a release."""

import pytest
from django.utils.safestring import SafeString

from creamery.spec.metadata import CoreMetadata
from creamery.web.pages.facts import find_license, group_classifiers, list_authors, list_keywords
from creamery.web.pages.links import find_kind, is_safe_url, list_links
from creamery.web.pages.project_page import arrange, find_platform
from creamery.web.pages.requirements import group_requirements
from tests.web.samples import FULL, PROJECTS, PUBLIC_URL

PROJECTS_README = SafeString("")


def about(**fields: object) -> CoreMetadata:
    return CoreMetadata(metadata_version="2.4", name="a", version="1", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Homepage", "homepage"),
        ("Source Code", "source"),
        ("repository", "source"),
        ("GITHUB", "source"),
        ("Download", "download"),
        ("What's New?", "changelog"),
        ("Change_log", "changelog"),
        ("Release-Notes", "releasenotes"),
        ("Docs", "documentation"),
        ("Bug Tracker", "issues"),
        ("Donation", "funding"),
        ("Mastodon", ""),
        ("", ""),
    ],
)
def test_a_label_is_recognised_in_any_spelling(label: str, kind: str) -> None:
    """WU-01, WU-02"""
    assert find_kind(label) == kind


def test_links_are_in_order_each_once_and_safe() -> None:
    links = list_links(
        about(
            project_urls=(
                ("Chat", "https://chat.example/"),
                ("Repo", "https://git.example/a"),
                ("Repository", "https://git.example/a/"),
                ("Docs", "https://www.docs.example/x"),
                ("Trap", "javascript:alert(1)"),
            ),
            home_page="https://a.example",
            download_url="https://git.example/a",
        )
    )
    assert [(link.kind, link.url, link.place) for link in links] == [
        ("homepage", "https://a.example", "a.example"),
        ("documentation", "https://www.docs.example/x", "docs.example"),
        ("", "https://chat.example/", "chat.example"),
        ("", "https://git.example/a", "git.example"),
    ]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example", True),
        ("HTTP://a.example/x", True),
        ("mailto:a@b.example", True),
        ("javascript:alert(1)", False),
        (" java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.example", False),
        ("https://", False),
        ("https://[bad", False),
        ("ftp://a.example", False),
        ("UNKNOWN", False),
    ],
)
def test_a_page_links_only_where_a_browser_may_go(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe


def test_requirements_stand_under_their_extra() -> None:
    groups = group_requirements(FULL)
    shown = [(group.extra, [(line.name, line.specifier, line.condition) for line in group.lines]) for group in groups]
    assert shown == [
        ("", [("whey", "<3, >=1.2", ""), ("rennet", "", 'python_version < "3.12"')]),
        ("cut", [("knife[sharp]", ">=2", ""), ("tongs", "", 'os_name == "nt" or os_name == "posix"')]),
        ("docs", []),
    ]


@pytest.mark.parametrize(
    "requirement",
    [
        'x; extra == "a" or extra == "b"',
        'x; extra == "a" or os_name == "nt"',
        'x; os_name == "nt" or os_name == "posix" and extra == "a"',
    ],
)
def test_a_condition_that_an_extra_is_part_of_stays_whole(requirement: str) -> None:
    """Taking the extra out of these would show a condition that is not the true one."""
    for group in group_requirements(about(requires_dist=(requirement,))):
        for line in group.lines:
            assert line.condition == requirement.removeprefix("x; ")


def test_a_requirement_under_another_spelling_of_its_extra_is_found() -> None:
    groups = group_requirements(about(requires_dist=('x; extra == "My_Extra"',), provides_extra=("my-extra",)))
    assert [(group.extra, len(group.lines)) for group in groups] == [("my-extra", 1)]


def test_a_requirement_that_cannot_be_read_is_shown_as_it_is() -> None:
    (group,) = group_requirements(about(requires_dist=("a b c",)))
    assert group.lines[0].name == "a b c"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"license_expression": "MIT", "license": "old"}, "MIT"),
        ({"classifiers": ("License :: OSI Approved :: MIT License",), "license": "see file"}, "MIT License"),
        ({"license": "BSD"}, "BSD"),
        ({"license": "Long text\n" + "x" * 5000}, "Long text…"),
        ({"license": "x" * 5000}, "x" * 120 + "…"),
        ({}, ""),
    ],
)
def test_a_licence_is_a_name_and_not_its_whole_text(fields: dict[str, object], shown: str) -> None:
    assert find_license(about(**fields)) == shown


@pytest.mark.parametrize(
    ("fields", "people"),
    [
        ({"author": "Ada", "author_email": "ada@idx.example"}, [("Ada", "ada@idx.example")]),
        (
            {"author_email": "Ada L. <a@idx.example>, b@idx.example"},
            [("Ada L.", "a@idx.example"), ("", "b@idx.example")],
        ),
        ({"author": "Ada", "author_email": "Ada <a@idx.example>"}, [("Ada", "a@idx.example")]),
        ({"author": "Ada, Grace"}, [("Ada, Grace", "")]),
        ({"author_email": "no address"}, []),
        ({}, []),
    ],
)
def test_people_are_named_once(fields: dict[str, object], people: list[tuple[str, str]]) -> None:
    assert [(person.name, person.email) for person in list_authors(about(**fields))] == people


@pytest.mark.parametrize(
    ("keywords", "shown"),
    [(("a", "b", "a"), ("a", "b")), (("a b  c",), ("a", "b", "c")), (("a, b c",), ("a", "b c")), ((), ())],
)
def test_keywords_are_read_in_old_and_new_spelling(keywords: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert list_keywords(about(keywords=keywords)) == shown


def test_classifiers_are_grouped() -> None:
    groups = group_classifiers(about(classifiers=("Topic :: B", "Framework :: Django :: 5", "Topic :: A", "Odd")))
    assert [(group.name, group.values) for group in groups] == [
        ("Framework", ("Django :: 5",)),
        ("Odd", ("Odd",)),
        ("Topic", ("B", "A")),
    ]


def test_the_platform_is_read_from_a_wheels_name() -> None:
    assert find_platform("a-1-1build-cp312-cp312-win_amd64.whl") == "win_amd64"
    assert find_platform("a-1-py3-none-any.whl") == ""
    assert find_platform("a-1.tar.gz") == ""


def test_an_old_release_is_installed_by_its_version_and_is_its_own_address() -> None:
    page = arrange(PROJECTS["yanked"], readme=PROJECTS_README, public_url=PUBLIC_URL)
    assert page.commands[0].text.endswith(" Gouda==2.0.9")
    assert page.canonical_url == "https://idx.example/project/gouda/2.0.9/"
    latest = arrange(PROJECTS["full"], readme=PROJECTS_README, public_url=PUBLIC_URL)
    assert latest.commands[0].text.endswith("/simple/ Gouda")
    assert latest.canonical_url == "https://idx.example/project/gouda/"


def test_a_projects_status_and_a_yank_are_both_told() -> None:
    notices = arrange(PROJECTS["yanked"], readme=PROJECTS_README, public_url=PUBLIC_URL).notices
    assert [(str(notice.title), notice.reason) for notice in notices] == [
        ("This project is deprecated", ""),
        ("This release was yanked", "It leaks, see <b>GHSA</b>"),
    ]
