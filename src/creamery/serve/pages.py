"""Pages of the Simple API: which document, in which form, or that the client has it already."""

from creamery.serve import problems
from creamery.serve.conditional import is_refused, is_unchanged
from creamery.serve.documents import Document, Documents
from creamery.serve.messages import COMMON_HEADERS, Answer, HeaderList, Request
from creamery.serve.negotiate import MediaType, choose_encodings, choose_media_type
from creamery.serve.routes import SimplePage

# To be asked again each time: a just uploaded version must be seen at once, and pip obeys this header (SC-04).
_CACHE_CONTROL = (b"cache-control", b"no-cache")
_PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


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
    encodings = choose_encodings(request.headers.get(b"accept-encoding"))
    document = await documents.find(page.key(media_type.form), encodings, fresh=request.wants_fresh)
    if document is not None:
        return _answer(document, media_type, request)
    if page.name is None:
        return problems.refuse_for_now(request)
    return problems.refuse_unknown_project(request, page.name)


def _answer(document: Document, media_type: MediaType, request: Request) -> Answer:
    etag = f'"{document.digest_hex}{media_type.etag_suffix}"'.encode()
    headers: HeaderList = [(b"etag", etag), _CACHE_CONTROL, problems.VARY, *COMMON_HEADERS]
    if document.serial is not None:
        headers.append((b"x-pypi-last-serial", b"%d" % document.serial))
    if is_refused(request.headers, etag):
        return problems.refuse_precondition(request)
    if is_unchanged(request.headers, etag):
        return Answer(304, headers)
    headers += [
        (b"content-type", media_type.content_type),
        (b"content-length", b"%d" % len(document.content)),
        _PAGE_POLICY,
    ]
    if document.encoding is not None:
        headers.append((b"content-encoding", document.encoding.encode()))
    return Answer(200, headers, document.content)
