"""
Documents of the JSON API that do not lie ready yet: the first reader of a release's has it made here, and whoever asks
for a project's before the worker has come to it. The next ones get it from the read path.
"""

import hashlib

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from creamery.catalog.document_queries import find_project_id
from creamery.publish.json_page import find_project_document, make_release_document
from creamery.spec.simple import find_serial


@require_safe
def project(_request: HttpRequest, name: str) -> HttpResponse:
    """Answer `/pypi/<project>/json` until its document is written. Source: standards.md JS-01 to JS-08."""
    project_id = find_project_id(name)
    return _answer(None if project_id is None else find_project_document(project_id))


@require_safe
def release(_request: HttpRequest, name: str, version: str) -> HttpResponse:
    """Answer `/pypi/<project>/<version>/json`. Source: standards.md JS-01 to JS-08."""
    project_id = find_project_id(name)
    return _answer(None if project_id is None else make_release_document(project_id, version))


def _answer(content: bytes | None) -> HttpResponse:
    if content is None:
        return _headers(JsonResponse({"message": "Not Found"}, status=404))
    response = HttpResponse(content, content_type="application/json")
    response["ETag"] = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    response["X-PyPI-Last-Serial"] = str(find_serial(content))
    return _headers(response)


def _headers(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "X-PyPI-Last-Serial"
    response["Cache-Control"] = "no-cache"
    return response
