"""What clients see: an uploader's and an installer's requests, over real sockets, with nothing between."""

import gzip
import hashlib
import http.client
import json
import random
import re
from dataclasses import dataclass

import zstandard

from tests.factories import Upload
from tests.real.inside import basic, encode

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
ENCODINGS = ("identity", "gzip", "zstd")
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as a page lists it."""

    path: str
    sha256_hex: str
    has_metadata: bool


def upload(port: int, token: str, what: Upload) -> tuple[int, str]:
    """
    Send an upload. Returns the status and what the answer says became of it; (0, "") when there was no answer.
    """
    content_type, body = encode(what.fields, [what.part()])
    headers = {
        "content-type": content_type,
        "authorization": basic("__token__", token),
        "accept": "application/json",
    }
    try:
        status, answer = ask(port, "POST", "/legacy/", headers, body)
    except (OSError, http.client.HTTPException):
        return 0, ""
    told = json.loads(answer)
    return status, str(told["status"] if status == 200 else told["detail"])


def ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, _decode(content, answer.getheader("content-encoding", ""))
    finally:
        connection.close()


def list_files(port: int, project: str, form: str, rng: random.Random) -> dict[str, Listed]:
    """Read a project's page as it is now, in that form and any encoding; nothing if there is no page."""
    headers = {"accept": form, "accept-encoding": rng.choice(ENCODINGS), "cache-control": "no-cache"}
    status, page = ask(port, "GET", f"/simple/{project}/", headers)
    if status == 404:
        return {}
    assert status == 200, (project, status, page)
    return _read_json(page) if form == JSON else _read_html(page.decode())


def fetch(port: int, path: str) -> bytes | None:
    """Download a file; None if there is none."""
    status, content = ask(port, "GET", path, {})
    assert status in {200, 404}, (path, status, content)
    return content if status == 200 else None


def exists(port: int, path: str) -> bool:
    """Say whether a file could be downloaded."""
    status, _ = ask(port, "HEAD", path, {})
    return status == 200


def path_of(what: Upload) -> str:
    """Say where a file is served."""
    digest = hashlib.sha256(what.content).hexdigest()
    return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{what.filename}"


def _read_json(page: bytes) -> dict[str, Listed]:
    return {
        entry["filename"]: Listed(entry["url"], entry["hashes"]["sha256"], bool(entry.get("core-metadata")))
        for entry in json.loads(page)["files"]
    }


def _read_html(page: str) -> dict[str, Listed]:
    links = re.findall(r'<a href="([^"#]+)#sha256=([0-9a-f]{64})"([^>]*)>([^<]+)</a>', page)
    return {name: Listed(path, digest, "data-core-metadata" in more) for path, digest, more, name in links}


def _decode(content: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(content)
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content
