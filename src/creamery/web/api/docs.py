"""
The description of the API as a page of ours.

The page that comes with django-ninja is a program of a megabyte, which would need a laxer policy for scripts and styles.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the address, or a word behind it."""

    name: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API does."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    body: str
    answer: str
    command: str


class OwnDocs(DocsBase):
    """Makes the page from the same OpenAPI document that programs read."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **_kwargs: Any) -> HttpResponse:
        """Show every operation, with an example to copy."""
        schema = api.get_openapi_schema()
        # The paths begin with the public address's own, if it has one.
        operations = tuple(list_operations(schema, schema["servers"][0]["url"]))
        page = {"operations": operations, "openapi_url": self.get_openapi_url(api, {})}
        return render(request, "api/docs.html", page)


def list_operations(schema: dict[str, Any], host: str) -> Iterator[Operation]:
    """List what an OpenAPI document describes, with a command for each. `host` is a scheme and a host."""
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            yield Operation(
                id=told["operationId"],
                method=method.upper(),
                path=path,
                summary=told["summary"],
                text=told.get("description", ""),
                parameters=tuple(
                    Parameter(p["name"], p["in"], p.get("description") or p["schema"].get("description", ""))
                    for p in told.get("parameters", ())
                ),
                body=_example(body, schema) if body else "",
                answer=_example(told["responses"][200]["content"]["application/json"]["schema"], schema),
                command=_command(method.upper(), f"{host}{path}", has_body=bool(body)),
            )


def _command(method: str, url: str, *, has_body: bool) -> str:
    parts = ["curl", *([] if method == "GET" else [f"-X {method}"]), '-H "Authorization: Bearer $TOKEN"']
    if has_body:
        parts += ['--json \'{"reason": "..."}\'']
    return " ".join([*parts, url])


def _example(found: dict[str, Any], schema: dict[str, Any]) -> str:
    return json.dumps(_outline(found, schema), indent=2, ensure_ascii=False)


def _outline(found: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Say in JSON which fields there are and what is in them."""
    if "$ref" in found:
        return _outline(schema["components"]["schemas"][found["$ref"].rpartition("/")[2]], schema)
    if "allOf" in found:
        return _outline(found["allOf"][0], schema)
    if found.get("type") == "array":
        return [_outline(found["items"], schema)]
    if "properties" in found:
        return {name: _outline(value, schema) for name, value in found["properties"].items()}
    return {"integer": 0, "boolean": True, "object": {}}.get(str(found.get("type")), found.get("format", "text"))
