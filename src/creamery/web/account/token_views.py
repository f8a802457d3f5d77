"""A person's own API tokens: list, make, revoke."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from creamery.accounts import actions, queries
from creamery.accounts.actions import NewToken
from creamery.kernel import clock
from creamery.kernel.refusals import Invalid
from creamery.web.deeds import put_beside_fields
from creamery.web.look import context
from creamery.web.pages.commands import list_publish_commands
from creamery.web.people_only import get_actor, people_only

LIFETIMES = [("7", gettext_lazy("7 days")), ("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")),
             ("365", gettext_lazy("a year"))]  # fmt: skip


class TokenForm(forms.Form):
    """What a new token is for. The rules are the action's."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("What it is for, such as “release job of gouda”."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    project = forms.CharField(
        label=gettext_lazy("Project"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "The one project that it may publish to. Leave it empty only if you need a token for all that you may publish to."
        ),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    lifetime = forms.ChoiceField(label=gettext_lazy("Works for"), choices=LIFETIMES, initial="90")


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens that work, and make a new one, whose text is shown once."""
    initial = {"project": request.GET.get("project", "")[:200]}
    form = TokenForm(request.POST if request.method == "POST" else None, initial=initial, label_suffix="")
    if form.is_bound and form.is_valid():
        try:
            return _show_once(request, _make(request, **form.cleaned_data))
        except Invalid as refusal:
            put_beside_fields(form, refusal)
    page = {"here": "tokens", "tokens": queries.list_own_tokens(get_actor(request)), "form": form}
    return render(request, "account/tokens.html", page, status=400 if form.is_bound else 200)


@require_POST
@people_only
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Make a token useless."""
    actions.revoke_token(token_id, actor=get_actor(request))
    messages.success(request, _("The token works no more."))
    return redirect("account:tokens")


def _make(request: HttpRequest, *, name: str, project: str, lifetime: str) -> NewToken:
    actor = get_actor(request)
    expires_at = clock.now() + timedelta(days=int(lifetime))
    projects = [project.strip()] if project.strip() else None
    return actions.create_token(actor.person_id or 0, name=name, projects=projects, expires_at=expires_at, actor=actor)


def _show_once(request: HttpRequest, token: NewToken) -> HttpResponse:
    page = {"here": "tokens", "token": token, "publish": list_publish_commands(context(request), token=token.text)}
    return render(request, "account/token.html", page)
