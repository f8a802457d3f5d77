"""
Refusals of the read path: problem details for programs, a small page for people.

Source: RFC 9457; PEP 847. English without Django behind it; the sentences are marked for translators all the same.
"""

import html
import re
from collections.abc import Mapping

import orjson

from creamery.serve.messages import COMMON_HEADERS, Answer, HeaderList, Request
from creamery.spec.problems import N_, fill, shorten

RETRY_SECONDS = 5
READ_METHODS = b"GET, HEAD, OPTIONS"
VARY = (b"vary", b"Accept, Accept-Encoding")

_PAGE_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}
:root {{ color-scheme: light dark }}</style></head>
<body><main><h1>{title}</h1><p>{detail}</p></main></body>
</html>
"""


def refuse_unknown_project(request: Request, name: str) -> Answer:
    """Make the answer for a project that this index does not have."""
    detail = N_("This index has no project named {name}.")
    return _refuse(request, 404, N_("No such project"), detail, {"name": name})


def refuse_unknown_page(request: Request) -> Answer:
    """Make the answer for an address that names nothing."""
    return _refuse(request, 404, N_("No such page"), N_("Nothing can be found at this address."), {})


def refuse_unknown_file(request: Request, filename: str) -> Answer:
    """Make the answer for a file that is not here, or not with that digest."""
    detail = N_("This index has no file {filename} with the digest that the address names.")
    return _refuse(request, 404, N_("No such file"), detail, {"filename": filename})


def refuse_method(request: Request) -> Answer:
    """Make the answer to a method that reads do not know."""
    detail = N_("{method} is not possible here. Read with GET or HEAD; upload to /legacy/.")
    more = [(b"allow", READ_METHODS)]
    return _refuse(request, 405, N_("Method not allowed"), detail, {"method": request.method}, more)


def refuse_media_types(request: Request) -> Answer:
    """Make the answer for a client that accepts none of the forms that there are."""
    detail = N_(
        "Pages are application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html or text/html; "
        "name one of them in the Accept header."
    )
    return _refuse(request, 406, N_("Not acceptable"), detail, {})


def refuse_precondition(request: Request) -> Answer:
    """Make the answer where what the client expects to be here is not what is here."""
    detail = N_("What is stored here is not what the request's conditions name.")
    return _refuse(request, 412, N_("Precondition failed"), detail, {})


def refuse_range(request: Request, size_bytes: int) -> Answer:
    """Make the answer to a range behind the last byte."""
    more = [(b"content-range", b"bytes */%d" % size_bytes)]
    detail = N_("The file has {size} bytes.")
    return _refuse(request, 416, N_("Range not satisfiable"), detail, {"size": size_bytes}, more)


def refuse_for_now(request: Request) -> Answer:
    """Make the answer while the store cannot be reached, or a page that must exist was not written yet."""
    more = [(b"retry-after", b"%d" % RETRY_SECONDS)]
    detail = N_("The index cannot read its storage at the moment. Try again in {seconds} seconds.")
    return _refuse(request, 503, N_("Storage unavailable"), detail, {"seconds": RETRY_SECONDS}, more)


def _refuse(
    request: Request,
    status: int,
    title: str,
    detail: str,
    params: Mapping[str, str | int],
    more: HeaderList | None = None,
) -> Answer:
    sentence = fill(detail, params)
    if _is_browser(request.headers.get(b"accept", b"")):
        content_type = b"text/html; charset=utf-8"
        body = _PAGE.format(title=html.escape(title), detail=html.escape(sentence)).encode()
    else:
        content_type = b"application/problem+json"
        body = orjson.dumps({"title": title, "status": status, "detail": sentence})
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", _PAGE_POLICY),
        VARY,
        *COMMON_HEADERS,
        *(more or []),
    ]
    return Answer(status, headers, body, _reason(sentence))


def _is_browser(accept: bytes) -> bool:
    """Say whether a person will read the answer: HTML is asked for, and no form that only programs know."""
    return b"text/html" in accept and b"vnd.py" not in accept


def _reason(sentence: str) -> str:
    """Make a reason phrase of a sentence: printable ASCII on one line. Source: RFC 9112, section 4."""
    return shorten(re.sub(r"[^\x20-\x7e]", "?", sentence), 150).replace("\u2026", "...")
