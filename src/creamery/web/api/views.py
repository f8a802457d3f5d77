"""
The management API. Each operation calls the action or the query that a page calls too.

A token is the only way in; cookies do not count. Who may do what is the policy of the rooms below.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.params.functions import Body, Path, Query
from ninja.security.http import HttpAuthBase

from creamery.catalog import manage_queries as queries
from creamery.catalog import upkeep_actions as actions
from creamery.kernel.actor import ANONYMOUS, Actor
from creamery.kernel.logs import REQUEST_ID
from creamery.kernel.outbox import run_soon
from creamery.kernel.refusals import Invalid, Limited, Refusal
from creamery.settings import CONFIG
from creamery.spec.problems import N_, Problem
from creamery.storage.store import StoreUnavailable
from creamery.web.answers import refuse
from creamery.web.api import schemas
from creamery.web.api.docs import OwnDocs
from creamery.web.credentials import authenticate

PAGE: Any = Query(1, ge=1, le=999_999, description="Which page of the list; the first is 1.")
NAME: Any = Path(..., description="The project's name, in any spelling.")
VERSION: Any = Path(..., description="The version, in any spelling.")
FILENAME: Any = Path(..., description="The whole name of the file.")
REASON: Any = Body(schemas.Reason(reason=""), description="Why; may be left out.")
PROBLEMS: dict[str, Any] = {
    "responses": {
        status: {"description": said, "content": {"application/problem+json": {}}}
        for status, said in {
            400: "What was sent breaks rules; `errors` names each.",
            401: "No token, or one that does not work.",
            403: "The token or its person's role does not do this.",
            404: "There is no such thing, or none that the token's person has a role in.",
        }.items()
    }
}


class InvalidRequest(Invalid):
    """What was sent to the management API cannot be read."""

    code = "invalid-request"
    sentence = _("This request cannot be read.")


class Away(Limited):
    """The database or the store cannot be reached."""

    status = 503
    code = "away"
    sentence = _(
        "The index cannot answer this at the moment; nothing was changed. Send the same request again in a minute."
    )
    retry_after_seconds = 60


class ByToken(HttpAuthBase):
    """Takes API tokens as every upload client sends them: `Bearer`, or Basic with the user name `__token__`."""

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Actor:
        """Tell who asks; raises what `authenticate` of the credentials raises."""
        asked_by = replace(
            ANONYMOUS,
            address=request.META.get("REMOTE_ADDR", ""),
            user_agent=request.headers.get("user-agent", ""),
            request_id=REQUEST_ID.get(),
        )
        return authenticate(request.headers.get("authorization", ""), asked_by=asked_by)


api = NinjaAPI(
    title="Creamery",
    version="1",
    urls_namespace="api",
    description="Look after your projects from programs.",
    docs=OwnDocs(),
    auth=ByToken(),
    servers=[{"url": CONFIG.public_url.removesuffix(CONFIG.public_path)}],
)


@api.exception_handler(Refusal)
def refused(_request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal with problem details. Source: RFC 9457."""
    answer = refuse(refusal, as_json=True)
    response = HttpResponse(answer.body, status=answer.status, content_type="application/problem+json")
    for name, value in answer.headers:
        response[name.decode()] = value.decode()
    response["Cache-Control"] = "no-store"
    return response


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer parameters and bodies that are not as described: all that is wrong at once."""
    problems = [
        Problem(
            code="parameter",
            field=".".join(str(part) for part in found["loc"][1:]),
            rule=str(found["msg"]),
            remedy=N_("See the description of the API at /api/v1/docs."),
        )
        for found in error.errors
    ]
    return refused(request, InvalidRequest(problems))


@api.exception_handler(DatabaseError)
@api.exception_handler(StoreUnavailable)
def away(request: HttpRequest, _error: Exception) -> HttpResponse:
    """Answer while the database or the store cannot be reached."""
    return refused(request, Away())


@api.get("/projects", response=schemas.ProjectList, summary="List your projects", openapi_extra=PROBLEMS)
def list_projects(request: HttpRequest, page: int = PAGE) -> object:
    """The projects in which the token's person has a role; a token for some projects shows those."""
    return queries.list_own_projects(actor=_actor(request), page=page)


@api.get("/projects/{name}", response=schemas.Project, summary="Show a project", openapi_extra=PROBLEMS)
def get_project(request: HttpRequest, name: str = NAME) -> object:
    """Its status, how much it holds, and what it may hold."""
    return _managed(request, name)


@api.get("/projects/{name}/releases", response=schemas.ReleaseList, summary="List its releases", openapi_extra=PROBLEMS)
def list_releases(request: HttpRequest, name: str = NAME, page: int = PAGE) -> object:
    """Newest version first; deleted ones too, because their versions stay taken."""
    return queries.list_managed_releases(_managed(request, name), page=page)


@api.get(
    "/projects/{name}/releases/{version}",
    response=schemas.ReleaseWithFiles,
    summary="Show a release with its files",
    openapi_extra=PROBLEMS,
)
def get_release(request: HttpRequest, name: str = NAME, version: str = VERSION) -> object:
    """Deleted files too, because their names stay taken."""
    managed = _managed(request, name)
    release = queries.get_managed_release(managed, version)
    files = queries.list_managed_files(managed, release.version, public_path=CONFIG.public_path)
    return {"release": release, "files": files}


@api.get("/projects/{name}/history", response=schemas.History, summary="Show its history", openapi_extra=PROBLEMS)
def get_history(request: HttpRequest, name: str = NAME, page: int = PAGE) -> object:
    """Who did what and when, newest first."""
    return queries.list_project_history(_managed(request, name), actor=_actor(request), page=page)


@api.put(
    "/projects/{name}/releases/{version}/yank",
    response=schemas.Changed,
    summary="Yank a release",
    openapi_extra=PROBLEMS,
)
def yank_release(
    request: HttpRequest, name: str = NAME, version: str = VERSION, said: schemas.Reason = REASON
) -> object:
    """Installers then take it only when they are told this very version. For owners."""
    return _done(lambda: actions.yank_release(name, version, reason=said.reason, actor=_actor(request)))


@api.delete(
    "/projects/{name}/releases/{version}/yank",
    response=schemas.Changed,
    summary="Take the yank of a release back",
    openapi_extra=PROBLEMS,
)
def unyank_release(request: HttpRequest, name: str = NAME, version: str = VERSION) -> object:
    """Files that were yanked by themselves stay so. For owners."""
    return _done(lambda: actions.unyank_release(name, version, actor=_actor(request)))


@api.put(
    "/projects/{name}/files/{filename}/yank", response=schemas.Changed, summary="Yank a file", openapi_extra=PROBLEMS
)
def yank_file(
    request: HttpRequest, name: str = NAME, filename: str = FILENAME, said: schemas.Reason = REASON
) -> object:
    """The other files of its release are not concerned. For owners."""
    return _done(lambda: actions.yank_file(name, filename, reason=said.reason, actor=_actor(request)))


@api.delete(
    "/projects/{name}/files/{filename}/yank",
    response=schemas.Changed,
    summary="Take the yank of a file back",
    openapi_extra=PROBLEMS,
)
def unyank_file(request: HttpRequest, name: str = NAME, filename: str = FILENAME) -> object:
    """For owners."""
    return _done(lambda: actions.unyank_file(name, filename, actor=_actor(request)))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def _managed(request: HttpRequest, name: str) -> queries.ManagedProject:
    return queries.get_managed_project(name, actor=_actor(request))


def _done(act: Callable[[], bool]) -> dict[str, bool]:
    """Do it, and answer when readers see it."""
    is_changed = act()
    run_soon()
    return {"changed": is_changed}
