"""Log-in and log-out."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from creamery.accounts import log_in as accounts
from creamery.web import sessions
from creamery.web.people_only import get_actor


class LogInForm(forms.Form):
    """Name and password; whether they go together is asked elsewhere."""

    username = forms.CharField(
        label=_("Username"),
        max_length=50,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; then go on to where the person wanted to be."""
    goal = _local_goal(request)
    if get_actor(request).person_id is not None:
        return redirect(goal)
    form = LogInForm(request.POST or None, label_suffix="")
    status, wait_seconds = 400 if form.is_bound else 200, None
    if form.is_bound and form.is_valid():
        try:
            person = accounts.log_in(**form.cleaned_data, actor=get_actor(request))
        except (accounts.WrongPassword, accounts.TooManyFailures) as refusal:
            form.add_error(None, refusal.headline())
            status, wait_seconds = refusal.status, refusal.retry_after_seconds
        else:
            sessions.begin(request, person, is_staff=person.is_staff)
            return redirect(goal)
    response = render(request, "account/log_in.html", {"form": form, "goal": goal, "here": "log-in"}, status=status)
    if wait_seconds is not None:
        response["Retry-After"] = str(wait_seconds)
    return response


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    accounts.log_out(actor=get_actor(request))
    sessions.end(request)
    return redirect("pages:home")


def _local_goal(request: HttpRequest) -> str:
    """Find where to go afterwards: only addresses of this site count, whoever wrote the link."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_local = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_local else reverse("manage:projects")
