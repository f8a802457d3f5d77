"""Prepared pages: which document, in which form, or that the client has it already."""

import re
from dataclasses import replace

from creamery.serve import problems
from creamery.serve.conditional import is_refused, is_unchanged
from creamery.serve.documents import Document, Documents
from creamery.serve.messages import COMMON_HEADERS, Answer, FilePart, HeaderList, Request
from creamery.serve.negotiate import choose_encodings, choose_media_type
from creamery.serve.routes import Prepared, PreparedRelease, SimplePage
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import StoreUnavailable

LONG_ATTEMPTS = 5
_VERSION = re.compile(r"[a-z0-9][a-z0-9.!+]{0,199}\Z")
"""What a normalised version looks like, and no key may begin with a dot; others are for the application behind."""

# To be asked again each time: a just uploaded version must be seen at once, and pip obeys this header (SC-04).
_CACHE_CONTROL = (b"cache-control", b"no-cache")
_PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


async def answer_document(
    page: SimplePage | Prepared | PreparedRelease, request: Request, documents: Documents
) -> Answer | None:
    """
    Answer a GET or HEAD of any prepared page; None if it has to be made first.

    Raises:
        StoreUnavailable: the document cannot be read.
    """
    match page:
        case SimplePage():
            return await answer_page(page, request, documents)
        case Prepared():
            return await _answer_prepared(page, request, documents)
        case PreparedRelease():
            return await _find_release(page, request, documents)


async def answer_page(page: SimplePage, request: Request, documents: Documents) -> Answer:
    """
    Answer a GET or HEAD of a page.

    The list of all projects always exists once it was written. Where it is missing the answer is 503, because a
    mirror that was told of an empty index would delete what it has.

    Raises:
        StoreUnavailable: the document cannot be read.
    """
    media_type = choose_media_type(request.headers.get(b"accept"), request.query)
    if media_type is None:
        return problems.refuse_media_types(request)
    key = page.key(media_type.form)
    answer = await _find_answer(key, media_type.content_type, media_type.etag_suffix, request, documents)
    if answer is not None:
        return answer
    if page.name is None:
        return problems.refuse_for_now(request)
    return problems.refuse_unknown_project(request, page.name)


async def _answer_prepared(page: Prepared, request: Request, documents: Documents) -> Answer | None:
    answer = await _find_answer(page.key, page.content_type, "", request, documents)
    if answer is not None:
        return answer
    if page.project is None:
        return problems.refuse_unknown_page(request)
    shown = None if page.page is None else await _find(page.page, request, documents)
    if shown is not None and not shown.is_tombstone:
        # The project is so new that its document is still to be made. A mirror that is told 404 would give it up.
        return None
    return problems.refuse_unknown_project(request, page.project)


async def _find_answer(
    key: BlobKey,
    content_type: bytes,
    etag_suffix: str,
    request: Request,
    documents: Documents,
    *,
    is_packed: bool = True,
) -> Answer | None:
    """Answer with the document of that key, packed as the client likes best if it is packed; None if there is none."""
    encodings = choose_encodings(request.headers.get(b"accept-encoding")) if is_packed else (None,)
    for attempt in range(LONG_ATTEMPTS):
        document = await documents.find(key, encodings, fresh=request.wants_fresh or attempt > 0)
        if document is None or document.is_tombstone:
            return None
        answer = answer_found(document, content_type, etag_suffix, request)
        if document.long is None or answer.status != 200 or request.method == "HEAD":
            return answer
        encoded = key if document.encoding is None else keys.variant(key, document.encoding)
        stream = await documents.open_long(encoded, document)
        if stream is not None:
            return replace(answer, body=FilePart(stream, document.size_bytes))
    raise StoreUnavailable(f"{key} was replaced faster than it could be opened.")


async def _find_release(page: PreparedRelease, request: Request, documents: Documents) -> Answer | None:
    """Find a release's document under the serial of its project's, so that it is never older than that."""
    project = await _find(keys.json_project(page.place, page.name), request, documents)
    if project is None or project.serial is None or not _VERSION.match(page.version):
        return None
    key = keys.json_release(page.place, page.name, page.version, project.serial)
    return await _find_answer(key, b"application/json", "", request, documents, is_packed=False)


async def _find(key: BlobKey, request: Request, documents: Documents) -> Document | None:
    encodings = choose_encodings(request.headers.get(b"accept-encoding"))
    return await documents.find(key, encodings, fresh=request.wants_fresh)


def answer_found(document: Document, content_type: bytes, etag_suffix: str, request: Request) -> Answer:
    """Answer with a document, or that the client has it; the suffix tells its ETag from that of the same bytes as another type."""
    etag = f'"{document.digest_hex}{etag_suffix}"'.encode()
    headers: HeaderList = [(b"etag", etag), _CACHE_CONTROL, problems.VARY, *COMMON_HEADERS]
    if document.serial is not None:
        headers.append((b"x-pypi-last-serial", b"%d" % document.serial))
    if is_refused(request.headers, etag):
        return problems.refuse_precondition(request)
    if is_unchanged(request.headers, etag):
        return Answer(304, headers)
    headers += [
        (b"content-type", content_type),
        (b"content-length", b"%d" % document.size_bytes),
        _PAGE_POLICY,
    ]
    if document.encoding is not None:
        headers.append((b"content-encoding", document.encoding.encode()))
    return Answer(200, headers, document.content)
