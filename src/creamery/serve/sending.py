"""Sending an answer: small ones at once, files piece by piece with flat memory."""

import asyncio
from functools import partial
from io import FileIO
from typing import BinaryIO

from creamery.serve.messages import SENDFILE_EXTENSION, Answer, FilePart, Receive, Scope, Send, start_message
from creamery.serve.reading import Reading
from creamery.storage.store import StoreUnavailable

PIECE_BYTES = 256 * 1024
SMALL_BYTES = 64 * 1024
"""What is read on the event loop; it takes less than handing it to a thread."""


async def send_answer(answer: Answer, scope: Scope, receive: Receive, send: Send, reading: Reading) -> int:
    """
    Send an answer to a GET, HEAD or OPTIONS. Returns how many bytes of body were handed to the server.

    Raises:
        StoreUnavailable: the file broke off. The answer stays unfinished, which makes the server cut the connection,
            so that the client sees a failure and never a short file.
    """
    if isinstance(answer.body, FilePart):
        with answer.body.stream as stream:
            await send(start_message(answer, scope))
            return await _send_part(stream, answer.body.size_bytes, scope, receive, send, reading)
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send(start_message(answer, scope))
    await send({"type": "http.response.body", "body": body})
    return len(body)


async def _send_part(
    stream: BinaryIO, size_bytes: int, scope: Scope, receive: Receive, send: Send, reading: Reading
) -> int:
    """Send a file in the way that costs least: small ones at once, others by the kernel where the server can do that."""
    send_file = scope.get("extensions", {}).get(SENDFILE_EXTENSION)
    if isinstance(stream, FileIO) and size_bytes <= SMALL_BYTES:
        content = stream.read(size_bytes)
        if len(content) < size_bytes:
            raise StoreUnavailable(f"A file ended {size_bytes - len(content)} bytes early.")
        await send({"type": "http.response.body", "body": content})
        return size_bytes
    if isinstance(stream, FileIO) and send_file is not None:
        sent_bytes: int = await send_file(stream, size_bytes)
        if sent_bytes == size_bytes:
            await send({"type": "http.response.body", "body": b"", "sent_bytes": sent_bytes})
        return sent_bytes
    return await _send_stream(stream, size_bytes, receive, send, reading)


async def _send_stream(stream: BinaryIO, size_bytes: int, receive: Receive, send: Send, reading: Reading) -> int:
    # Servers take what is sent to a client that is gone without a word; reading on for it would be wasted.
    gone = asyncio.get_running_loop().create_task(_wait_until_gone(receive))
    sent_bytes = 0
    try:
        while sent_bytes < size_bytes and not gone.done():
            wanted_bytes = min(PIECE_BYTES, size_bytes - sent_bytes)
            piece = await reading.in_thread(partial(stream.read, wanted_bytes))
            if not piece:
                raise StoreUnavailable(f"A file ended {size_bytes - sent_bytes} bytes early.")
            sent_bytes += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": sent_bytes < size_bytes})
    finally:
        gone.cancel()
    return sent_bytes


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
