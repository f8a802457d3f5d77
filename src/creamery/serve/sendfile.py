"""
Files from the disk to the network without a copy through this process: sendfile(2).

uvloop has none, so the socket's number is used beside the transport. That is safe only while the transport has nothing
to write itself, which is waited for first.
"""

import asyncio
import os
import sys
from io import FileIO
from typing import Any, Protocol

PIECE_BYTES = 512 * 1024
"""Between pieces others get their turn; a piece that is not in memory makes everybody wait for the disk."""

AHEAD_BYTES = 4 * 1024 * 1024
"""How far the kernel is asked to read ahead, so that pieces usually are in memory."""

LOOK_SECONDS = 1.0
"""How often it is looked whether a client that takes nothing is still there."""


class Connection(Protocol):
    """What is needed of a connection."""

    transport: asyncio.Transport
    flow: Any
    disconnected: bool


def can_send_files(transport: asyncio.Transport) -> bool:
    """Say whether a connection has a socket whose bytes are the client's: not through TLS."""
    return (
        sys.platform == "linux"
        and transport.get_extra_info("sslcontext") is None
        and transport.get_extra_info("socket") is not None
    )


async def send_file(connection: Connection, file: FileIO, size_bytes: int) -> int:
    """
    Send so many bytes of a file, from where it stands. Returns how many went out: fewer where the client left, or where
    the file ended.
    """
    transport = connection.transport
    transport.set_write_buffer_limits(high=0)
    socket = os.dup(transport.get_extra_info("socket").fileno())
    try:
        # With that limit the transport counts as full until it has written all that it was given: the answer's head.
        await connection.flow.drain()
        return await _send(connection, socket, file, size_bytes)
    finally:
        os.close(socket)
        transport.set_write_buffer_limits()


async def _send(connection: Connection, socket: int, file: FileIO, size_bytes: int) -> int:
    begin = file.tell()
    offset, end, advised = begin, begin + size_bytes, begin
    while offset < end and not connection.disconnected:
        if offset >= advised:
            os.posix_fadvise(file.fileno(), offset, AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
            advised = offset + AHEAD_BYTES // 2
        try:
            sent_bytes = os.sendfile(socket, file.fileno(), offset, min(PIECE_BYTES, end - offset))
        except BlockingIOError:
            await _wait_until_writable(socket)
            continue
        except (BrokenPipeError, ConnectionResetError):
            connection.disconnected = True
            connection.transport.close()
            break
        if not sent_bytes:
            break
        offset += sent_bytes
        if offset < end:
            await asyncio.sleep(0)
    return offset - begin


async def _wait_until_writable(socket: int) -> None:
    """Wait until the client has taken something, or for a moment."""
    loop = asyncio.get_running_loop()
    is_writable = asyncio.Event()
    loop.add_writer(socket, is_writable.set)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await is_writable.wait()
    except TimeoutError:
        return
    finally:
        loop.remove_writer(socket)
