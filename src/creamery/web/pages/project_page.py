"""What a project's page shows, arranged from what the catalog knows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creamery.catalog.queries import FileLine, ProjectView, ReleaseLine
from creamery.spec.metadata import CoreMetadata
from creamery.web.pages.commands import Command, list_install_commands
from creamery.web.pages.facts import (
    ClassifierGroup,
    NamedPerson,
    find_license,
    group_classifiers,
    list_authors,
    list_keywords,
    list_maintainers,
)
from creamery.web.pages.links import Link, list_links
from creamery.web.pages.requirements import RequirementGroup, group_requirements

_RELEASES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a reader must know before all else. `reason` is in its author's words."""

    title: str | Promise
    text: str | Promise
    reason: str
    icon: str
    is_grave: bool


@dataclass(frozen=True, slots=True)
class Hash:
    """A digest of a file; `element_id` is what the copy button looks for."""

    name: str
    hex: str
    element_id: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of the table of files. `requires_python` only where it differs from the release's."""

    file: FileLine
    platform: str
    requires_python: str
    hashes: tuple[Hash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPageView:
    """All that the templates of a project page need besides the project itself."""

    metadata: CoreMetadata
    readme: SafeString
    canonical_url: str
    is_latest: bool
    commands: tuple[Command, ...]
    notices: tuple[Notice, ...]
    links: tuple[Link, ...]
    license: str
    authors: tuple[NamedPerson, ...]
    maintainers: tuple[NamedPerson, ...]
    keywords: tuple[str, ...]
    classifiers: tuple[ClassifierGroup, ...]
    requirements: tuple[RequirementGroup, ...]
    files: tuple[FileRow, ...]
    first_releases: tuple[ReleaseLine, ...]
    more_releases: tuple[ReleaseLine, ...]


def arrange(project: ProjectView, *, readme: SafeString, public_url: str) -> ProjectPageView:
    """Arrange a release for its page. `public_url` ends with a slash."""
    metadata = project.metadata
    is_latest = project.version == project.latest_version
    requirement = project.name if is_latest else f"{project.name}=={project.version}"
    return ProjectPageView(
        metadata=metadata,
        readme=readme,
        canonical_url=f"{public_url}project/{project.normalized_name}/" + ("" if is_latest else f"{project.version}/"),
        is_latest=is_latest,
        commands=list_install_commands(f"{public_url}simple/", requirement),
        notices=tuple(_list_notices(project)),
        links=list_links(metadata),
        license=find_license(metadata),
        authors=list_authors(metadata),
        maintainers=list_maintainers(metadata),
        keywords=list_keywords(metadata),
        classifiers=group_classifiers(metadata),
        requirements=group_requirements(metadata),
        files=tuple(_row(number, file, metadata) for number, file in enumerate(project.files, start=1)),
        first_releases=project.versions[:_RELEASES_AT_ONCE],
        more_releases=project.versions[_RELEASES_AT_ONCE:],
    )


def find_platform(filename: str) -> str:
    """
    Say what a wheel runs on, from its name; empty for source distributions and for wheels that run anywhere.

    >>> find_platform("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    'manylinux_2_17_x86_64, manylinux2014_x86_64'
    >>> find_platform("a-1-py3-none-any.whl"), find_platform("a-1.tar.gz")
    ('', '')
    """
    stem, dot, ending = filename.rpartition(".")
    tag = stem.rpartition("-")[2] if dot and ending == "whl" else "any"
    return "" if tag == "any" else ", ".join(tag.split("."))


def _row(number: int, file: FileLine, metadata: CoreMetadata) -> FileRow:
    digests = (("SHA-256", file.sha256_hex), ("BLAKE2b-256", file.blake2b_256_hex), ("MD5", file.md5_hex))
    return FileRow(
        file=file,
        platform=find_platform(file.filename),
        requires_python=file.requires_python if file.requires_python != metadata.requires_python else "",
        hashes=tuple(
            Hash(name, value, f"hash-{number}-{place}") for place, (name, value) in enumerate(digests, 1) if value
        ),
    )


_STATUSES = {
    "archived": (_("This project is archived"), _("Its owners expect no further releases."), "archive", False),
    "deprecated": (
        _("This project is deprecated"),
        _("Its owners advise against using it in new work."),
        "warning",
        False,
    ),
    "quarantined": (
        _("This project is quarantined"),
        _("It may be unsafe and cannot be installed from here until it has been looked at."),
        "warning",
        True,
    ),
}


def _list_notices(project: ProjectView) -> Iterable[Notice]:
    if project.status in _STATUSES:
        title, text, icon, is_grave = _STATUSES[project.status]
        yield Notice(title, text, project.status_reason, icon, is_grave)
    if project.yanked:
        text = _(
            "Its owners do not want it to be used. Installers choose it only when they are told this very version."
        )
        yield Notice(_("This release was yanked"), text, project.yanked_reason, "warning", is_grave=True)
