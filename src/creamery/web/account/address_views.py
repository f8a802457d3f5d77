"""A person's own e-mail addresses: list, add, confirm again, make the main one, remove."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from creamery.accounts import address_actions as actions
from creamery.accounts import queries
from creamery.kernel.actor import Actor
from creamery.web.deeds import Deed, perform, sent_for
from creamery.web.people_only import get_actor, people_only


class AddressForm(forms.Form):
    """A new address. The rules are the action's."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )


class WhichForm(forms.Form):
    """Which of the addresses."""

    address = forms.IntegerField(widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def addresses(request: HttpRequest) -> HttpResponse:
    """List the addresses, and do what can be done with them."""
    actor = get_actor(request)
    deeds = _deeds(request, actor)
    done = perform(request, deeds)
    if done is not None:
        return done
    page = {
        "here": "addresses",
        "addresses": queries.list_addresses(actor.person_id or 0, actor=actor),
        "form": deeds["add"].form,
    }
    return render(request, "account/addresses.html", page, status=400 if request.method == "POST" else 200)


def _deeds(request: HttpRequest, actor: Actor) -> dict[str, Deed]:
    own = actor.person_id or 0

    def add(said: dict[str, Any]) -> bool:
        actions.add_address(own, said["email"], actor=actor)
        return True

    def ask_again(said: dict[str, Any]) -> bool:
        actions.ask_again(own, said["address"], actor=actor)
        return True

    def remove(said: dict[str, Any]) -> bool:
        actions.remove_address(own, said["address"], actor=actor)
        return True

    sent = _("A letter is on its way there. Open the link in it to confirm the address.")
    return {
        "add": Deed(AddressForm(sent_for(request, "add"), label_suffix=""), add, sent, request.path),
        "ask": Deed(WhichForm(sent_for(request, "ask")), ask_again, sent, request.path),
        "primary": Deed(
            WhichForm(sent_for(request, "primary")),
            lambda said: actions.make_primary(own, said["address"], actor=actor),
            _("Letters about your projects go there from now on."),
            request.path,
        ),
        "remove": Deed(WhichForm(sent_for(request, "remove")), remove, _("The address is removed."), request.path),
    }
