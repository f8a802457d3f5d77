"""
The read path: an ASGI application in front of another one.

It answers the Simple API and the files from the store alone, so that installs go on while the database is down, and
hands everything else to the application behind it.
"""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote_from_bytes

from creamery.serve import problems
from creamery.serve.documents import CACHE_BYTES, Documents
from creamery.serve.file_cache import FileCache
from creamery.serve.files import answer_file
from creamery.serve.hits import Hits
from creamery.serve.messages import COMMON_HEADERS, Answer, ASGIApp, Observe, Receive, Request, Scope, Send, raw_path_of
from creamery.serve.pages import answer_document
from creamery.serve.reading import Reading
from creamery.serve.routes import (
    Moved,
    Nowhere,
    Prepared,
    PreparedRelease,
    Route,
    ServedFile,
    SimplePage,
    match,
)
from creamery.serve.sending import send_answer
from creamery.storage.keys import DEFAULT_INDEX
from creamery.storage.notice import Notice
from creamery.storage.store import BlobStore, StoreUnavailable

PAGE_THREADS = 8
_UNSAFE_IN_QUERY = re.compile(rb"[^\x21-\x7e]")
_PREFLIGHT_HEADERS = [
    (b"access-control-allow-headers", b"Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"),
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-max-age", b"86400"),
]

logger = logging.getLogger(__name__)


def _observe_nothing(kind: str, status: int, bytes_sent: int) -> None:
    """Be told, and do nothing."""


class ReadPath:
    """The ASGI application. One belongs to one event loop."""

    def __init__(
        self,
        store: BlobStore,
        *,
        behind: ASGIApp,
        public_path: str = "",
        observe: Observe = _observe_nothing,
        cache_bytes: int = CACHE_BYTES,
        files: FileCache | None = None,
        notice: Notice | None = None,
    ) -> None:
        """
        Serve what lies in the store.

        `public_path` is the path of the public address, `""` or like `/python`. `cache_bytes` of documents are kept in memory;
        `files` keeps what comes from a far store, `notice` tells when this machine wrote to it. Threads are made when first needed.
        """
        self._behind = behind
        self._public_path = public_path.rstrip("/").encode()
        self._observe = observe
        threads = ThreadPoolExecutor(PAGE_THREADS, "serve-pages")
        self._documents = Documents(store, threads, cache_bytes=cache_bytes, files=files, notice=notice)
        self._reading = Reading(store, files, notice)
        self.hits = Hits(self._documents, self._public_path, observe)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        route = match(raw_path_of(scope), self._public_path) if scope["type"] == "http" else None
        if route is None or (scope["method"] == "POST" and _takes_uploads(route)):
            await self._behind(scope, receive, send)
            return
        request = Request.from_scope(scope)
        try:
            answer = await self._answer(route, request)
        except StoreUnavailable as error:
            logger.error("The store is unavailable: %s", error)
            answer = problems.refuse_for_now(request)
        if answer is None:
            await self._behind(scope, receive, send)
            return
        bytes_sent = await send_answer(answer, scope, receive, send, self._reading)
        self._observe(_kind(route), answer.status, bytes_sent)

    async def _answer(self, route: Route, request: Request) -> Answer | None:
        """Make the answer; None if it is for the application behind to make."""
        if request.method not in ("GET", "HEAD"):
            return _answer_options() if request.method == "OPTIONS" else problems.refuse_method(request)
        match route:
            case Moved():
                return self._redirect(route, request)
            case Nowhere():
                return problems.refuse_unknown_page(request)
            case ServedFile():
                return await answer_file(route, request, self._reading)
            case _:
                return await answer_document(route, request, self._documents)

    def _redirect(self, moved: Moved, request: Request) -> Answer:
        """Send the client to the one spelling of an address, whatever it accepts (SH-06), with its query."""
        location = self._public_path + moved.path.encode()
        if request.query:
            location += b"?" + _UNSAFE_IN_QUERY.sub(lambda found: quote_from_bytes(found[0]).encode(), request.query)
        headers = [
            (b"location", location),
            (b"content-length", b"0"),
            (b"cache-control", b"max-age=86400, public"),
            *COMMON_HEADERS,
        ]
        return Answer(301, headers)


def _answer_options() -> Answer:
    return Answer(204, [(b"allow", problems.READ_METHODS), *_PREFLIGHT_HEADERS, *COMMON_HEADERS])


def _takes_uploads(route: Route) -> bool:
    """Say whether upload tools post to this address: the list of projects, which many have in their settings."""
    return route in (SimplePage(DEFAULT_INDEX, None), Moved("/simple/"))


def _kind(route: Route) -> str:
    match route:
        case ServedFile():
            return "metadata" if route.is_metadata else "file"
        case Nowhere():
            return "simple" if route.is_simple else "file"
        case Prepared() | PreparedRelease():
            return "document"
        case _:
            return "simple"
