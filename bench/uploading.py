"""Uploads as twine sends them, over one connection that stays open."""

import base64
import hashlib
import http.client
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from bench.load import WrongAnswer

_BOUNDARY = "----bench-of-creamery-7f3d"


@dataclass(frozen=True, slots=True)
class Form:
    """One upload, ready to be sent: what is measured is the server, not the making of forms."""

    filename: str
    body: bytes
    file_bytes: int

    @classmethod
    def for_file(cls, path: Path) -> "Form":
        """Make the form that twine makes for a wheel."""
        content = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            member = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            metadata = HeaderParser().parsestr(archive.read(member).decode())
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "filetype": "bdist_wheel",
            "pyversion": path.stem.split("-")[-3],
            "metadata_version": metadata["Metadata-Version"],
            "name": metadata["Name"],
            "version": metadata["Version"],
            "summary": metadata["Summary"] or "",
            "md5_digest": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256_digest": hashlib.sha256(content).hexdigest(),
            "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
        }
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="content"; filename="{path.name}"\r\n'
        kind = "Content-Type: application/octet-stream\r\n\r\n"
        body = b"".join([*parts, head.encode(), kind.encode(), content, f"\r\n--{_BOUNDARY}--\r\n".encode()])
        return cls(path.name, body, len(content))


class Sender:
    """One connection to an upload address."""

    def __init__(self, url: str, username: str, password: str) -> None:
        """Prepare to send; the connection is opened by the first upload."""
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=120)
        self._path = parts.path
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Authorization": f"Basic {credentials}",
        }

    def __enter__(self) -> "Sender":
        """Use the connection for a while."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, form: Form) -> None:
        """
        Send one file, and wait until the server says that it is published.

        Raises:
            WrongAnswer: it was refused.
        """
        self._connection.request("POST", self._path, body=form.body, headers=self._headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status not in (200, 201):
            raise WrongAnswer(f"{form.filename} was refused: {response.status} {text[:300]!r}")
