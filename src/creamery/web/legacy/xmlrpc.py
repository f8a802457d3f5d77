"""
XML-RPC, for the mirrors and tools that still call it.

Source: standards.md XR-01 to XR-03; warehouse-features.md API-046 to API-052.
"""

import xmlrpc.client
from collections.abc import Callable, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from creamery.accounts.queries import find_person_id
from creamery.catalog import document_queries, queries
from creamery.kernel.limits import Window

LONGEST_BODY = 64 * 1024
HOURLY = Window(limit=3600, seconds=3600)
MOST_FOUND = 100

CLIENT_ERROR, GONE, TOO_MANY, UNKNOWN_METHOD = -32602, -32500, -32500, -32601


class Fault(xmlrpc.client.Fault):
    """What is answered instead of a result."""


@csrf_exempt
@require_POST
def xmlrpc_door(request: HttpRequest) -> HttpResponse:
    """Answer one call. Every answer is 200, faults included, as XML-RPC has it."""
    try:
        answer: Any = (_call(request),)
    except xmlrpc.client.Fault as fault:
        answer = fault
    content = xmlrpc.client.dumps(answer, methodresponse=True, allow_none=True)
    return HttpResponse(content, content_type="text/xml; charset=utf-8")


def _call(request: HttpRequest) -> Any:
    wait_seconds = HOURLY.take(request.META.get("REMOTE_ADDR", ""))
    if wait_seconds:
        raise Fault(
            TOO_MANY,
            f"HTTPTooManyRequests: The action could not be performed; try again in {wait_seconds:.0f} seconds.",
        )
    method, parameters = _read(request.body)
    found = METHODS.get(method)
    if found is None:
        raise _no_method(method)
    call, types = found
    if len(parameters) != len(types) or not all(_is_a(p, t) for p, t in zip(parameters, types, strict=True)):
        wanted = ", ".join(t.__name__ for t in types) or "no parameters"
        raise Fault(CLIENT_ERROR, f"client error; {method} takes {wanted}")
    return call(*parameters)


def _read(body: bytes) -> tuple[str, Sequence[Any]]:
    # A document type could define entities that grow without end; XML-RPC has no use for one.
    if len(body) > LONGEST_BODY or b"<!" in body:
        raise Fault(CLIENT_ERROR, f"client error; at most {LONGEST_BODY} bytes, without a document type")
    try:
        parameters, method = xmlrpc.client.loads(body)
    except (ExpatError, xmlrpc.client.Error, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Fault(CLIENT_ERROR, "client error; this is no XML-RPC call") from error
    return method or "", parameters


def _is_a(value: Any, wanted: type) -> bool:
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))


def _no_method(method: str) -> Fault:
    if method in GIVEN_UP:
        return Fault(
            GONE, f"RuntimeError: {method} is no longer supported. Use the Simple API or the JSON API instead."
        )
    return Fault(UNKNOWN_METHOD, f"server error; requested method not found: {method[:100]}")


def changelog_last_serial() -> int:
    """Tell the serial of the last change."""
    return document_queries.current_serial()


def changelog_since_serial(serial: int) -> list[tuple[Any, ...]]:
    """List changes after a serial: name, version, unix time, action, serial; 50,000 at most."""
    rows = queries.list_journal(serial)
    return [(name, version, int(at.timestamp()), action, number) for name, version, at, action, number in rows]


def list_packages_with_serial() -> dict[str, int]:
    """Tell every project's last serial."""
    return document_queries.list_serials()


def package_roles(name: str) -> list[tuple[str, str]]:
    """Tell who has which role in a project."""
    project_id = document_queries.find_project_id(name)
    return [] if project_id is None else document_queries.list_roles(project_id)


def user_packages(username: str) -> list[tuple[str, str]]:
    """Tell the projects of a person, with the role in each."""
    person_id = find_person_id(username)
    return [] if person_id is None else document_queries.list_projects_of(person_id)


def browse(classifiers: list[Any]) -> list[tuple[str, str]]:
    """List the releases that have all these classifiers."""
    if not classifiers or not all(isinstance(classifier, str) for classifier in classifiers):
        raise Fault(CLIENT_ERROR, "client error; browse takes a list of classifiers")
    return document_queries.list_releases_with(classifiers)


def search(wanted: dict[str, Any], operator: str) -> list[dict[str, str]]:
    """Find projects by words in name or summary, as `pip search` asks; `operator` is `and` or `or`."""
    words = [word for field in ("name", "summary") for word in _words(wanted.get(field))]
    asked = [" ".join(words)] if operator == "and" else words
    cards = {card.name: card for text in asked for card in queries.list_projects(text, 1, MOST_FOUND).cards}
    return [{"name": c.name, "summary": c.summary, "version": c.version} for c in list(cards.values())[:MOST_FOUND]]


def _words(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(word for text in texts if isinstance(text, str) for word in text.split()))[:8]


METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "changelog_last_serial": (changelog_last_serial, ()),
    "changelog_since_serial": (changelog_since_serial, (int,)),
    "list_packages_with_serial": (list_packages_with_serial, ()),
    "package_roles": (package_roles, (str,)),
    "user_packages": (user_packages, (str,)),
    "browse": (browse, (list,)),
    "search": (search, (dict, str)),
}
GIVEN_UP = frozenset(
    {
        "list_packages", "package_releases", "release_urls", "release_data", "package_data", "package_urls",
        "top_packages", "changelog", "system.multicall",
    }
)  # fmt: skip
