"""
The floor of uploads: the same server, receiving, hashing and synchronising, and nothing else.

    python -m bench.floor FOLDER PORT

It reads the form, takes the file through the three digests, and answers when the file is on the disk under its digest.
Nothing is checked, recorded or listed, so nothing that keeps its word after a power cut can be quicker on this server.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn

from creamery import config
from creamery.web.asgi_types import Receive, Scope, Send, header
from creamery.web.multipart_form import FormReader

THREADS = 8
CHUNK_BYTES = 1024 * 1024
MOST_BYTES = 2**40


class Floor:
    """Answers uploads as quickly as they can be kept."""

    def __init__(self, folder: Path) -> None:
        """Keep files below the folder."""
        self._incoming, self._kept = folder / "incoming", folder / "kept"
        self._kept.mkdir(parents=True, exist_ok=True)
        self._pool = ThreadPoolExecutor(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive one upload and answer it; any other request is told that the server is there."""
        if scope["method"] == "POST":
            await self._receive(header(scope, b"content-type"), receive)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _receive(self, content_type: str, receive: Receive) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        reader = FormReader(content_type, folder=self._incoming, max_file_bytes=MOST_BYTES)
        waiting, has_more = bytearray(), True
        while has_more:
            message = await receive()
            waiting += message.get("body", b"")
            has_more = message.get("more_body", False)
            if has_more and len(waiting) >= CHUNK_BYTES:
                await in_thread(self._pool, reader.feed, bytes(waiting))
                waiting.clear()
        await in_thread(self._pool, self._keep, reader, bytes(waiting))

    def _keep(self, reader: FormReader, rest: bytes) -> None:
        reader.feed(rest)
        _form, received = reader.finish()
        with received.path.open("rb") as file:
            os.fsync(file.fileno())
        received.path.rename(self._kept / received.sha256)
        folder = os.open(self._kept, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def main(folder: Path, port: int) -> None:
    """Serve until stopped."""
    config.choose(data=folder)
    config.load_django()
    settings = uvicorn.Config(
        Floor(folder),
        host="127.0.0.1",
        port=port,
        http="creamery.serve.protocol:HttpProtocol",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(settings).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
