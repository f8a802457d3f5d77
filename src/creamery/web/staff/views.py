"""What the staff has an eye on: what is held, work that fails, letters that reached nobody, limits of projects and people."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from creamery.accounts.actions import retry_letters
from creamery.accounts.queries import list_letters
from creamery.catalog.held_actions import refuse_project, release_project
from creamery.catalog.limit_actions import remove_limit, set_limit
from creamery.catalog.limits import list_limits
from creamery.catalog.upkeep_queries import list_held
from creamery.config import MEBIBYTE
from creamery.kernel.actor import Actor
from creamery.kernel.outbox import backlog
from creamery.web.deeds import Deed, perform, sent_for
from creamery.web.people_only import get_actor, people_only

KINDS = [
    ("file-bytes", gettext_lazy("Largest file, in MB")),
    ("project-bytes", gettext_lazy("Size of a project, in MB")),
    ("new-projects", gettext_lazy("New projects in an hour (people only)")),
]


class HeldForm(forms.Form):
    """Which project is decided about."""

    project = forms.CharField(max_length=200)


class RefuseForm(HeldForm):
    """Why it is refused; its owners read it."""

    reason = forms.CharField(required=False, max_length=2000)


class HolderForm(forms.Form):
    """Which limit, and whose: a project's or a person's."""

    kind = forms.ChoiceField(label=gettext_lazy("Limit"), choices=KINDS)
    project = forms.CharField(label=gettext_lazy("Project"), required=False, max_length=200)
    username = forms.CharField(label=gettext_lazy("Or person"), required=False, max_length=50)


class LimitForm(HolderForm):
    """A limit, with its value."""

    value = forms.IntegerField(
        label=gettext_lazy("Value"), min_value=0, max_value=10**9, help_text=gettext_lazy("0 is no limit.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def home(request: HttpRequest) -> HttpResponse:
    """Show it on one page, and do what can be done about it."""
    actor = get_actor(request)
    page = {
        "here": "staff",
        "held": list_held(actor=actor),
        "letters": list_letters("failed", actor=actor),
        "limits": list_limits(actor=actor),
        "work": backlog(),
    }
    deeds = _deeds(request, actor)
    done = perform(request, deeds)
    forms_by_name = {name: deed.form for name, deed in deeds.items()}
    status = 400 if request.method == "POST" else 200
    return done or render(request, "staff/home.html", {**page, "forms": forms_by_name}, status=status)


def _deeds(request: HttpRequest, actor: Actor) -> dict[str, Deed]:
    return {
        "release": Deed(
            HeldForm(sent_for(request, "release")),
            lambda said: bool(release_project(said["project"], actor=actor)),
            _("The project is published."),
            request.path,
        ),
        "refuse": Deed(
            RefuseForm(sent_for(request, "refuse")),
            lambda said: bool(refuse_project(said["project"], reason=said["reason"], actor=actor)),
            _("The project is refused, and its files are deleted."),
            request.path,
        ),
        "retry": Deed(
            forms.Form(sent_for(request, "retry")),
            lambda _said: bool(retry_letters(actor=actor)),
            _("The letters are in the post once more."),
            request.path,
        ),
        "limit": Deed(
            LimitForm(sent_for(request, "limit"), label_suffix=""),
            lambda said: set_limit(**_in_bytes(said), actor=actor),
            _("The limit is set."),
            request.path,
        ),
        "unlimit": Deed(
            HolderForm(sent_for(request, "unlimit")),
            lambda said: remove_limit(**said, actor=actor),
            _("The usual limit counts again."),
            request.path,
        ),
    }


def _in_bytes(said: dict[str, Any]) -> dict[str, Any]:
    return {**said, "value": said["value"] * (1 if said["kind"] == "new-projects" else MEBIBYTE)}
