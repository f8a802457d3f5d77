"""A person's password: changed by who knows it, or set anew by a link in a letter."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creamery.accounts import links, passwords
from creamery.accounts.letter_limits import TooManyLetters
from creamery.accounts.log_in import TooManyFailures
from creamery.kernel.refusals import Invalid
from creamery.web import sessions
from creamery.web.deeds import put_beside_fields
from creamery.web.people_only import get_actor, people_only

METHODS = ["GET", "HEAD", "POST"]


class NewPasswordForm(forms.Form):
    """A new password. The rules are the action's."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=256,
        help_text=gettext_lazy("At least 12 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class ChangeForm(NewPasswordForm):
    """The present password, and a new one."""

    present = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    field_order = ("present", "password")


class WhomForm(forms.Form):
    """Who has forgotten their password."""

    whom = forms.CharField(
        label=gettext_lazy("Username or e-mail address"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


@sensitive_post_parameters("present", "password")
@require_http_methods(METHODS)
@people_only
def change(request: HttpRequest) -> HttpResponse:
    """Change the password; this session goes on under a new id, all others are over."""
    actor = get_actor(request)
    form = ChangeForm(request.POST or None, label_suffix="")
    status = 400 if request.method == "POST" else 200
    if form.is_bound and form.is_valid():
        try:
            person = passwords.change_password(actor.person_id or 0, **form.cleaned_data, actor=actor)
        except Invalid as refusal:
            put_beside_fields(form, refusal)
        except TooManyFailures as refusal:
            form.add_error(None, refusal.headline())
            status = refusal.status
        else:
            sessions.begin(request, person, is_staff=actor.is_staff)
            messages.success(request, _("Your password is changed. All your other sessions are over."))
            return redirect("account:password")
    return render(request, "account/password.html", {"form": form, "here": "password"}, status=status)


@never_cache
@require_http_methods(METHODS)
def ask(request: HttpRequest) -> HttpResponse:
    """Have a letter sent; the answer is the same whether anybody has the name or not."""
    form = WhomForm(request.POST or None, label_suffix="")
    status = 400 if request.method == "POST" else 200
    if form.is_bound and form.is_valid():
        try:
            passwords.ask_for_reset(form.cleaned_data["whom"], actor=get_actor(request))
        except TooManyLetters as refusal:
            form.add_error(None, refusal.headline())
            response = render(request, "account/forgotten.html", {"form": form}, status=refusal.status)
            response["Retry-After"] = str(refusal.retry_after_seconds)
            return response
        return render(request, "account/letter_sent.html")
    return render(request, "account/forgotten.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(METHODS)
def reset(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a new password, of whoever has the link; then have them log in with it."""
    username, _address = links.whose("reset", code)
    form = NewPasswordForm(request.POST or None, label_suffix="")
    if form.is_bound and form.is_valid():
        try:
            passwords.reset_password(code, form.cleaned_data["password"], actor=get_actor(request))
        except Invalid as refusal:
            put_beside_fields(form, refusal)
        else:
            messages.success(request, _("Your new password is set. Log in with it."))
            return redirect("account:log-in")
    status = 400 if request.method == "POST" else 200
    return render(request, "account/reset.html", {"form": form, "username": username}, status=status)
