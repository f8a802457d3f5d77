"""The upload, on one page."""

import hashlib
from dataclasses import dataclass, replace

from creamery.catalog.actions import add_file
from creamery.catalog.steps import NewFile
from creamery.kernel.actor import Actor
from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import JobKey, run_soon
from creamery.spec.digests import Sha256
from creamery.spec.filenames import DistFilename
from creamery.spec.problems import Problem
from creamery.upload.admit import Admission, admit
from creamery.upload.claims import Claims, InvalidUpload, read_claims
from creamery.upload.form import UploadForm
from creamery.upload.names import held_remark
from creamery.upload.receive import Received
from creamery.upload.store import store_content
from creamery.upload.validate import ValidFile, validate_file

RENDERS_PROJECT = "publish.project_page.render"


@dataclass(frozen=True, slots=True)
class Published:
    """
    A file that is recorded, and listed unless it is held. `is_new` is False when the very same one was there before.

    `is_held` says that it is listed only once the staff has decided about its project. With `is_check` it was only said to be
    what would happen.
    """

    filename: str
    project: str
    version: str
    is_new: bool
    warnings: tuple[Problem, ...] = ()
    is_check: bool = False
    is_held: bool = False


def upload_file(form: UploadForm, received: Received, *, actor: Actor) -> Published:
    """
    Publish a received file: when this returns, readers see it; when it raises, they never will.

    The temporary file is gone in any case. Raises every Refusal of the steps, and StillOwed.
    """
    try:
        reach("upload.received")
        claims, admission = _admit(form, received, actor)
        if admission.existing_project_id is not None:
            render(admission.existing_project_id)
            return _told(claims.dist, is_new=False, is_held=admission.is_held)
        reach("upload.admitted")
        file = validate_file(claims, admission, received)
        reach("upload.validated")
        metadata_sha256 = Sha256(hashlib.sha256(file.metadata_bytes).hexdigest())
        store_content(received, file, metadata_sha256)
        reach("upload.stored")
        new = _new_file(received, file, metadata_sha256, admission)
        added = add_file(new, actor=actor)
        reach("upload.recorded")
        render(added.project_id)
        reach("upload.rendered")
        return _told(file.dist, is_new=added.is_new, is_held=added.is_held, warnings=file.warnings)
    finally:
        received.path.unlink(missing_ok=True)


def check_file(form: UploadForm, received: Received, *, policy_name: str | None = None, actor: Actor) -> Published:
    """
    Do all of an upload but the publishing: tell what it would be answered, and leave nothing.

    With `policy_name` by that policy instead of the index's. The temporary file is gone in any case. Raises every Refusal of the steps.
    """
    try:
        claims, admission = _admit(form, received, actor, policy_name)
        if admission.existing_project_id is not None:
            return replace(_told(claims.dist, is_new=False, is_held=admission.is_held), is_check=True)
        file = validate_file(claims, admission, received)
        told = _told(file.dist, is_new=True, is_held=admission.is_held, warnings=file.warnings)
        return replace(told, is_check=True)
    finally:
        received.path.unlink(missing_ok=True)


def _admit(
    form: UploadForm, received: Received, actor: Actor, policy_name: str | None = None
) -> tuple[Claims, Admission]:
    claims = read_claims(form, received)
    admission = admit(claims, received, policy_name=policy_name, actor=actor)
    if admission.existing_project_id is not None and claims.problems:
        raise InvalidUpload(claims.problems)
    return claims, admission


def _told(dist: DistFilename, *, is_new: bool, is_held: bool, warnings: tuple[Problem, ...] = ()) -> Published:
    if is_held:
        warnings = (held_remark(dist.filename), *warnings)
    return Published(dist.filename, str(dist.name), str(dist.version), is_new, warnings, is_held=is_held)


def render(project_id: int) -> None:
    """
    Bring the project's page up to date, also when an earlier upload left that undone.

    Raises:
        StillOwed: it could not be written in time.
    """
    run_soon(also=(JobKey(RENDERS_PROJECT, str(project_id)),))


def _new_file(received: Received, file: ValidFile, metadata_sha256: Sha256, admission: Admission) -> NewFile:
    return NewFile(
        dist=file.dist,
        metadata=file.metadata,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        md5=received.md5,
        blake2b_256=received.blake2b_256,
        metadata_sha256=metadata_sha256,
        may_look_alike=admission.may_look_alike,
        held_because=admission.held_because,
        limits=admission.limits,
    )
