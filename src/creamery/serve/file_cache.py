"""
Content of a far store, kept on this machine's disk: as much as fits into a bound, what was not used for longest goes first.

What is kept is named by key and version, so it is never stale; whether that is the version to be sent is asked elsewhere.
The first reader gets the bytes while they arrive, and so does everybody who comes meanwhile: the store is asked once.
Several processes may share the folder. Whatever goes wrong here, the store itself is read instead.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import BinaryIO, cast

from creamery.storage.keys import BlobKey
from creamery.storage.store import BlobStat, BlobStore, StoreUnavailable

FILLS = 4
"""So many things are fetched at the same time; what is asked for beyond that comes straight from the store."""

LARGEST_SHARE = 8
"""What would take more than this part of the room is not kept."""

WAIT_SECONDS = 20.0
_PIECE_BYTES = 256 * 1024
_AHEAD_BYTES = 4 * 1024 * 1024
_USED_SECONDS = 60.0
_LEFT_BEHIND_SECONDS = 3600.0

log = logging.getLogger(__name__)


class Replaced(StoreUnavailable):
    """Something else lies under the key by now."""


class FileCache:
    """One folder of kept content."""

    def __init__(self, store: BlobStore, folder: Path, limit_bytes: int) -> None:
        """Keep at most so many bytes in the folder, which is made when something is kept."""
        self._store = store
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._threads = ThreadPoolExecutor(FILLS, "serve-fill")
        self._lock = threading.Lock()
        self._filling: dict[str, _Fill] = {}
        self._known_bytes = 0
        self._looked_at_bytes: int | None = None

    def open(self, key: BlobKey, stat: BlobStat, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """
        Open what the store has under the key in that version, from the byte at `start`. Blocks.

        Raises:
            NoSuchBlob, StoreUnavailable; Replaced: another version is there.
        """
        name = sha256(f"{key}\0{stat.version}".encode()).hexdigest()
        path = self._folder / name[:2] / name
        return (
            self._open_kept(path, stat, start)
            or self._follow(key, stat, start, path)
            or open_same(self._store, key, stat, start)
        )

    def _open_kept(self, path: Path, stat: BlobStat, start: int) -> AbstractContextManager[BinaryIO] | None:
        try:
            file = cast("BinaryIO", path.open("rb", buffering=0))
        except OSError:
            return None
        with ExitStack() as unless_right:
            unless_right.callback(file.close)
            found = os.fstat(file.fileno())
            if found.st_size != stat.size_bytes:
                return None
            if time.time() - found.st_mtime > _USED_SECONDS:
                with suppress(OSError):
                    os.utime(path)
            file.seek(start)
            unless_right.pop_all()
        return file

    def _follow(self, key: BlobKey, stat: BlobStat, start: int, path: Path) -> "_Follower | None":
        """Read along while the content arrives, if it does, or may; None if the part is not to be expected soon."""
        with self._lock:
            fill = self._filling.get(path.name)
            may_begin = fill is None and start == 0 and len(self._filling) < FILLS
            if may_begin and stat.size_bytes * LARGEST_SHARE <= self._limit_bytes:
                try:
                    fill = self._filling[path.name] = _Fill(self._folder / "arriving", path)
                except OSError as error:
                    log.warning("Nothing can be kept in %s: %s", self._folder, error.strerror)
                    return None
                self._threads.submit(self._fetch, fill, key, stat)
            if fill is None or start > fill.arrived_bytes + _AHEAD_BYTES:
                return None
            return _Follower(fill, self._store, key, stat, start)

    def _fetch(self, fill: "_Fill", key: BlobKey, stat: BlobStat) -> None:
        try:
            self._make_room(stat.size_bytes)
            with open_same(self._store, key, stat) as source:
                while piece := source.read(_PIECE_BYTES):
                    fill.add(piece)
            fill.keep(stat.size_bytes)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who follow read the store themselves.
            log.warning("%s could not be kept: %s", key, error)
        finally:
            with self._lock:
                del self._filling[fill.path.name]
            fill.end()

    def _make_room(self, wanted_bytes: int) -> None:
        """Remove what was not used for longest, if this would not fit; other processes add to the folder as well."""
        with self._lock:
            looked_at_bytes = self._looked_at_bytes
            self._known_bytes += wanted_bytes
            known_bytes, room_bytes = self._known_bytes, self._limit_bytes * 9 // 10
            is_sure = looked_at_bytes is not None and known_bytes - looked_at_bytes < self._limit_bytes // 20
            if is_sure and known_bytes <= room_bytes:
                return
        kept = sorted(_list_kept(self._folder))
        total_bytes = sum(size_bytes for _, size_bytes, _ in kept) + wanted_bytes
        for _, size_bytes, path in kept:
            if total_bytes <= room_bytes:
                break
            with suppress(OSError):
                Path(path).unlink()
                total_bytes -= size_bytes
        with self._lock:
            self._known_bytes = self._looked_at_bytes = total_bytes


def open_same(store: BlobStore, key: BlobKey, stat: BlobStat, start: int = 0) -> AbstractContextManager[BinaryIO]:
    """
    Open that version in the store.

    Raises:
        NoSuchBlob, StoreUnavailable; Replaced: another version is there. What is opened before a look that finds the
            version was that version, since none comes back.
    """
    with ExitStack() as unless_right:
        stream = store.open(key, start)
        unless_right.callback(stream.__exit__, None, None, None)
        if store.stat(key).version != stat.version:
            raise Replaced(f"{key} was replaced.")
        unless_right.pop_all()
    return stream


class _Fill:
    """Content on its way from the store to the disk."""

    def __init__(self, folder: Path, path: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.arrived_bytes = 0
        self.is_over = False
        self.changed = threading.Condition()
        self._temporary = folder / f"{os.getpid()}-{token_hex(8)}"
        self.descriptor = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def add(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        with self.changed:
            self.arrived_bytes += len(piece)
            self.changed.notify_all()

    def keep(self, size_bytes: int) -> None:
        if self.arrived_bytes != size_bytes:
            raise StoreUnavailable(f"It ended after {self.arrived_bytes} of {size_bytes} bytes.")
        # Without this a power cut could leave a file of the right size that holds nothing.
        os.fsync(self.descriptor)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporary.replace(self.path)

    def end(self) -> None:
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)
        with self.changed:
            self.is_over = True
            os.close(self.descriptor)
            self.changed.notify_all()


class _Follower:
    """Reads what arrives as it arrives; where that fails, the rest from the store."""

    def __init__(self, fill: _Fill, store: BlobStore, key: BlobKey, stat: BlobStat, start: int) -> None:
        self._fill, self._store, self._key, self._stat = fill, store, key, stat
        self._at = start
        self._open = ExitStack()
        self._direct: BinaryIO | None = None
        self._descriptor = os.dup(fill.descriptor)
        self._open.callback(os.close, self._descriptor)

    def __enter__(self) -> BinaryIO:
        return cast("BinaryIO", self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def read(self, size: int = -1, /) -> bytes:
        """Read at most so many bytes; none at the end. Blocks until there are some."""
        if self._at >= self._stat.size_bytes:
            return b""
        if self._direct is None and self._wait():
            wanted = self._fill.arrived_bytes - self._at
            piece = os.pread(self._descriptor, wanted if size < 0 else min(size, wanted), self._at)
        else:
            if self._direct is None:
                self._direct = self._open.enter_context(open_same(self._store, self._key, self._stat, self._at))
            piece = self._direct.read(size)
        self._at += len(piece)
        return piece

    def _wait(self) -> bool:
        """Wait for the next bytes. Says whether they have arrived."""
        fill = self._fill
        with fill.changed:
            fill.changed.wait_for(lambda: fill.arrived_bytes > self._at or fill.is_over, WAIT_SECONDS)
            return fill.arrived_bytes > self._at


def _list_kept(folder: Path) -> Iterator[tuple[float, int, str]]:
    """List what is kept: when it was used, its size, its path. Removes what processes that died left half done."""
    for part in _scan(folder):
        for entry in _scan(Path(part.path)):
            # Another process may remove it at this moment.
            with suppress(OSError):
                found = entry.stat()
                if part.name != "arriving":
                    yield found.st_mtime, found.st_size, entry.path
                elif found.st_mtime < time.time() - _LEFT_BEHIND_SECONDS:
                    Path(entry.path).unlink()


def _scan(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
