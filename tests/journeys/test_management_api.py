"""A program looks after a project with a token: it sees what its person sees, it yanks, it deletes nothing."""

import json
from typing import Any

import pytest

from creamery.catalog.models import Grant, Project
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.models import EventRow, LetterRow
from tests.factories import PASSWORD, create_person, create_token, list_events, make_upload
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Answer, Inside, basic
from tests.real.visitor import Visitor

ROOT = "/api/v1/projects"
RELEASE, FILE = f"{ROOT}/gouda/releases/1.0", f"{ROOT}/gouda/files/gouda-1.0-py3-none-any.whl"


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Give the owner of Gouda, with two releases, and of whey."""
    person = create_person("ada", password=PASSWORD)
    token = create_token(person).text
    for name, version in (("Gouda", "1.0"), ("Gouda", "2.0"), ("whey", "1.0")):
        assert make_upload(Distribution(name=name, version=version)).send(inside, token).status == 200
    return person


def ask(inside: Inside, method: str, path: str, token: str | None, body: Any = None, **headers: str) -> Answer:
    """Send one request as a program does."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        given.setdefault("authorization", f"Bearer {token}")
    content = b""
    if body is not None:
        given["content-type"], content = "application/json", json.dumps(body).encode()
    return inside.send(method, path, headers=given, body=content)


@pytest.fixture
def token(ada: Actor) -> str:
    return create_token(ada).text


def test_everything_can_be_read(inside: Inside, token: str) -> None:
    projects = ask(inside, "GET", ROOT, token).json()
    assert [(p["name"], p["role"]) for p in projects["projects"]] == [("Gouda", "owner"), ("whey", "owner")]
    project = ask(inside, "GET", f"{ROOT}/gouda", token).json()
    assert (project["status"], project["release_count"], project["may_yank"]) == ("active", 2, True)
    releases = ask(inside, "GET", f"{ROOT}/gouda/releases", token).json()
    assert [release["version"] for release in releases["releases"]] == ["2.0", "1.0"]
    (file,) = ask(inside, "GET", RELEASE, token).json()["files"]
    assert inside.get(file["url"]).status == 200
    lines = ask(inside, "GET", f"{ROOT}/gouda/history", token).json()["lines"]
    assert [line["event"] for line in lines] == ["catalog.FileAdded", "catalog.FileAdded", "catalog.ProjectCreated"]
    assert {line["address"] for line in lines} == {"127.0.0.1"}, "Of one's own acts it may be seen."


@pytest.mark.parametrize("path", [RELEASE, FILE])
def test_a_token_yanks_and_takes_it_back(path: str, inside: Inside, token: str) -> None:
    """API-058, TOK-007: what the largest index does not have."""
    assert ask(inside, "PUT", f"{path}/yank", token, {"reason": "Holes"}).json() == {"changed": True}
    assert read_yanked(inside) == "Holes"
    assert ask(inside, "PUT", f"{path}/yank", token, {"reason": "Holes"}).json() == {"changed": False}
    assert ask(inside, "PUT", f"{path}/yank", token).json() == {"changed": True}, "Without a reason now."
    assert ask(inside, "DELETE", f"{path}/yank", token).json() == {"changed": True}
    assert read_yanked(inside) is False
    row = EventRow.objects.latest("pk")
    assert (row.actor_kind, row.username, row.token_id is not None) == ("token", "ada", True)
    assert LetterRow.objects.filter(template__contains="yanked").count() == 3


def read_yanked(inside: Inside) -> Any:
    """Read what installers are told of the file."""
    page = inside.get("/simple/gouda/", accept=SIMPLE_JSON).json()
    return next(f.get("yanked", False) for f in page["files"] if f["filename"].startswith("gouda-1.0"))


@pytest.mark.parametrize("path", [f"{ROOT}/gouda", RELEASE, FILE, f"{ROOT}/gouda/releases"])
@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
def test_there_is_no_way_to_delete(method: str, path: str, inside: Inside, token: str) -> None:
    assert ask(inside, method, path, token).status in {404, 405}
    assert Project.objects.get(normalized_name="gouda").file_count == 2


@pytest.mark.parametrize("way", ["none", "wrong", "basic-wrong", "session", "revoked"])
def test_whoever_has_no_token_is_401_with_problem_details(way: str, inside: Inside, ada: Actor) -> None:
    given: dict[str, str] = {
        "wrong": {"authorization": "Bearer creamery-nonsense"},
        "basic-wrong": {"authorization": basic("ada", PASSWORD)},
    }.get(way, {})
    if way == "session":
        visitor = Visitor(inside)
        visitor.log_in("ada")
        given = {"cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    for method, path in (("GET", ROOT), ("PUT", f"{RELEASE}/yank")):
        answer = ask(inside, method, path, None, **given)
        told = answer.json()
        assert (answer.status, told["status"], told["refusal"]) == (401, 401, "not-authenticated")
        assert answer.header("content-type") == "application/problem+json"
        assert answer.header("www-authenticate").startswith("Basic")


def test_basic_works_as_for_uploads(inside: Inside, token: str) -> None:
    assert ask(inside, "GET", ROOT, None, authorization=basic("__token__", token)).status == 200


def test_a_token_for_one_project_sees_that_one(inside: Inside, ada: Actor) -> None:
    token = create_token(ada, "whey").text
    assert [p["name"] for p in ask(inside, "GET", ROOT, token).json()["projects"]] == ["whey"]
    for method, path in (("GET", f"{ROOT}/gouda"), ("GET", RELEASE), ("PUT", f"{RELEASE}/yank")):
        assert ask(inside, method, path, token).status == 404
    assert ask(inside, "PUT", f"{ROOT}/whey/releases/1.0/yank", token).status == 200


@pytest.mark.parametrize(("role", "sees", "yanks"), [("maintainer", 200, 403), ("publisher", 200, 403), ("", 404, 404)])
def test_a_token_does_no_more_than_its_person(role: str, sees: int, yanks: int, inside: Inside, ada: Actor) -> None:
    person = create_person()
    if role:
        project = Project.objects.get(normalized_name="gouda")
        Grant.objects.create(project=project, person_id=person.person_id or 0, role=role, created_at=clock.now())
    token = create_token(person).text
    assert ask(inside, "GET", RELEASE, token).status == sees
    assert ask(inside, "PUT", f"{RELEASE}/yank", token).status == yanks
    assert ask(inside, "DELETE", f"{FILE}/yank", token).status == yanks
    assert list_events("catalog.ReleaseYanked", "catalog.FileUnyanked") == []
    if role:
        lines = ask(inside, "GET", f"{ROOT}/gouda/history", token).json()["lines"]
        assert {line["address"] for line in lines} == {""}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("GET", f"{ROOT}?page=0", None, 400, "page"),
        ("GET", f"{ROOT}?page=x", None, 400, "page"),
        ("PUT", f"{RELEASE}/yank", {"reason": "x" * 600}, 400, "reason"),
        ("PUT", f"{RELEASE}/yank", {"reason": 7}, 400, "said.reason"),
        ("GET", f"{ROOT}/absent", None, 404, None),
        ("GET", f"{ROOT}/gouda/releases/9", None, 404, None),
        ("PUT", f"{ROOT}/gouda/files/gouda-9.tar.gz/yank", None, 404, None),
    ],
)
def test_a_mistake_is_named(
    method: str, path: str, body: Any, status: int, field: str | None, inside: Inside, token: str
) -> None:
    answer = ask(inside, method, path, token, body)
    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == ([] if field is None else [field])


def test_a_body_that_is_no_json_is_400(inside: Inside, token: str) -> None:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    assert inside.send("PUT", f"{RELEASE}/yank", headers=headers, body=b"{").status == 400


def test_the_description_is_there_for_programs_and_for_people(inside: Inside) -> None:
    described = inside.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    operations = [told for methods in described["paths"].values() for told in methods.values()]
    assert all(told["summary"] and told["description"] for told in operations)
    assert {"200", "401", "404"} <= {str(status) for told in operations for status in told["responses"]}
    page = inside.get("/api/v1/docs")
    assert page.status == 200
    assert all(told["summary"] in page.text for told in operations)
    assert "http://localhost:8000/api/v1/projects" in page.text
