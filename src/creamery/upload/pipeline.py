"""The upload, on one page."""

import hashlib
from dataclasses import dataclass

from creamery.catalog.actions import add_file
from creamery.catalog.steps import NewFile
from creamery.kernel.actor import Actor
from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import JobKey, run_soon
from creamery.spec.digests import Sha256
from creamery.spec.problems import Problem
from creamery.upload.admit import admit
from creamery.upload.form import UploadForm
from creamery.upload.receive import Received
from creamery.upload.store import store_content
from creamery.upload.validate import ValidFile, validate_archive, validate_claims

RENDERS_PROJECT = "publish.project_page.render"


@dataclass(frozen=True, slots=True)
class Published:
    """A file that is recorded and listed. `is_new` is False when the very same one was there before."""

    filename: str
    project: str
    version: str
    is_new: bool
    warnings: tuple[Problem, ...] = ()


def upload_file(form: UploadForm, received: Received, *, actor: Actor) -> Published:
    """
    Publish a received file: when this returns, readers see it; when it raises, they never will.

    The temporary file is gone in any case. Raises every Refusal of the steps, and StillOwed.
    """
    try:
        reach("upload.received")
        claims = validate_claims(form, received)
        admission = admit(claims, received, actor=actor)
        if admission.existing_project_id is not None:
            render(admission.existing_project_id)
            return Published(claims.dist.filename, str(claims.dist.name), str(claims.dist.version), is_new=False)
        reach("upload.admitted")
        file = validate_archive(claims, received)
        reach("upload.validated")
        metadata_sha256 = Sha256(hashlib.sha256(file.metadata_bytes).hexdigest())
        store_content(received, file, metadata_sha256)
        reach("upload.stored")
        added = add_file(_new_file(received, file, metadata_sha256), actor=actor)
        reach("upload.recorded")
        render(added.project_id)
        reach("upload.rendered")
        return Published(file.dist.filename, str(file.dist.name), str(file.dist.version), added.is_new, file.warnings)
    finally:
        received.path.unlink(missing_ok=True)


def render(project_id: int) -> None:
    """
    Bring the project's page up to date, also when an earlier upload left that undone.

    Raises:
        StillOwed: it could not be written in time.
    """
    run_soon(also=(JobKey(RENDERS_PROJECT, str(project_id)),))


def _new_file(received: Received, file: ValidFile, metadata_sha256: Sha256) -> NewFile:
    return NewFile(
        dist=file.dist,
        metadata=file.metadata,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        md5=received.md5,
        blake2b_256=received.blake2b_256,
        metadata_sha256=metadata_sha256,
    )
