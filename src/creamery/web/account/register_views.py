"""Making an account: by a letter to an address, or by an invitation."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from creamery.accounts import registration
from creamery.accounts.letter_limits import TooManyLetters
from creamery.catalog.limits import whom_to_ask
from creamery.kernel.refusals import Conflict, Invalid
from creamery.web.account.address_views import AddressForm
from creamery.web.deeds import put_beside_fields
from creamery.web.people_only import get_actor

METHODS = ["GET", "HEAD", "POST"]


class NewPersonForm(forms.Form):
    """Name and password of a new account. The rules are the action's."""

    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=50,
        help_text=gettext_lazy("Everybody sees it, and it stays."),
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=256,
        help_text=gettext_lazy("At least 12 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


@never_cache
@require_http_methods(METHODS)
def ask(request: HttpRequest) -> HttpResponse:
    """Have a letter sent; the answer is the same whether the address has an account or not."""
    form = AddressForm(request.POST or None, label_suffix="")
    status = 400 if request.method == "POST" else 200
    page = {
        "form": form,
        "is_open": registration.is_open(),
        "is_closed": registration.is_closed(),
        "contact": whom_to_ask(),
    }
    if form.is_bound and form.is_valid():
        try:
            registration.ask_to_register(form.cleaned_data["email"], actor=get_actor(request))
        except Invalid as refusal:
            put_beside_fields(form, refusal)
        except TooManyLetters as refusal:
            form.add_error(None, refusal.headline())
            response = render(request, "account/register.html", page, status=refusal.status)
            response["Retry-After"] = str(refusal.retry_after_seconds)
            return response
        else:
            return render(request, "account/registration_sent.html")
    return render(request, "account/register.html", page, status=status)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(METHODS)
def finish(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a name and a password, of whoever has the link; then have them log in."""
    _purpose, address = registration.find_purpose(code)
    form = NewPersonForm(request.POST or None, label_suffix="")
    if form.is_bound and form.is_valid():
        try:
            registration.register(code, **form.cleaned_data, actor=get_actor(request))
        except (Invalid, Conflict) as refusal:
            put_beside_fields(form, refusal)
        else:
            messages.success(request, _("Your account is made. Log in with its name and password."))
            return redirect("account:log-in")
    status = 400 if request.method == "POST" else 200
    return render(request, "account/new_person.html", {"form": form, "address": address}, status=status)
