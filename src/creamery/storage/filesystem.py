"""
The blob store in a folder of this machine.

A write goes to a temporary file under `.incoming/` of the same folder, is synchronised, renamed into place, and then
the folder that holds the name is synchronised too. So a reader sees the old content or the new, and after a power
failure the name leads to whole content or is not there.

Several writes at once go through these steps together: a disk that is asked for many things at the same time writes them
in few goes, and a folder that gets several names is synchronised once.

Paths are plain texts here: an upload makes some forty, and objects for them took a tenth of its time.
"""

import errno
import os
import secrets
import stat as stat_bits
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj
from time import time, time_ns
from typing import BinaryIO, ClassVar, cast

from creamery.storage.keys import BlobKey, check_key
from creamery.storage.store import BlobStat, Content, NoSuchBlob, StoreUnavailable, go_on

FILE_MODE = 0o644
FOLDER_MODE = 0o755
COPY_CHUNK_BYTES = 1024 * 1024
_KNOWN_FOLDERS = 20_000
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}


class FilesystemStore:
    """
    Keeps every blob as a file below one folder.

    Source: POSIX, rename(): "a link named newpath shall remain visible throughout".
    """

    is_near: ClassVar[bool] = True

    def __init__(self, root: Path) -> None:
        """
        Open the store in that folder, made when it is not there.

        Raises:
            StoreUnavailable: the folder cannot be made.
        """
        self.root = root.absolute()
        self.incoming = self.root / ".incoming"
        self._prefix = f"{self.root}/"
        self._durable_folders: set[str] = set()
        with _unavailable(self.root):
            self.incoming.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    def put_bytes(self, key: BlobKey, content: bytes) -> None:
        """Store these bytes under the key, replacing what is there."""
        self.put_many({key: content})

    def put_file(self, key: BlobKey, path: Path) -> None:
        """
        Store a finished local file under the key, replacing what is there.

        On the same file system the file is linked and gets this store's mode and the present as its time.
        """
        self.put_many({key: path})

    def copy(self, source: BlobKey, target: BlobKey) -> None:
        """Give the content of one key a second name. Raises NoSuchBlob."""
        self.put_many({target: source})

    def put_many(self, contents: Mapping[BlobKey, Content], *, before_each: Callable[[], None] = go_on) -> None:
        """Store all of these: first the contents, then the names one after the other, then their folders. Raises NoSuchBlob."""
        targets = {key: self._path(key) for key in contents}
        with ExitStack() as stack:
            staged = {key: self._stage(key, content, stack) for key, content in contents.items()}
            with _unavailable(", ".join(contents)):
                _sync(file.fileno() for _, file in staged.values() if file is not None)
            named: list[str] = []
            try:
                for key, (temporary, _) in staged.items():
                    before_each()
                    with _unavailable(key):
                        self._rename(temporary, targets[key])
                    named.append(_folder_of(targets[key]))
            finally:
                with _unavailable(", ".join(contents)):
                    self._sync_folders(named)

    def _stage(self, key: BlobKey, content: Content, stack: ExitStack) -> tuple[str, BinaryIO | None]:
        """Make the temporary file of one write, and open it where it has to be synchronised."""
        if isinstance(content, Path):
            content = content.resolve(strict=True)
        with _unavailable(key):
            temporary = f"{self.incoming}/{os.getpid()}-{secrets.token_hex(8)}"
            # Also after success: renaming a link onto another link of the same file does nothing and leaves both.
            stack.callback(_remove, temporary)
            if isinstance(content, bytes):
                file = stack.enter_context(_create(temporary))
                file.write(content)
                _finish(file)
                return temporary, file
            if isinstance(content, Path):
                origin = str(content)
                return temporary, _adopt(origin, temporary, stack) or _copy_content(origin, temporary, stack)
            try:
                origin = self._path(content)
                # What another key holds is on the disk already.
                return temporary, None if _link(origin, temporary) else _copy_content(origin, temporary, stack)
            except _ABSENT:
                raise self._missing(content) from None

    def read(self, key: BlobKey) -> bytes:
        """Read a whole blob. Raises NoSuchBlob."""
        with _unavailable(key), self.open(key) as file:
            return file.read()

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Open a blob for reading from the byte at `start`; what was opened stays whole when it is replaced."""
        path = Path(self._path(key))
        with _unavailable(key):
            try:
                # Unbuffered: readers ask for large pieces, and a buffer would copy them once more.
                file = cast("BinaryIO", path.open("rb", buffering=0))
            except _ABSENT:
                raise self._missing(key) from None
            file.seek(start)
        return file

    def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of a blob. Raises NoSuchBlob."""
        # Asked on every read of a page: a Path or another context manager here would cost more than the call itself.
        try:
            found = os.stat(self._path(key))
        except _ABSENT:
            raise self._missing(key) from None
        except OSError as error:
            raise _said(error, key) from error
        if not stat_bits.S_ISREG(found.st_mode):
            raise NoSuchBlob(key)
        return BlobStat(found.st_size, version_of(found), datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: BlobKey) -> None:
        """Remove a blob's name, for good: a crash does not bring it back."""
        path = self._path(key)
        with _unavailable(key):
            try:
                os.unlink(path)
            except _ABSENT:
                missing = self._missing(key)
                if isinstance(missing, StoreUnavailable):
                    raise missing from None
                return
            _sync_folder(_folder_of(path))

    def list(self, prefix: str) -> Iterator[BlobKey]:
        """List the keys that begin with the prefix, in no promised order."""
        folder, _, _ = prefix.rpartition("/")
        start = self._path(BlobKey(folder)) if folder else str(self.root)
        with _unavailable(prefix):
            for path in _walk(start, str(self.incoming)):
                key = path.removeprefix(self._prefix)
                if key.startswith(prefix):
                    yield BlobKey(key)

    def local_path(self, key: BlobKey) -> Path:
        """Say where a blob lies on this machine's disk; checks nothing."""
        return Path(self._path(key))

    def sweep_incoming(self, older_than_seconds: float) -> int:
        """Remove temporary files that writers who died left behind, when older than that; say how many."""
        oldest_kept = time() - older_than_seconds
        removed = 0
        with _unavailable(".incoming"), os.scandir(self.incoming) as entries:
            for entry in entries:
                # A living writer renames or removes its own file meanwhile, which is as good.
                with suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False) and entry.stat().st_ctime <= oldest_kept:
                        Path(entry.path).unlink()
                        removed += 1
        return removed

    def _path(self, key: BlobKey) -> str:
        return self._prefix + check_key(key)

    def _missing(self, key: BlobKey) -> NoSuchBlob | StoreUnavailable:
        """
        Tell an absent blob from an absent disk.

        A folder whose disk is not mounted is empty. Saying "no such blob" then would make installers believe that the
        project does not exist and take it from another index.
        """
        with suppress(OSError):
            if self.incoming.is_dir():
                return NoSuchBlob(key)
        return StoreUnavailable(errno.ENODEV, "The store's folder is gone", str(self.root))

    def _rename(self, temporary: str, target: str) -> None:
        try:
            os.replace(temporary, target)
        except FileNotFoundError:
            self._make_folder(_folder_of(target))
            os.replace(temporary, target)

    def _make_folder(self, folder: str) -> None:
        if folder.startswith(self._prefix):
            self._make_folder(_folder_of(folder))
            with suppress(FileExistsError):
                os.mkdir(folder)
                os.chmod(folder, FOLDER_MODE)

    def _sync_folders(self, folders: Iterable[str]) -> None:
        """
        Synchronise the folders, and those above them that this process has not seen on the disk yet.

        Another process may have made a folder and not synchronised its name; what we put in would be lost with it.
        """
        wanted = dict.fromkeys(folders)
        new: dict[str, None] = {}
        for folder in list(wanted):
            part = folder
            # A folder that was seen there was seen with all that are above it.
            while part.startswith(self._prefix) and part not in self._durable_folders and part not in new:
                new[part] = None
                part = _folder_of(part)
                wanted[part] = None
        for folder in wanted:
            _sync_folder(folder)
        if len(self._durable_folders) >= _KNOWN_FOLDERS:
            self._durable_folders.clear()
        self._durable_folders.update(new)


def find_version(path: str) -> str | None:
    """Say which version of a blob lies at a path that `local_path` named, for less than `stat`; None where none can be read."""
    try:
        return version_of(os.stat(path))
    except OSError:
        return None


def version_of(found: os.stat_result) -> str:
    """Say which version of a blob a file is."""
    return f"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"


@contextmanager
def _unavailable(about: object) -> Iterator[None]:
    """Say in this store's words that the disk is full, broken, read-only or forbidden."""
    try:
        yield
    except (StoreUnavailable, NoSuchBlob):
        raise
    except OSError as error:
        raise _said(error, about) from error


def _said(error: OSError, about: object) -> StoreUnavailable:
    return StoreUnavailable(error.errno, error.strerror or str(error), str(about))


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _create(path: str) -> BinaryIO:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def _finish(file: BinaryIO) -> None:
    """
    Give a file its mode and time, as the last thing before its content is put on the disk.

    The time is set because that of the kernel moves in steps of milliseconds: within one step an inode may be freed
    and used again, and two contents would have the same version.
    """
    if file.writable():
        file.flush()
    os.fchmod(file.fileno(), FILE_MODE)
    now = time_ns()
    os.utime(file.fileno(), ns=(now, now))


def _adopt(path: str, temporary: str, stack: ExitStack) -> BinaryIO | None:
    """Link a local file into the store; None if it cannot be linked."""
    if not _link(path, temporary):
        return None
    try:
        file = stack.enter_context(os.fdopen(os.open(temporary, os.O_RDONLY | os.O_CLOEXEC), "rb"))
        _finish(file)
    except PermissionError:
        os.unlink(temporary)
        return None
    return file


def _link(source: str, target: str) -> bool:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in _CANNOT_LINK:
            return False
        raise
    return True


def _copy_content(source: str, temporary: str, stack: ExitStack) -> BinaryIO:
    with open(source, "rb") as origin:
        file = stack.enter_context(_create(temporary))
        copyfileobj(origin, file, COPY_CHUNK_BYTES)
    _finish(file)
    return file


def _sync(descriptors: Iterable[int]) -> None:
    """
    Put the content of all of these on the disk.

    The disk is told of all before the first is waited for: then it writes them in one go, and the others are there by the
    time they are asked for. Threads that wait for one each take as long, and cost twice as much.
    """
    waiting = list(descriptors)
    if len(waiting) > 1 and hasattr(os, "posix_fadvise"):
        for descriptor in waiting:
            # To a kernel that is to drop what it keeps of a file this means: begin to write what is not written yet.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    for descriptor in waiting:
        os.fsync(descriptor)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: str, skipped: str) -> Iterator[str]:
    """List the files below a folder; with a stack, so that it neither loads nor recurses through millions."""
    waiting = [folder]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except _ABSENT:
            continue
        with entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    yield entry.path
                elif entry.path != skipped:
                    waiting.append(entry.path)
