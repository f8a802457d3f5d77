"""
Answers that lie ready: what the read path has answered before and would answer again, word for word.

A server may ask here before it makes a task, a scope and messages of a request, which cost more than the answer itself.
Whatever is not plain is left to the application: other methods, other conditions than If-None-Match, bodies, queries,
documents that are not kept or have changed. The heads are made by the same functions as the application's, so the two
cannot differ; the tests ask both the same questions.

Clients of one kind ask for a page in the very same words, so a whole request is remembered with its reply, and need not
even be parsed when it comes again. Whether the document is still the one is asked each time.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import NamedTuple

from creamery.serve.conditional import is_unchanged
from creamery.serve.documents import Document, Documents, OpenFile
from creamery.serve.messages import Answer, Observe, Request
from creamery.serve.negotiate import choose_encodings, choose_media_type
from creamery.serve.pages import answer_found
from creamery.serve.routes import Prepared, SimplePage, match
from creamery.storage import keys
from creamery.storage.keys import BlobKey

MOST_KNOWN = 4096
MOST_REMEMBERED = 4096
LONGEST_TARGET_BYTES = 512
LONGEST_HEADER_BYTES = 512
LONGEST_REQUEST_BYTES = 1024
"""Longer ones are not remembered: nobody shall fill the memory with what only he sends."""

_ACCEPT, _ENCODING, _CONDITION, _WEIGHTY, _SECRET = 1, 2, 3, 4, 5
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
    b"authorization": _SECRET,
    b"cookie": _SECRET,
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
class Reply:
    """
    What is answered with one document to clients that accept the same; the content stays with the documents.

    `head` is the status line with the header lines, without those of the server.
    """

    key: BlobKey
    digest_hex: str
    kind: str
    status: int
    head: bytes


class Hit(NamedTuple):
    """The answer to a GET. `file` holds its body too, if that is large and lies on this machine's disk."""

    reply: Reply
    body: bytes
    file: OpenFile | None
    may_be_remembered: bool = True


@dataclass(frozen=True, slots=True)
class _Known:
    """What is answered to clients that accept the same: to those that have the document already, and to the others."""

    etag: bytes
    whole: Reply
    unchanged: Reply


class Hits:
    """The answers that lie ready, for one event loop."""

    def __init__(self, documents: Documents, public_path: bytes, observe: Observe) -> None:
        """Answer from these documents, and tell `observe` of each answer."""
        self._documents = documents
        self._public_path = public_path
        self._observe = observe
        self._meanings = _MEANINGS if documents.are_near else _MEANINGS_FAR
        self._known: dict[tuple[bytes, bytes | None, bytes | None], _Known] = {}
        self._remembered: dict[bytes, Reply] = {}

    def recall(self, request: bytes) -> Hit | None:
        """Find the answer to a whole request, head and nothing else, that is remembered word for word."""
        reply = self._remembered.get(request)
        return None if reply is None else self._fulfil(reply)

    def remember(self, request: bytes, hit: Hit) -> None:
        """Remember that this whole request has that answer, unless it holds what nobody should keep."""
        if len(request) <= LONGEST_REQUEST_BYTES and hit.may_be_remembered:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[request] = hit.reply

    def find(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> Hit | None:
        """
        Find the answer to a GET without waiting, or None where the application has to answer.

        `target` is as in the request's first line; header names are in lower case.
        """
        found: list[bytes | None] = [None] * 6
        for name, value in headers:
            meaning = self._meanings.get(name)
            if meaning is not None:
                if meaning == _WEIGHTY or found[meaning] is not None:
                    return None
                found[meaning] = value
        _, accept, encoding, condition, _, secret = found
        for find in (self._find_known, self._learn):
            known = find(target, accept, encoding)
            if known is None:
                continue
            has_it = condition is not None and is_unchanged({b"if-none-match": condition}, known.etag)
            hit = self._fulfil(known.unchanged if has_it else known.whole)
            if hit is not None:
                return hit if secret is None else hit._replace(may_be_remembered=False)
        return None

    def _find_known(self, target: bytes, accept: bytes | None, encoding: bytes | None) -> _Known | None:
        return self._known.get((target, accept, encoding))

    def _fulfil(self, reply: Reply) -> Hit | None:
        """Answer with this reply if its document is the present one."""
        document = self._documents.find_at_once(reply.key)
        if document is None or document.digest_hex != reply.digest_hex:
            return None
        body, file = (document.content, document.file) if reply.status == HTTPStatus.OK else (b"", None)
        self._observe(reply.kind, reply.status, len(body))
        return Hit(reply, body, file)

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
    made = [Reply(key, document.digest_hex, kind, one.status, _head(one)) for one in (whole, unchanged)]
    return _Known(etag, *made)


def _head(answer: Answer) -> bytes:
    line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode()
    return line + b"".join(b"%b: %b\r\n" % header for header in answer.headers)
