"""The pages of those who look after projects: what there is, what can be done about it, what was done."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from creamery.catalog import manage_queries as queries
from creamery.catalog import upkeep_actions as actions
from creamery.catalog.limits import whom_to_ask
from creamery.catalog.manage_queries import ManagedProject
from creamery.settings import CONFIG
from creamery.web.deeds import Deed, perform, sent_for
from creamery.web.manage.forms import ConfirmForm, ReasonForm, StatusForm
from creamery.web.manage.history_words import tell_all
from creamery.web.pages.errors import error_page
from creamery.web.paging import read_page
from creamery.web.people_only import get_actor, people_only

_METHODS = ["GET", "HEAD", "POST"]


@require_safe
@people_only
def projects(request: HttpRequest) -> HttpResponse:
    """List the person's own projects."""
    own = queries.list_own_projects(actor=get_actor(request), page=read_page(request))
    return render(request, "manage/projects.html", {"own": own, "here": "projects"})


@require_safe
@people_only
def project(request: HttpRequest, name: str) -> HttpResponse:
    """List a project's releases."""
    managed = queries.get_managed_project(name, actor=get_actor(request))
    releases = queries.list_managed_releases(managed, page=read_page(request))
    if releases.page > releases.pages:
        return error_page(request, 404, _("The list has fewer pages than that."))
    return _show(request, "project", managed, {"releases": releases})


@require_http_methods(_METHODS)
@people_only
def release(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """Show a release with its files; yank it, take that back, delete it."""
    actor = get_actor(request)
    managed = queries.get_managed_project(name, actor=actor)
    shown = queries.get_managed_release(managed, version)
    what = {"what": f"{managed.name} {shown.version}"}
    deeds = {
        "yank": Deed(
            ReasonForm(sent_for(request, "yank"), initial={"reason": shown.yanked_reason}, label_suffix=""),
            lambda said: actions.yank_release(name, version, reason=said["reason"], actor=actor),
            _("%(what)s is yanked.") % what,
            request.path,
        ),
        "unyank": Deed(
            Form(sent_for(request, "unyank")),
            lambda _said: actions.unyank_release(name, version, actor=actor),
            _("%(what)s is no longer yanked.") % what,
            request.path,
        ),
        "delete": Deed(
            ConfirmForm(sent_for(request, "delete"), expected=shown.version),
            lambda _said: actions.delete_release(name, version, actor=actor),
            _("%(what)s is deleted.") % what,
            _address("project", managed),
        ),
    }
    done = perform(request, deeds)
    if done is not None:
        return done
    files = queries.list_managed_files(managed, shown.version, public_path=_public_path(request))
    return _show(request, "release", managed, {"release": shown, "files": files}, deeds)


@require_http_methods(_METHODS)
@people_only
def file(request: HttpRequest, name: str, filename: str) -> HttpResponse:
    """Show one file; yank it, take that back, delete it."""
    actor = get_actor(request)
    managed = queries.get_managed_project(name, actor=actor)
    shown = queries.get_managed_file(managed, filename, public_path=_public_path(request))
    what = {"what": shown.filename}
    deeds = {
        "yank": Deed(
            ReasonForm(sent_for(request, "yank"), initial={"reason": shown.yanked_reason}, label_suffix=""),
            lambda said: actions.yank_file(name, filename, reason=said["reason"], actor=actor),
            _("%(what)s is yanked.") % what,
            request.path,
        ),
        "unyank": Deed(
            Form(sent_for(request, "unyank")),
            lambda _said: actions.unyank_file(name, filename, actor=actor),
            _("%(what)s is no longer yanked.") % what,
            request.path,
        ),
        "delete": Deed(
            ConfirmForm(sent_for(request, "delete"), expected=shown.filename),
            lambda _said: actions.delete_file(name, filename, actor=actor),
            _("%(what)s is deleted, and its name stays taken.") % what,
            _address("release", managed, version=shown.version),
        ),
    }
    return perform(request, deeds) or _show(request, "file", managed, {"file": shown}, deeds)


@require_http_methods(_METHODS)
@people_only
def settings(request: HttpRequest, name: str) -> HttpResponse:
    """Show a project's status and limits; change the status, delete the project."""
    actor = get_actor(request)
    managed = queries.get_managed_project(name, actor=actor)
    before = {"status": managed.status, "reason": managed.status_reason}
    deeds = {
        "status": Deed(
            StatusForm(sent_for(request, "status"), initial=before, label_suffix=""),
            lambda said: actions.set_project_status(name, said["status"], reason=said["reason"], actor=actor),
            _("The status of %(what)s is changed.") % {"what": managed.name},
            request.path,
        ),
        "delete": Deed(
            ConfirmForm(sent_for(request, "delete"), expected=managed.name),
            lambda _said: actions.delete_project(name, actor=actor),
            _("The project %(what)s is deleted.") % {"what": managed.name},
            reverse("manage:projects"),
        ),
    }
    facts = {
        "contact": whom_to_ask(),
        "closes_after_days": CONFIG.release_closes_after_days,
        "deletion_hours": CONFIG.deletion_hours,
        "deleted_names": CONFIG.deleted_names,
    }
    return perform(request, deeds) or _show(request, "settings", managed, facts, deeds)


@require_safe
@people_only
def history(request: HttpRequest, name: str) -> HttpResponse:
    """Show what happened to a project: who did what, when and from where."""
    actor = get_actor(request)
    managed = queries.get_managed_project(name, actor=actor)
    read = queries.list_project_history(managed, actor=actor, page=read_page(request))
    return _show(request, "history", managed, {"history": read, "lines": tell_all(read.lines)})


def _show(
    request: HttpRequest,
    page: str,
    managed: ManagedProject,
    facts: Mapping[str, Any],
    deeds: Mapping[str, Deed] | None = None,
) -> HttpResponse:
    """Make a page about a project. One that was sent a form is only shown again because something in it is wrong."""
    forms = {name: deed.form for name, deed in (deeds or {}).items()}
    shown = {"project": managed, "part": page, "forms": forms, "deletion_hours": CONFIG.deletion_hours, **facts}
    return render(request, f"manage/{page}.html", shown, status=400 if request.method == "POST" else 200)


def _address(page: str, managed: ManagedProject, **more: str) -> str:
    return reverse(f"manage:{page}", kwargs={"name": managed.normalized_name, **more})


def _public_path(request: HttpRequest) -> str:
    path: str = request.META.get("SCRIPT_NAME", "")
    return path
