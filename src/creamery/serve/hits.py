"""
Answers that lie ready: what the read path has answered before and would answer again, word for word.

A server may ask here before it makes a task, a scope and messages of a request, which cost more than the answer itself.
Whatever is not plain is left to the application: other methods, other conditions than If-None-Match, bodies, queries,
documents that are not kept or have changed. The heads are made by the same functions as the application's, so the two
cannot differ; the tests ask both the same questions.
"""

from dataclasses import dataclass, replace

from creamery.serve.conditional import is_unchanged
from creamery.serve.documents import Document, Documents
from creamery.serve.messages import Answer, Observe, Request
from creamery.serve.negotiate import choose_encodings, choose_media_type
from creamery.serve.pages import answer_found
from creamery.serve.routes import Prepared, SimplePage, match
from creamery.storage import keys
from creamery.storage.keys import BlobKey

MOST_KNOWN = 4096
LONGEST_TARGET_BYTES = 512
LONGEST_HEADER_BYTES = 512
"""Longer ones are not remembered: nobody shall fill the memory with what only he sends."""

_ACCEPT, _ENCODING, _CONDITION, _WEIGHTY = 1, 2, 3, 4
_MEANINGS = {
    b"accept": _ACCEPT,
    b"accept-encoding": _ENCODING,
    b"if-none-match": _CONDITION,
    b"if-match": _WEIGHTY,
    b"if-unmodified-since": _WEIGHTY,
    b"content-length": _WEIGHTY,
    b"transfer-encoding": _WEIGHTY,
    b"expect": _WEIGHTY,
    b"upgrade": _WEIGHTY,
}
# Where the store is far away, these may ask for its present state.
_MEANINGS_FAR = {
    **_MEANINGS,
    b"authorization": _WEIGHTY,
    b"cookie": _WEIGHTY,
    b"cache-control": _WEIGHTY,
    b"pragma": _WEIGHTY,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer to a GET: `head` are the header lines, without status line and without those of the server."""

    status: int
    head: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class _Known:
    """What is answered for one document to clients that accept the same; the content stays with the documents."""

    key: BlobKey
    digest_hex: str
    kind: str
    etag: bytes
    head: bytes
    head_unchanged: bytes


class Hits:
    """The answers that lie ready, for one event loop."""

    def __init__(self, documents: Documents, public_path: bytes, observe: Observe) -> None:
        """Answer from these documents, and tell `observe` of each answer."""
        self._documents = documents
        self._public_path = public_path
        self._observe = observe
        self._meanings = _MEANINGS if documents.are_near else _MEANINGS_FAR
        self._known: dict[tuple[bytes, bytes | None, bytes | None], _Known] = {}

    def find(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> Hit | None:
        """
        Find the answer to a GET without waiting, or None where the application has to answer.

        `target` is as in the request's first line; header names are in lower case.
        """
        found: list[bytes | None] = [None, None, None, None]
        for name, value in headers:
            meaning = self._meanings.get(name)
            if meaning is not None:
                if meaning == _WEIGHTY or found[meaning] is not None:
                    return None
                found[meaning] = value
        _, accept, encoding, condition = found
        known = self._known.get((target, accept, encoding)) or self._learn(target, accept, encoding)
        document = None if known is None else self._documents.find_at_once(known.key)
        if known is None or document is None:
            return None
        if document.digest_hex != known.digest_hex:
            known = self._learn(target, accept, encoding)
            if known is None or known.digest_hex != document.digest_hex:
                return None
        if condition is not None and is_unchanged({b"if-none-match": condition}, known.etag):
            self._observe(known.kind, 304, 0)
            return Hit(304, known.head_unchanged, b"")
        self._observe(known.kind, 200, len(document.content))
        return Hit(200, known.head, document.content)

    def _learn(self, target: bytes, accept: bytes | None, encoding: bytes | None) -> _Known | None:
        """Make the heads of an answer, and keep them for the next request like this one."""
        sizes = len(target), len(accept or b""), len(encoding or b"")
        if sizes[0] > LONGEST_TARGET_BYTES or max(sizes[1:]) > LONGEST_HEADER_BYTES or b"?" in target:
            return None
        chosen = self._choose(target, accept)
        if chosen is None:
            return None
        key, content_type, etag_suffix, kind = chosen
        best = choose_encodings(encoding)[0]
        key = key if best is None else keys.variant(key, best)
        document = self._documents.find_at_once(key)
        if document is None or document.is_tombstone:
            return None
        known = _make_known(key, document, content_type, etag_suffix, kind)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[target, accept, encoding] = known
        return known

    def _choose(self, target: bytes, accept: bytes | None) -> tuple[BlobKey, bytes, str, str] | None:
        """Say which document, before its encoding, of which type, with which suffix of its ETag, counted as what."""
        route = match(target, self._public_path) if target[:1] == b"/" else None
        match route:
            case SimplePage():
                media_type = choose_media_type(accept)
                if media_type is None:
                    return None
                return route.key(media_type.form), media_type.content_type, media_type.etag_suffix, "simple"
            case Prepared():
                return route.key, route.content_type, "", "document"
            case _:
                return None


def _make_known(key: BlobKey, document: Document, content_type: bytes, etag_suffix: str, kind: str) -> _Known:
    request = Request("GET", {}, b"")
    whole = answer_found(document, content_type, etag_suffix, request)
    etag = dict(whole.headers)[b"etag"]
    unchanged = answer_found(document, content_type, etag_suffix, replace(request, headers={b"if-none-match": etag}))
    return _Known(key, document.digest_hex, kind, etag, _head(whole), _head(unchanged))


def _head(answer: Answer) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in answer.headers)
