"""
Files from the disk to the network without a copy through this process: sendfile(2).

uvloop has none, so the socket's number is used beside the transport. That is safe only while the transport has nothing
to write itself, which is waited for first.
"""

import asyncio
import os
import socket
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


def find_socket(transport: asyncio.Transport) -> int | None:
    """Say which socket a connection has whose bytes are the client's; None where they are not, as with TLS."""
    found = transport.get_extra_info("socket")
    if sys.platform != "linux" or found is None or transport.get_extra_info("sslcontext") is not None:
        return None
    return int(found.fileno())


def send_at_once(number: int, head: bytes, file: int, size_bytes: int) -> int:
    """
    Send a head and then so many bytes of a file, as far as goes without waiting. Returns how many bytes of both went out.

    Only for a transport that has nothing to write itself. Raises OSError where the client is gone.
    """
    borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, number)
    sent_bytes = 0
    try:
        # The file follows at once; without the flag the head would go out in a packet of its own.
        sent_bytes = borrowed.send(head, socket.MSG_MORE)
        if sent_bytes == len(head):
            sent_bytes += os.sendfile(number, file, 0, size_bytes)
    except BlockingIOError:
        pass
    finally:
        borrowed.detach()
    return sent_bytes


async def send_file(connection: Connection, file: FileIO, size_bytes: int) -> int:
    """
    Send so many bytes of a file, from where it stands. Returns how many went out: fewer where the client left, or where
    the file ended.
    """
    transport = connection.transport
    transport.set_write_buffer_limits(high=0)
    number = os.dup(transport.get_extra_info("socket").fileno())
    try:
        # With that limit the transport counts as full until it has written all that it was given: the answer's head.
        await connection.flow.drain()
        return await _send(connection, number, file, size_bytes)
    finally:
        os.close(number)
        transport.set_write_buffer_limits()


async def _send(connection: Connection, number: int, file: FileIO, size_bytes: int) -> int:
    begin = file.tell()
    offset, end, advised = begin, begin + size_bytes, begin
    while offset < end and not connection.disconnected:
        if offset >= advised:
            os.posix_fadvise(file.fileno(), offset, AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
            advised = offset + AHEAD_BYTES // 2
        try:
            sent_bytes = os.sendfile(number, file.fileno(), offset, min(PIECE_BYTES, end - offset))
        except BlockingIOError:
            await _wait_until_writable(number)
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


async def _wait_until_writable(number: int) -> None:
    """Wait until the client has taken something, or for a moment."""
    loop = asyncio.get_running_loop()
    is_writable = asyncio.Event()
    loop.add_writer(number, is_writable.set)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await is_writable.wait()
    except TimeoutError:
        return
    finally:
        loop.remove_writer(number)
