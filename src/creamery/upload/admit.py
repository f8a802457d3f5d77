"""Rules about who and whether: the grant, the project's status, the name, what is there already."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from creamery.catalog.queries import IndexPlaceAndPolicy, find_project, get_index
from creamery.catalog.steps import identify, require_upload
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Invalid
from creamery.spec.problems import N_, Problem
from creamery.upload.receive import Received
from creamery.upload.validate import Claims


class NotForThisIndex(Invalid):
    """The index's policy does not take such a file."""

    code = "not-for-this-index"
    sentence = _("This index does not take such files.")


@dataclass(frozen=True, slots=True)
class Admission:
    """An upload that may go on. `existing_project_id` is set when the very same file is recorded already."""

    index: IndexPlaceAndPolicy
    existing_project_id: int | None


def admit(claims: Claims, received: Received, *, actor: Actor) -> Admission:
    """
    Decide whether this actor may add this file, before it is unpacked.

    Raises:
        MayNotUpload, ProjectClosed: the grant or the project's status.
        NotForThisIndex: the index's policy.
        FileExists, FileWasDeleted, SameFileOtherName: the file name is taken.
    """
    index = get_index()
    normalized = str(claims.dist.name)
    require_upload(find_project(index.id, normalized), normalized, actor=actor)
    if index.policy == "public" and claims.dist.version.local:
        rule, remedy = N_("A public index takes no local versions."), N_("Publish under a version without “+”.")
        version = str(claims.dist.version)
        problem = Problem(
            code="local-version", field="version", value=version, rule=rule, remedy=remedy, source="PEP 440"
        )
        raise NotForThisIndex([problem])
    same = identify(index.id, claims.dist, received.sha256)
    return Admission(index, None if same is None else same.project_id)
