"""An owner looks after a project: yanks and un-yanks, deletes, says that it is archived; others see, or find nothing."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from creamery.catalog.counting import count_project
from creamery.catalog.models import File, Grant, Project, Release
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.letters import write_text
from creamery.kernel.models import EventRow, LetterRow
from tests.factories import PASSWORD, create_person, create_token, list_events, make_upload
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Inside
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
ROOT = "/manage/projects/gouda/"
RELEASE, FILE = f"{ROOT}releases/1.0/", f"{ROOT}files/gouda-1.0-py3-none-any.whl/"
SETTINGS, HISTORY = f"{ROOT}settings/", f"{ROOT}history/"
REASON = "Holes are missing, see https://gouda.example/holes"
Visit = Callable[[str], Visitor]


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Give the owner of Gouda, which has two releases."""
    person = create_person("ada", password=PASSWORD)
    token = create_token(person).text
    for version in ("1.0", "2.0"):
        assert make_upload(Distribution(name="Gouda", version=version)).send(inside, token).status == 200
    return person


@pytest.fixture
def visit(inside: Inside, ada: Actor) -> Visit:
    """Log in with a role in the project, or with none."""

    def log_in(role: str) -> Visitor:
        visitor = Visitor(inside)
        if role == "nobody":
            return visitor
        if role != "owner":
            person = create_person(f"{role}-of-it", password=PASSWORD)
            if role != "outsider":
                project = Project.objects.get()
                Grant.objects.create(
                    project=project, person_id=person.person_id or 0, role=role, created_at=clock.now()
                )
        assert visitor.log_in("ada" if role == "owner" else f"{role}-of-it").status == 302
        return visitor

    return log_in


@pytest.fixture
def owner(visit: Visit) -> Visitor:
    return visit("owner")


def read_simple(inside: Inside) -> dict[str, Any]:
    """Read what installers are told of the project's files."""
    page = inside.get("/simple/gouda/", accept=SIMPLE_JSON).json()
    return {file["filename"]: file.get("yanked", False) for file in page["files"]}


def list_letters() -> list[tuple[str, str]]:
    about_projects = LetterRow.objects.exclude(template__startswith="account_")
    return list(about_projects.order_by("pk").values_list("username", "template"))


def test_a_release_is_yanked_with_a_reason_and_taken_back(owner: Visitor, inside: Inside) -> None:
    """PRJ-009, ACC-050"""
    assert "Gouda" in owner.get("/manage/projects/").text
    assert f'href="{RELEASE}"' in owner.get("/project/gouda/1.0/").text, "The public page leads an owner here."
    page = owner.follow(owner.send(RELEASE, {"do": "yank", "reason": REASON}))
    assert "Gouda 1.0 is yanked." in page.text
    assert html.escape(REASON) in page.text
    assert read_simple(inside) == {"gouda-1.0-py3-none-any.whl": REASON, "gouda-2.0-py3-none-any.whl": False}
    public = inside.get("/project/gouda/1.0/").text
    assert "This release was yanked" in public
    assert REASON in html.unescape(public)
    assert "/manage/" not in public

    page = owner.follow(owner.send(RELEASE, {"do": "unyank"}))
    assert "Gouda 1.0 is no longer yanked." in page.text
    assert set(read_simple(inside).values()) == {False}
    assert "yanked" not in inside.get("/project/gouda/1.0/").text
    assert list_letters() == [("ada", "release_yanked"), ("ada", "release_unyanked")]
    yanked = LetterRow.objects.get(template="release_yanked")
    assert f"http://localhost:8000{RELEASE}\n" in write_text(yanked.template, {**yanked.facts, "username": "ada"}).body


def test_a_file_is_yanked_alone(owner: Visitor, inside: Inside) -> None:
    """API-019: PEP 592 permits it per file."""
    owner.follow(owner.send(FILE, {"do": "yank", "reason": ""}))
    assert read_simple(inside)["gouda-1.0-py3-none-any.whl"] is True
    assert "Yanked" in owner.get(RELEASE).text
    owner.follow(owner.send(FILE, {"do": "unyank"}))
    assert read_simple(inside)["gouda-1.0-py3-none-any.whl"] is False


def test_a_file_is_deleted_and_its_name_stays_taken(owner: Visitor, inside: Inside, ada: Actor) -> None:
    """PRJ-010, PRJ-013, UPL-059"""
    page = owner.get(FILE)
    assert "Its name stays taken for ever." in page.text
    wrong = owner.send(FILE, {"do": "delete", "confirm": "gouda"})
    assert (wrong.status, "Nothing was deleted." in wrong.text) == (400, True)
    assert len(read_simple(inside)) == 2
    page = owner.follow(owner.send(FILE, {"do": "delete", "confirm": "gouda-1.0-py3-none-any.whl"}))
    assert "gouda-1.0-py3-none-any.whl is deleted, and its name stays taken." in page.text
    assert "deleted; the name stays taken" in page.text
    assert list(read_simple(inside)) == ["gouda-2.0-py3-none-any.whl"]
    again = make_upload(Distribution(name="Gouda", version="1.0")).send(inside, create_token(ada).text)
    assert (again.status, "since been deleted" in again.text) == (409, True)
    assert "was deleted" in owner.get(FILE).text


def test_a_release_is_deleted_and_its_version_stays_taken(owner: Visitor, inside: Inside, ada: Actor) -> None:
    """PRJ-010; PRJ-013: here the version too."""
    page = owner.follow(owner.send(RELEASE, {"do": "delete", "confirm": "1.0"}))
    assert "Gouda 1.0 is deleted." in page.text
    assert "deleted; the version stays taken" in page.text
    assert owner.get(RELEASE).status == inside.get("/project/gouda/1.0/").status == 404
    again = make_upload(Distribution(name="Gouda", version="1.0"), "sdist").send(inside, create_token(ada).text)
    assert (again.status, "never means something else" in again.text) == (400, True)


def test_a_project_is_deleted_when_its_name_is_typed(owner: Visitor, inside: Inside) -> None:
    """PRJ-010"""
    assert owner.send(SETTINGS, {"do": "delete", "confirm": "gouda"}).status == 400
    page = owner.follow(owner.send(SETTINGS, {"do": "delete", "confirm": "Gouda"}))
    assert "The project Gouda is deleted." in page.text
    assert "You have no projects yet." in page.text
    assert inside.get("/project/gouda/").status == inside.get("/simple/gouda/").status == 404
    assert owner.get(ROOT).status == 404


@pytest.mark.parametrize(("status", "words"), [("archived", "is archived"), ("deprecated", "is deprecated")])
def test_the_status_is_changed_with_a_reason(status: str, words: str, owner: Visitor, inside: Inside) -> None:
    page = owner.follow(owner.send(SETTINGS, {"do": "status", "status": status, "reason": "Use edam."}))
    assert "The status of Gouda is changed." in page.text
    public = inside.get("/project/gouda/").text
    assert words in public
    assert "Use edam." in public
    assert inside.get("/simple/gouda/", accept=SIMPLE_JSON).json()["project-status"]["status"] == status
    assert list_letters() == [("ada", "status_changed")]
    again = owner.follow(owner.send(SETTINGS, {"do": "status", "status": status, "reason": "Use edam."}))
    assert "nothing changed" in again.text
    assert len(list_letters()) == 1


def test_a_reason_that_is_too_long_is_said_beside_it(owner: Visitor) -> None:
    page = owner.send(RELEASE, {"do": "yank", "reason": "x" * 600})
    assert (page.status, "500 characters at most" in page.text, 'value="xxx' in page.text) == (400, True, True)
    assert not Release.objects.filter(yanked=True).exists()


@pytest.mark.parametrize("fields", [{}, {"do": "explode"}, {"do": "status", "status": "quarantined"}])
def test_a_form_that_nobody_has_is_refused(fields: dict[str, str], owner: Visitor) -> None:
    assert owner.send(SETTINGS, fields).status == 400
    assert Project.objects.get().status == "active"


def test_the_history_says_who_did_what_when_and_from_where(owner: Visitor, visit: Visit) -> None:
    owner.send(RELEASE, {"do": "yank", "reason": REASON})
    seen = {role: html.unescape(visit(role).get(HISTORY).text).replace("<wbr>", "") for role in ("owner", "maintainer")}
    for page in seen.values():
        assert page.index("Yanked 1.0") < page.index("Uploaded gouda-2.0") < page.index("Created the project Gouda")
        assert REASON in page
        assert "with an API token" in page
        assert "logged in" in page
    assert {role: "127.0.0.1" in page for role, page in seen.items()} == {"owner": True, "maintainer": False}


@pytest.mark.parametrize("role", ["outsider", "nobody"])
def test_who_has_no_role_learns_nothing(role: str, visit: Visit) -> None:
    visitor = visit(role)
    for path in (ROOT, RELEASE, FILE, SETTINGS, HISTORY, "/manage/projects/absent/"):
        answer = visitor.get(path)
        assert answer.status == (404 if role == "outsider" else 302), path
        assert "Gouda" not in answer.text, path


@pytest.mark.parametrize("role", ["maintainer", "publisher"])
def test_other_roles_see_and_may_not_change(role: str, visit: Visit, inside: Inside) -> None:
    """PRJ-001, AZ-9"""
    visitor, before = visit(role), read_simple(inside)
    for path in (ROOT, RELEASE, FILE, SETTINGS, HISTORY):
        page = visitor.get(path)
        assert page.status == 200, path
        assert 'name="do"' not in page.text, path
        assert "is for owners; ask one of them." in page.text
    sent = [
        (RELEASE, {"do": "yank", "reason": "x"}),
        (RELEASE, {"do": "unyank"}),
        (RELEASE, {"do": "delete", "confirm": "1.0"}),
        (FILE, {"do": "yank"}),
        (FILE, {"do": "delete", "confirm": "gouda-1.0-py3-none-any.whl"}),
        (SETTINGS, {"do": "status", "status": "archived"}),
        (SETTINGS, {"do": "delete", "confirm": "Gouda"}),
    ]
    for path, fields in sent:
        answer = visitor.send(path, fields, form_at="/manage/projects/")
        assert answer.status == 403, (path, fields)
    assert read_simple(inside) == before
    assert set(list_events()) & {"catalog.ReleaseYanked", "catalog.FileDeleted", "catalog.ProjectDeleted"} == set()


def test_a_quarantined_project_can_be_looked_at_and_not_changed(owner: Visitor) -> None:
    Project.objects.update(status="quarantined", status_reason="Being looked at")
    for path in (ROOT, RELEASE, FILE, SETTINGS, HISTORY):
        page = owner.get(path)
        assert (page.status, 'name="do"' in page.text, "Being looked at" in page.text) == (200, False, True), path
    assert owner.send(RELEASE, {"do": "yank"}, form_at="/manage/projects/").status == 403


def test_a_page_that_cannot_be_is_400(owner: Visitor) -> None:
    for path in (ROOT, HISTORY, "/manage/projects/"):
        for page in ("0", "-1", "x", "1e3", "99999999"):
            assert owner.get(f"{path}?page={page}").status == 400, (path, page)
    assert owner.get(f"{ROOT}?page=2").status == 404


@pytest.mark.parametrize("path", [RELEASE, FILE, SETTINGS])
def test_a_form_of_another_site_changes_nothing(path: str, owner: Visitor, inside: Inside) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    before = EventRow.objects.count()
    assert inside.post_form(path, {"do": "yank", "reason": ""}, cookie=cookie).status == 403
    assert EventRow.objects.count() == before


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the statements of all threads."""
    noted: list[str] = []
    execute = CursorWrapper.execute

    def noting(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        noted.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noting)
    return noted


@pytest.mark.parametrize("path", ["/manage/projects/", ROOT, RELEASE, SETTINGS, HISTORY, "/account/tokens/"])
def test_a_page_asks_as_often_for_300_releases_as_for_3(path: str, owner: Visitor, statements: list[str]) -> None:
    counts = []
    for releases in (1, 297):
        add_releases(releases)
        assert owner.get(path).status == 200
        statements.clear()
        assert owner.get(path).status == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9, statements


def add_releases(count: int) -> None:
    """Add releases with a file each, and what they leave in the history."""
    project = Project.objects.get()
    begin = Release.objects.count()
    release = Release.objects.filter(project=project)[0]
    file, event = File.objects.filter(project=project)[0], EventRow.objects.filter(name="catalog.FileAdded")[0]
    with transaction.atomic():
        for number in range(begin, begin + count):
            release.pk, file.pk, event.pk = None, None, None
            release.version = release.canonical_version = f"7.{number}"
            release.save()
            file.release, file.filename = release, f"gouda-7.{number}-py3-none-any.whl"
            file.identity = f"{number:064}"
            file.save()
            event.save()
            event.subjects.create(kind="project", subject_id=project.pk)
        count_project(project.pk)
