"""What the letters about projects say, kept as files in `tests/golden/letters/`, and who gets them."""

from pathlib import Path

import pytest

from creamery.accounts.models import Person
from creamery.catalog import mail
from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.mail import Letter
from creamery.catalog.models import Grant, Project
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.letters import write_text
from creamery.kernel.models import LetterRow
from tests.factories import create_person, publish
from tests.golden.golden import FOLDER, check_golden
from tests.real.inside import Inside

TEMPLATES = Path(mail.__file__).parent / "templates" / "letters"
PARTS = {"footer", "reason", "who"}
LETTERS: dict[str, Letter] = {
    "release_yanked": mail.release_yanked("1.0", "Curdles when it is warm: use 1.1"),
    "release_yanked-without-reason": mail.release_yanked("1.0", ""),
    "release_unyanked": mail.release_unyanked("1.0"),
    "file_yanked": mail.file_yanked("gouda-1.0-py3-none-any.whl", "Built on the wrong machine"),
    "file_unyanked": mail.file_unyanked("gouda-1.0-py3-none-any.whl"),
    "file_deleted": mail.file_deleted("gouda-1.0-py3-none-any.whl"),
    "file_deleted-by-the-operator": mail.file_deleted("gouda-1.0-py3-none-any.whl"),
    "release_deleted": mail.release_deleted("1.0"),
    "project_deleted": mail.project_deleted(),
    "status_changed-archived": mail.status_changed("archived", "Eaten up"),
    "status_changed-deprecated": mail.status_changed("deprecated", "Use edam"),
    "status_changed-active": mail.status_changed("active", ""),
    "project_held": Letter("project_held", {"reason": "Who mistypes edam may write it.", "normalized_name": ""}),
    "project_to_decide": Letter("project_to_decide", {"reason": "Who mistypes edam may write it."}),
    "project_released": mail.project_released(),
    "project_refused": mail.project_refused("It is too near to edam."),
}


@pytest.mark.parametrize("case", LETTERS)
def test_a_letter_reads_as_kept(case: str) -> None:
    letter = LETTERS[case]
    facts = {"username": "ada", "role": "owner", "project": "Gouda", "normalized_name": "gouda"}
    actor = "" if case.endswith("by-the-operator") else "grace"
    text = write_text(letter.template, {**facts, **letter.facts, "actor": actor})
    # A dot keeps an empty line where it is.
    lines = [line or "." for line in text.body.splitlines()]
    check_golden(f"letters/{case}.txt", "\n".join([f"Subject: {text.subject}", ".", *lines]))


def test_every_template_is_tried_here() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == {letter.template for letter in LETTERS.values()} | PARTS


def test_every_kept_letter_still_has_its_case() -> None:
    kept = {path.stem for path in (FOLDER / "letters").glob("*.txt") if not path.stem.startswith("account_")}
    assert kept == set(LETTERS)


def list_readers() -> list[tuple[str, str]]:
    """List who got which letter."""
    return sorted(LetterRow.objects.values_list("username", "template"))


def join(person: Actor, role: str) -> None:
    """Give somebody a role in the one project."""
    project = Project.objects.get()
    Grant.objects.create(project=project, person_id=person.person_id or 0, role=role, created_at=clock.now())


def test_everybody_with_a_role_gets_a_letter_whoever_did_it(inside: Inside) -> None:
    """PRJ-009"""
    ada, grace, joan = create_person("ada"), create_person("grace"), create_person("joan")
    create_person("stranger")
    publish("gouda", actor=ada)
    join(grace, "maintainer")
    join(joan, "publisher")
    upkeep.yank_release("gouda", "1.0", actor=ada)
    assert list_readers() == [(name, "release_yanked") for name in ("ada", "grace", "joan")]
    assert set(LetterRow.objects.values_list("facts__actor", flat=True)) == {"ada"}


def test_the_operator_is_not_named(inside: Inside) -> None:
    publish("gouda", actor=create_person("ada"))
    upkeep.delete_project("gouda", actor=CONSOLE)
    assert list_readers() == [("ada", "project_deleted")]
    assert LetterRow.objects.get().facts["actor"] == ""


def test_who_left_or_cannot_be_reached_gets_none(inside: Inside) -> None:
    ada, grace, joan = create_person("ada"), create_person("grace"), create_person("joan", is_verified=False)
    publish("gouda", actor=ada)
    join(grace, "owner")
    join(joan, "owner")
    Person.objects.filter(username="grace").update(is_active=False)
    upkeep.set_project_status("gouda", "archived", actor=ada)
    assert list_readers() == [("ada", "status_changed")]


def test_what_was_so_already_is_told_to_nobody(inside: Inside) -> None:
    ada = create_person("ada")
    publish("gouda", actor=ada)
    for _ in range(3):
        upkeep.yank_release("gouda", "1.0", reason="x", actor=ada)
        upkeep.yank_file("gouda", "gouda-1.0-py3-none-any.whl", actor=ada)
    assert list_readers() == [("ada", "file_yanked"), ("ada", "release_yanked")]
