"""Rules about who and whether: the grant, the project's status, the index's policy, the name, what is there already."""

from dataclasses import dataclass

from creamery.catalog.queries import IndexPlaceAndPolicy, KnownRelease, find_known_release, find_project, get_index
from creamery.catalog.steps import identify, require_upload
from creamery.kernel.actor import Actor
from creamery.spec.policy import Policy, get_policy
from creamery.spec.rules import Judgement, rule_on_filename, sort_rulings
from creamery.upload.claims import Claims
from creamery.upload.names import rule_on_new_name
from creamery.upload.receive import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """
    An upload that may go on to be unpacked.

    `existing_project_id` is set when the very same file is recorded already. `judgement` is about its name and may refuse
    it still; `release` is what its release says so far, None if it is the first file of one.
    """

    index: IndexPlaceAndPolicy
    policy: Policy
    judgement: Judgement
    existing_project_id: int | None = None
    release: KnownRelease | None = None
    may_look_alike: bool = True


def admit(claims: Claims, received: Received, *, policy_name: str | None = None, actor: Actor) -> Admission:
    """
    Decide whether this actor may add this file, before it is unpacked.

    What the actor may not do or what is taken is raised by itself, because nothing else matters then; what is wrong with the
    name is judged together with the rest.

    Raises:
        MayNotUpload, ProjectClosed: the grant or the project's status.
        FileExists, FileWasDeleted, SameFileOtherName: the file name is taken.
    """
    index = get_index()
    policy, normalized = get_policy(policy_name or index.policy), str(claims.dist.name)
    project = find_project(index.id, normalized)
    require_upload(project, normalized, actor=actor)
    same = identify(index.id, claims.dist, received.sha256)
    if same is not None:
        return Admission(index=index, policy=policy, judgement=Judgement((), ()), existing_project_id=same.project_id)
    rulings, may_look_alike = list(rule_on_filename(claims.dist, policy)), True
    release = None
    if project is None:
        name = rule_on_new_name(index.id, normalized, policy)
        rulings, may_look_alike = [*name.rulings, *rulings], name.may_look_alike
    else:
        release = find_known_release(project.pk, claims.dist.version)
    return Admission(
        index=index, policy=policy, judgement=sort_rulings(rulings), release=release, may_look_alike=may_look_alike
    )
