"""The first person's page: reached by the link that the first start prints, gone once it was used."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creamery.accounts import actions, queries
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Conflict, Invalid
from creamery.web.deeds import put_beside_fields
from creamery.web.look import context
from creamery.web.pages.commands import list_install_commands, list_publish_commands
from creamery.web.people_only import get_actor

TOKEN_DAYS = 90


class FirstPersonForm(forms.Form):
    """
    What a new administrator says about themselves.

    Only what is missing is found here. The rules are the action's, so that all that is wrong is said at once.
    """

    username = forms.CharField(
        label=_("Username"),
        max_length=50,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.CharField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=256,
        help_text=_("At least 12 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def first_person(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for name, address and password; then show the new administrator's first API token, once."""
    queries.require_setup_code(code)
    form = FirstPersonForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            person = actions.create_first_person(code, **form.cleaned_data, actor=get_actor(request))
        except (Invalid, Conflict) as refusal:
            put_beside_fields(form, refusal)
        else:
            return _welcome(request, person_id=person.pk, username=person.username)
    return render(request, "setup/first_person.html", {"form": form}, status=400 if form.is_bound else 200)


def _welcome(request: HttpRequest, *, person_id: int, username: str) -> HttpResponse:
    asked_by = get_actor(request)
    person = Actor(
        kind="person", proof="password", person_id=person_id, username=username, is_staff=True,
        address=asked_by.address, user_agent=asked_by.user_agent, request_id=asked_by.request_id,
    )  # fmt: skip
    expires_at = clock.now() + timedelta(days=TOKEN_DAYS)
    token = actions.create_token(person_id, name="first token", projects=None, expires_at=expires_at, actor=person)
    addresses = context(request)
    page = {
        "username": username,
        "token": token,
        "publish": list_publish_commands(addresses, token=token.text),
        "install": list_install_commands(addresses["simple_url"], "<package>"),
    }
    return render(request, "setup/welcome.html", page)
