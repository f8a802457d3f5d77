"""Rules about who and whether: the grant, the project's status, the index's policy, the name, what is there already."""

from dataclasses import dataclass

from creamery.catalog.limits import NO_LIMITS, Limits, get_limits, require_room
from creamery.catalog.models import Project
from creamery.catalog.queries import IndexPlaceAndPolicy, KnownRelease, find_project, get_index
from creamery.catalog.release_steps import find_open_release
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
    it still; `release` is what its release says so far, None if it is the first file of one. `held_because` says why a new
    project is to be held; `is_held` that readers are not told of the file, whether its project is new or not. `limits` are
    asked again when it is recorded.
    """

    index: IndexPlaceAndPolicy
    policy: Policy
    judgement: Judgement
    existing_project_id: int | None = None
    release: KnownRelease | None = None
    may_look_alike: bool = True
    held_because: str = ""
    is_held: bool = False
    limits: Limits = NO_LIMITS


def admit(claims: Claims, received: Received, *, policy_name: str | None = None, actor: Actor) -> Admission:
    """
    Decide whether this actor may add this file, before it is unpacked.

    What the actor may not do or what is taken is raised by itself, because nothing else matters then; what is wrong with the
    name is judged together with the rest.

    Raises:
        MayNotUpload, ProjectClosed, NameWasDeleted: the grant or the project's status.
        FileExists, FileWasDeleted, SameFileOtherName: the file name is taken.
        ReleaseClosed, ReleaseWasDeleted: the release takes no more files.
        FileOverLimit, ProjectFull, IndexFull, TooManyProjects: a limit is reached.
    """
    index = get_index()
    policy, normalized = get_policy(policy_name or index.policy), str(claims.dist.name)
    project = find_project(index.id, normalized)
    require_upload(project, normalized, actor=actor)
    same = identify(index.id, claims.dist, received.sha256)
    if same is not None:
        return Admission(
            index=index,
            policy=policy,
            judgement=Judgement((), ()),
            existing_project_id=same.project_id,
            is_held=same.state == "held",
        )
    limits = admit_size(index, project, claims, received.size_bytes, actor=actor)
    rulings, may_look_alike = list(rule_on_filename(claims.dist, policy)), True
    release, held_because = None, ""
    if project is None or project.status == "deleted":
        name = rule_on_new_name(index.id, normalized, policy)
        rulings, may_look_alike = [*name.rulings, *rulings], name.may_look_alike
        held_because = name.held_because
    if project is not None:
        release = find_open_release(project, claims.dist.version, actor=actor)
    return Admission(
        index=index,
        policy=policy,
        judgement=sort_rulings(rulings),
        release=release,
        may_look_alike=may_look_alike,
        held_because=held_because,
        is_held=bool(held_because) or (project is not None and project.status == "held"),
        limits=limits,
    )


def admit_size(
    index: IndexPlaceAndPolicy, project: Project | None, claims: Claims, size_bytes: int, *, actor: Actor
) -> Limits:
    """
    Decide whether there is room for a file. Returns the limits that hold for it.

    Raises:
        FileOverLimit, ProjectFull, IndexFull, TooManyProjects: as their names say.
    """
    limits = get_limits(index.policy, project_id=project.pk if project else None, actor=actor)
    is_new = project is None or project.status == "deleted"
    room_of = project or Project(index_id=index.id, name=str(claims.dist.name), size_bytes=0)
    require_room(limits, room_of, size_bytes, is_new_project=is_new, actor=actor)
    return limits
