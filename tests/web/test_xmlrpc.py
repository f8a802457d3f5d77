"""XML-RPC as mirrors and old tools call it."""

import time
import xmlrpc.client
from itertools import count
from typing import Any

import pytest

from creamery.kernel.limits import Window
from creamery.web.legacy import xmlrpc as door
from tests.factories import create_person, finish_work, publish
from tests.real.changes import set_status, yank_release
from tests.real.distributions import Distribution
from tests.real.inside import Inside

_addresses = count(1)


def call(inside: Inside, method: str, *parameters: Any, path: str = "/pypi", address: str | None = None) -> Any:
    """Call a method. Raises xmlrpc.client.Fault. Each caller has an address of its own unless one is given."""
    body = xmlrpc.client.dumps(parameters, method).encode()
    return read(inside, body, path=path, address=address)


def read(inside: Inside, body: bytes, *, path: str = "/pypi", address: str | None = None) -> Any:
    """Post a body, and read the answer."""
    who = address or f"198.51.100.{next(_addresses) % 250}"
    answer = inside.send("POST", path, headers={"content-type": "text/xml"}, body=body, address=who)
    assert (answer.status, answer.header("content-type")) == (200, "text/xml; charset=utf-8")
    (result,), _ = xmlrpc.client.loads(answer.body)
    return result


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish two projects of one person."""
    ada = create_person("ada")
    topic = [("Classifier", "Topic :: Games"), ("Classifier", "Programming Language :: Python :: 3")]
    for kind in ("wheel", "sdist"):
        publish(Distribution(name="Gouda", summary="A hard cheese.", extra_headers=topic), kind, actor=ada)
    publish(Distribution(name="edam", extra_headers=topic[1:]), actor=ada)
    finish_work()
    return inside


@pytest.mark.parametrize("path", ["/pypi", "/pypi/", "/RPC2"])
def test_it_is_posted_to_three_addresses(shelf: Inside, path: str) -> None:
    """API-046"""
    assert call(shelf, "changelog_last_serial", path=path) == 9


def test_a_mirror_follows_the_serials(shelf: Inside) -> None:
    """API-047, API-052, XR-01, XR-04, MR-01"""
    last = call(shelf, "changelog_last_serial")
    rows = call(shelf, "changelog_since_serial", 0)
    assert [row[4] for row in rows] == list(range(1, last + 1))
    assert [row[3] for row in rows if row[0] == "Gouda"] == [
        "create",
        "add Owner ada",
        "new release",
        "add py3 file gouda-1.0-py3-none-any.whl",
        "add source file gouda-1.0.tar.gz",
    ]
    assert [row[1] for row in rows if row[0] == "Gouda"] == [None, None, "1.0", "1.0", "1.0"]
    assert all(abs(row[2] - time.time()) < 600 for row in rows)
    assert call(shelf, "changelog_since_serial", last - 1) == [rows[-1]]
    assert call(shelf, "changelog_since_serial", last) == []
    assert call(shelf, "list_packages_with_serial") == {"Gouda": 5, "edam": last}


def test_every_visible_change_is_in_the_log(shelf: Inside) -> None:
    """API-053, MR-01, PS-08: archiving and yanking too, so that a mirror learns of them"""
    last = call(shelf, "changelog_last_serial")
    yank_release("gouda", "1.0", "old")
    set_status("gouda", "archived")
    changes = call(shelf, "changelog_since_serial", last)
    assert [(row[0], row[4]) for row in changes] == [("Gouda", last + 1), ("Gouda", last + 2)]
    assert changes[0][3].startswith("yank release")
    set_status("gouda", "quarantined")
    assert call(shelf, "list_packages_with_serial").keys() == {"edam"}


def test_roles_projects_and_classifiers_can_be_asked_for(shelf: Inside) -> None:
    """API-048, XR-02"""
    assert call(shelf, "package_roles", "gouda") == [["Owner", "ada"]]
    assert call(shelf, "user_packages", "ada") == [["Owner", "Gouda"], ["Owner", "edam"]]
    assert call(shelf, "browse", ["Topic :: Games"]) == [["Gouda", "1.0"]]
    assert call(shelf, "browse", ["Programming Language :: Python :: 3"]) == [["Gouda", "1.0"], ["edam", "1.0"]]
    assert call(shelf, "package_roles", "absent") == call(shelf, "user_packages", "nobody") == []


def test_pip_search_finds_by_name_and_summary(shelf: Inside) -> None:
    """XR-03"""
    found = call(shelf, "search", {"name": ["cheese"], "summary": ["cheese"]}, "or")
    assert found == [{"name": "Gouda", "summary": "A hard cheese.", "version": "1.0"}]
    assert call(shelf, "search", {"name": "nothing-like-it"}, "or") == []


GIVEN_UP = ["list_packages", "package_releases", "release_urls", "release_data", "package_data", "package_urls"]
GIVEN_UP += ["top_packages", "changelog", "system.multicall"]


@pytest.mark.parametrize("method", GIVEN_UP)
def test_what_was_given_up_says_what_to_use(inside: Inside, method: str) -> None:
    """API-049, XR-03"""
    with pytest.raises(xmlrpc.client.Fault, match="Use the Simple API or the JSON API") as raised:
        call(inside, method, "x")
    assert raised.value.faultCode == -32500


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("changelog_since_serial", ()),
        ("changelog_since_serial", ("0",)),
        ("changelog_since_serial", (True,)),
        ("changelog_since_serial", (0, 1)),
        ("changelog_last_serial", (1,)),
        ("package_roles", (["gouda"],)),
        ("browse", ("Topic",)),
        ("browse", ([],)),
        ("browse", ([1],)),
        ("search", ("x", "or")),
    ],
)
def test_parameters_are_strictly_typed(inside: Inside, method: str, parameters: tuple[Any, ...]) -> None:
    """API-050"""
    with pytest.raises(xmlrpc.client.Fault, match="client error") as raised:
        call(inside, method, *parameters)
    assert raised.value.faultCode == -32602


def test_an_unknown_method_is_said_to_be_one(inside: Inside) -> None:
    """API-050"""
    with pytest.raises(xmlrpc.client.Fault, match="method not found") as raised:
        call(inside, "no.such_method")
    assert raised.value.faultCode == -32601


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
CALL = b"<methodCall><methodName>changelog_last_serial</methodName></methodCall>"


@pytest.mark.parametrize(
    "body",
    [b"", b"<", b"nonsense", ENTITIES + CALL, b"<a>" * 30_000, b"<x/>", CALL[:-5], b"\xff\xfe", CALL + b"y" * 70_000],
    ids=lambda body: ascii(body[:20]),
)
def test_a_body_that_is_no_call_is_a_fault(inside: Inside, body: bytes) -> None:
    """API-050; entities are refused before anything expands them"""
    with pytest.raises(xmlrpc.client.Fault, match=r"client error|method not found"):
        read(inside, body)


def test_who_calls_too_often_is_told_when_to_come_back(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """API-051, RS-01"""
    assert (door.HOURLY.limit, door.HOURLY.seconds) == (3600, 3600)
    monkeypatch.setattr(door, "HOURLY", Window(limit=3, seconds=3600))
    for _ in range(3):
        call(inside, "changelog_last_serial", address="203.0.113.7")
    with pytest.raises(xmlrpc.client.Fault, match=r"HTTPTooManyRequests.*in 3[56]\d\d seconds"):
        call(inside, "changelog_last_serial", address="203.0.113.7")
    assert call(inside, "changelog_last_serial", address="203.0.113.8") == 0


def test_other_addresses_and_methods_know_no_calls(inside: Inside) -> None:
    """API-046"""
    body = xmlrpc.client.dumps((), "changelog_last_serial").encode()
    assert inside.send("PUT", "/pypi", headers={"content-type": "text/xml"}, body=body).status in (403, 405)
    assert inside.get("/RPC2").status == 405
