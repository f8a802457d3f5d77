"""What a page offers to do: a form, an action, a word about it, and where to go on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from creamery.kernel.outbox import run_soon
from creamery.kernel.refusals import Conflict, Invalid, StillOwed, problem_text
from creamery.spec.problems import fill
from creamery.web.pages.errors import error_page


@dataclass(frozen=True, slots=True)
class Deed:
    """
    One thing that can be done on a page. `act` takes what the form has cleaned, and says whether anything changed.

    `said` is told afterwards, on the page `goal`.
    """

    form: forms.Form
    act: Callable[[dict[str, Any]], bool]
    said: str
    goal: str


def sent_for(request: HttpRequest, deed: str) -> Any:
    """Give what was sent, if it was sent for this deed: a page has several forms, and each is filled by its own only."""
    return request.POST if request.method == "POST" and request.POST.get("do") == deed else None


def perform(request: HttpRequest, deeds: Mapping[str, Deed]) -> HttpResponse | None:
    """
    Do what was sent, wait until readers see it, and go on. None where the page has to be shown with what is wrong.

    What the person may not do is refused by the action, whatever the page had offered.
    """
    if request.method != "POST":
        return None
    deed = deeds.get(request.POST.get("do", ""))
    if deed is None:
        return error_page(request, 400)
    if not deed.form.is_valid():
        return None
    try:
        is_changed = deed.act(deed.form.cleaned_data)
    except Invalid as refusal:
        put_beside_fields(deed.form, refusal)
        return None
    if not is_changed:
        messages.info(request, _("That was so already; nothing changed."))
        return HttpResponseRedirect(deed.goal)
    try:
        run_soon()
    except StillOwed:
        messages.warning(request, f"{deed.said} {_('The public pages follow in a few seconds.')}")
    else:
        messages.success(request, deed.said)
    return HttpResponseRedirect(deed.goal)


def put_beside_fields(form: forms.Form, refusal: Invalid | Conflict) -> None:
    """Show each problem of a refusal beside the field that it is about, whose name and value stand there already."""
    for problem in refusal.problems:
        if problem.field in form.fields:
            text = " ".join(fill(_(part), problem.params) for part in (problem.rule, problem.remedy))
            form.add_error(problem.field, text)
        else:
            form.add_error(None, problem_text(problem))
    if not refusal.problems:
        form.add_error(None, refusal.headline())
