"""
Documents of the JSON API, which no standard describes: bandersnatch, pip-audit, poetry, renovate and IDEs read it.

Source: standards.md JS-01 to JS-08; warehouse-features.md API-031 to API-042.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName

NO_DOWNLOADS = {"last_day": -1, "last_month": -1, "last_week": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFile:
    """One file. `url` is absolute; `upload_time` knows its zone."""

    filename: str
    url: str
    kind: str
    python_version: str
    size_bytes: int
    sha256_hex: Sha256
    md5_hex: str
    blake2b_256_hex: str
    upload_time: datetime
    requires_python: str
    core_metadata_sha256: Sha256 | None
    yanked: bool
    yanked_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRelease:
    """The release that the document is about. `description` is apart from the metadata, as it is stored."""

    version: str
    metadata: CoreMetadata
    description: str
    yanked: bool
    yanked_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonProject:
    """A project as the JSON API tells of it. `public_url` is the index's address without a slash at its end."""

    name: str
    normalized_name: NormalizedName
    serial: int
    public_url: str
    release: JsonRelease
    files: Mapping[str, Sequence[JsonFile]]
    roles: Sequence[tuple[str, str]] = field(default=())


def project_document(project: JsonProject) -> bytes:
    """Write the document of a project: its latest release, and the files of all."""
    document = _document(project)
    document["releases"] = {version: [_file(file) for file in files] for version, files in project.files.items()}
    return orjson.dumps(document)


def release_document(project: JsonProject) -> bytes:
    """Write the document of one release: the same without the files of others."""
    return orjson.dumps(_document(project))


def _document(project: JsonProject) -> dict[str, Any]:
    # The serial comes first: that is where readers of prepared documents find it without parsing them.
    return {
        "last_serial": project.serial,
        "info": _info(project),
        "urls": [_file(file) for file in project.files.get(project.release.version, ())],
        "vulnerabilities": [],
        "ownership": {"organization": None, "roles": [{"role": role, "user": user} for role, user in project.roles]},
    }


def _info(project: JsonProject) -> dict[str, Any]:
    release, said = project.release, project.release.metadata
    page = f"{project.public_url}/project/{project.normalized_name}/"
    return {
        "author": said.author,
        "author_email": said.author_email,
        "bugtrack_url": None,
        "classifiers": said.classifiers,
        "description": release.description,
        "description_content_type": said.description_content_type or None,
        "docs_url": None,
        "download_url": said.download_url,
        "downloads": NO_DOWNLOADS,
        "dynamic": said.dynamic or None,
        "home_page": said.home_page,
        "keywords": ",".join(said.keywords),
        "license": said.license or None,
        "license_expression": said.license_expression or None,
        "license_files": said.license_files or None,
        "maintainer": said.maintainer,
        "maintainer_email": said.maintainer_email,
        "name": project.name,
        "package_url": page,
        "platform": said.platforms[0] if said.platforms else None,
        "project_url": page,
        "project_urls": dict(said.project_urls) or None,
        "provides_extra": said.provides_extra or None,
        "release_url": f"{page}{release.version}/",
        "requires_dist": said.requires_dist or None,
        "requires_python": said.requires_python or None,
        "summary": said.summary,
        "version": release.version,
        "yanked": release.yanked,
        "yanked_reason": release.yanked_reason or None,
    }


def _file(file: JsonFile) -> dict[str, Any]:
    uploaded_at = file.upload_time.astimezone(UTC)
    return {
        "comment_text": None,
        "core-metadata": {"sha256": file.core_metadata_sha256} if file.core_metadata_sha256 else False,
        "digests": {"blake2b_256": file.blake2b_256_hex, "md5": file.md5_hex, "sha256": file.sha256_hex},
        "downloads": -1,
        "filename": file.filename,
        "has_sig": False,
        "md5_digest": file.md5_hex,
        "packagetype": file.kind,
        "python_version": file.python_version,
        "requires_python": file.requires_python or None,
        "size": file.size_bytes,
        "upload_time": uploaded_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "upload_time_iso_8601": uploaded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "url": file.url,
        "yanked": file.yanked,
        "yanked_reason": file.yanked_reason or None,
    }
