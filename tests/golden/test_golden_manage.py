"""The pages of people who have logged in, as files."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.forms import Form
from django.shortcuts import render
from django.template.loader import get_template
from django.test import RequestFactory

from creamery.accounts.queries import AddressLine, TokenLine
from creamery.catalog.events import ProjectCreated
from creamery.catalog.limits import LimitLine
from creamery.catalog.upkeep_queries import HeldProject
from creamery.kernel.actor import Actor
from creamery.kernel.clock import now
from creamery.kernel.events import Event
from creamery.kernel.letters import LetterLine
from creamery.kernel.outbox import Backlog
from creamery.web.account.address_views import AddressForm
from creamery.web.account.password_views import ChangeForm, NewPasswordForm, WhomForm
from creamery.web.account.register_views import NewPersonForm
from creamery.web.account.token_views import TokenForm
from creamery.web.account.views import LogInForm
from creamery.web.manage.forms import ConfirmForm, ReasonForm, StatusForm
from creamery.web.manage.history_words import SENTENCES, tell_all
from creamery.web.staff.views import LimitForm
from tests.golden.golden import check_golden
from tests.web.managed_samples import (
    ADA,
    FILE,
    FILES,
    FROZEN,
    GOUDA,
    HISTORY,
    OWN,
    RELEASE,
    RELEASES,
    SEEN,
    STAFF,
    YANKED,
)
from tests.web.samples import WHEN

UPKEEP = {"yank": ReasonForm(None, label_suffix=""), "unyank": Form(), "delete": ConfirmForm(None, expected="2.1")}
WRONG = ConfirmForm({"confirm": "gouda"}, expected="Gouda")
SETTINGS = {
    "contact": "help@idx.example", "closes_after_days": 14, "deletion_hours": 72, "deleted_names": "owners",
    "forms": {"status": StatusForm(None, initial={"status": "active"}, label_suffix=""), "delete": WRONG},
}  # fmt: skip
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "projects": ("manage/projects.html", {"own": OWN, "here": "projects"}),
    "projects-none": ("manage/projects.html", {"own": replace(OWN, projects=(), has_more=False)}),
    "project": ("manage/project.html", {"project": GOUDA, "part": "project", "releases": RELEASES}),
    "release": ("manage/release.html", {"project": GOUDA, "release": RELEASE, "files": FILES, "forms": UPKEEP}),
    "release-yanked": ("manage/release.html", {"project": GOUDA, "release": YANKED, "files": (), "forms": UPKEEP}),
    "release-of-a-maintainer": ("manage/release.html", {"project": SEEN, "release": RELEASE, "files": FILES}),
    "file": ("manage/file.html", {"project": GOUDA, "file": FILE, "forms": UPKEEP, "deletion_hours": 1}),
    "file-deleted": ("manage/file.html", {"project": GOUDA, "file": FILES[2], "forms": UPKEEP}),
    "settings": ("manage/settings.html", {"project": GOUDA, "part": "settings", **SETTINGS}),
    "settings-quarantined": ("manage/settings.html", {"project": FROZEN, "part": "settings", **SETTINGS}),
    "history": (
        "manage/history.html",
        {"project": GOUDA, "part": "history", "history": HISTORY, "lines": tell_all(HISTORY.lines)},
    ),
    "log-in": ("account/log_in.html", {"form": LogInForm(label_suffix=""), "goal": "/manage/projects/"}),
    "tokens": (
        "account/tokens.html",
        {
            "form": TokenForm(initial={"project": "gouda"}, label_suffix=""),
            "tokens": [
                TokenLine(1, "weekly build", "ada", ("gouda",), WHEN, now() + timedelta(days=9000), None, WHEN),
                TokenLine(2, "<b>all</b>", "ada", None, WHEN, None, None, None),
                TokenLine(3, "old", "ada", ("gouda", "whey"), WHEN, WHEN, None, WHEN),
            ],
        },
    ),
    "addresses": (
        "account/addresses.html",
        {
            "here": "addresses",
            "addresses": [
                AddressLine(1, "ada@idx.example", True, WHEN),
                AddressLine(2, "ada@home.example", False, WHEN),
                AddressLine(3, "ada@work.example", False, None),
            ],
            "form": AddressForm(label_suffix=""),
        },
    ),
    "confirm-address": ("account/confirm_address.html", {"username": "ada", "address": "ada@home.example"}),
    "password": ("account/password.html", {"here": "password", "form": ChangeForm(label_suffix="")}),
    "forgotten": ("account/forgotten.html", {"form": WhomForm(label_suffix="")}),
    "register": ("account/register.html", {"form": AddressForm(label_suffix=""), "is_open": True}),
    "register-by-invitation": ("account/register.html", {"is_open": False, "contact": "help@idx.example"}),
    "register-closed": ("account/register.html", {"is_open": False, "is_closed": True, "contact": "help@idx.example"}),
    "registration-sent": ("account/registration_sent.html", {}),
    "new-person": ("account/new_person.html", {"address": "ada@idx.example", "form": NewPersonForm(label_suffix="")}),
    "letter-sent": ("account/letter_sent.html", {}),
    "reset": ("account/reset.html", {"username": "ada", "form": NewPasswordForm(label_suffix="")}),
    "freeze": ("account/freeze.html", {"username": "ada"}),
    "frozen": ("account/frozen.html", {"username": "ada", "contact": "help@idx.example"}),
    "staff": (
        "staff/home.html",
        {
            "here": "staff",
            "held": [
                HeldProject("reqeusts", "It is one slip from requests.", ("ada",), ("reqeusts-1.0.tar.gz",), WHEN)
            ],
            "letters": [
                LetterLine(1, "ada", "ada@idx.example", "release_yanked", "failed", WHEN, WHEN, "550 <unknown>")
            ],
            "limits": [
                LimitLine("project-bytes", 5 * 1024**3, "gouda", "", WHEN, "console"),
                LimitLine("new-projects", 0, "", "robot", WHEN, ""),
            ],
            "work": Backlog(waiting=3, failing=1, oldest_seconds=9),
            "forms": {"limit": LimitForm(label_suffix="")},
        },
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_person_reads_as_kept(name: str) -> None:
    template, facts = PAGES[name]
    request = RequestFactory().get("/")
    actor: Actor = STAFF if name == "staff" else ADA
    if "own.html" in get_template(template).template.source:  # type: ignore[attr-defined]
        request.actor = actor  # type: ignore[attr-defined]
    page = render(request, template, facts).content.decode()
    # The one date that moves with the day on which the test runs.
    check_golden(f"manage/{name}.html", page if name != "tokens" else hide_the_far_date(page))


def hide_the_far_date(page: str) -> str:

    return re.sub(r"<time datetime=\"20[5-9][^<]*</time>", "<time>far</time>", page)


def test_every_event_of_a_project_has_words() -> None:
    """A history that shows `catalog.FileYanked` tells nobody anything."""
    about_projects = {
        event.title() for event in Event.__subclasses__() if event.__module__ == ProjectCreated.__module__
    }
    assert about_projects == set(SENTENCES)
