"""
Where links in letters lead: a page that says what is about to happen, with a button.

Programs that open every address in a letter do nothing by it.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from creamery.accounts import links
from creamery.accounts.address_actions import confirm_address
from creamery.accounts.freeze_actions import freeze_person
from creamery.catalog.limits import whom_to_ask
from creamery.web.people_only import get_actor


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Ask whether the address is this account's, and confirm it."""
    if request.method == "POST":
        address = confirm_address(code, actor=get_actor(request))
        messages.success(request, _("%(address)s is confirmed.") % {"address": address})
        return redirect("account:addresses")
    username, address = links.whose("confirm", code)
    return render(request, "account/confirm_address.html", {"username": username, "address": address})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest, code: str) -> HttpResponse:
    """Ask whether to freeze the account, and do it."""
    if request.method == "POST":
        username = freeze_person(code, actor=get_actor(request))
        return render(request, "account/frozen.html", {"username": username, "contact": whom_to_ask()})
    username, _address = links.whose("freeze", code)
    return render(request, "account/freeze.html", {"username": username})
