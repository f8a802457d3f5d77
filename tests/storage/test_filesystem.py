"""What a store in a folder promises besides: links, modes, order of synchronisation, absent and full disks."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from creamery.storage.filesystem import FilesystemStore
from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob, StoreUnavailable

KEY = BlobKey("public/packages/aa/bb/flask-1.0.tar.gz")
BLOB = BlobKey("blobs/aa/bb")


def test_a_file_of_the_same_disk_is_linked_not_copied(folder_store: FilesystemStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    folder_store.put_file(BLOB, path)
    folder_store.copy(BLOB, KEY)
    inodes = {
        path.stat().st_ino,
        folder_store.local_path(BLOB).stat().st_ino,
        folder_store.local_path(KEY).stat().st_ino,
    }
    assert len(inodes) == 1


def test_a_symbolic_link_is_followed_not_stored(folder_store: FilesystemStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"wheel")
    (tmp_path / "link").symlink_to("upload")
    folder_store.put_file(KEY, tmp_path / "link")
    assert not folder_store.local_path(KEY).is_symlink()
    assert folder_store.read(KEY) == b"wheel"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no second file system to copy from")
def test_a_file_of_another_disk_is_copied(folder_store: FilesystemStore) -> None:
    path = Path("/dev/shm") / f"creamery-{os.getpid()}"
    path.write_bytes(b"wheel")
    try:
        folder_store.put_file(KEY, path)
    finally:
        path.unlink()
    assert folder_store.read(KEY) == b"wheel"
    assert not list(folder_store.incoming.iterdir())


def test_what_is_stored_can_be_read_by_any_web_server(folder_store: FilesystemStore, tmp_path: Path) -> None:
    previous = os.umask(0o077)
    try:
        path = tmp_path / "upload"
        path.touch(mode=0o600)
        folder_store.put_file(KEY, path)
        folder_store.put_bytes(BLOB, b"x")
    finally:
        os.umask(previous)
    for key in (KEY, BLOB):
        stored = folder_store.local_path(key)
        assert stat.S_IMODE(stored.stat().st_mode) == 0o644
        parents = [parent for parent in stored.parents if folder_store.root in parent.parents]
        assert {stat.S_IMODE(parent.stat().st_mode) for parent in parents} == {0o755}


def test_no_write_leaves_a_temporary_file(folder_store: FilesystemStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    for _ in range(2):
        folder_store.put_file(KEY, path)
        folder_store.put_bytes(BLOB, b"x")
        folder_store.copy(KEY, BLOB)
        folder_store.copy(KEY, BLOB)
    with pytest.raises(NoSuchBlob):
        folder_store.copy(BlobKey("absent"), KEY)
    folder_store.put_bytes(BlobKey("plain"), b"x")
    with pytest.raises(StoreUnavailable):
        folder_store.put_bytes(BlobKey("plain/below"), b"x")
    assert not list(folder_store.incoming.iterdir())


def test_temporary_files_of_writers_who_died_are_swept_when_old(folder_store: FilesystemStore) -> None:
    (folder_store.incoming / "left").write_bytes(b"half")
    folder_store.put_bytes(KEY, b"x")
    assert folder_store.sweep_incoming(3600) == 0
    assert list(folder_store.list("")) == [KEY]
    assert folder_store.sweep_incoming(0) == 1
    assert folder_store.read(KEY) == b"x"


def test_two_contents_of_one_length_never_share_a_version(folder_store: FilesystemStore) -> None:
    """Inodes are used again and the kernel's clock moves in milliseconds; versions must differ all the same."""
    versions = set()
    for number in range(200):
        folder_store.put_bytes(KEY, b"%03d" % number)
        versions.add(folder_store.stat(KEY).version)
    assert len(versions) == 200


def test_a_stored_file_has_the_time_at_which_it_was_stored(folder_store: FilesystemStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    os.utime(path, (0, 0))
    folder_store.put_file(KEY, path)
    assert abs(folder_store.stat(KEY).modified_at.timestamp() - time.time()) < 5


class Disk:
    """Notes what is asked of the disk, in order, and does it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []
        self._note(monkeypatch, "fsync", lambda descriptor: str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        self._note(monkeypatch, "replace", lambda _source, target: str(target))
        self._note(monkeypatch, "unlink", str)

    def _note(self, monkeypatch: pytest.MonkeyPatch, name: str, describe: Callable[..., str]) -> None:
        real = getattr(os, name)

        def noted(*arguments: object, **options: object) -> object:
            self.calls.append((name, describe(*arguments)))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, noted)

    def names(self, name: str) -> list[str]:
        return [path for called, path in self.calls if called == name]

    def place_of(self, name: str, path: object) -> int:
        return self.calls.index((name, str(path)))


@pytest.mark.parametrize("verb", ["put_bytes", "put_file", "copied"])
def test_content_is_on_the_disk_before_its_name_and_the_name_before_the_answer(
    folder_store: FilesystemStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(b"wheel")
    disk = Disk(monkeypatch)
    match verb:
        case "put_bytes":
            folder_store.put_bytes(KEY, b"wheel")
        case "put_file":
            folder_store.put_file(KEY, upload)
        case _:
            monkeypatch.setattr(os, "link", _refuse_links)
            folder_store.put_file(KEY, upload)
    target = folder_store.local_path(KEY)
    renamed = max(place for place, call in enumerate(disk.calls) if call == ("replace", str(target)))
    before = [path for name, path in disk.calls[:renamed] if name == "fsync"]
    assert any(path.startswith(f"{folder_store.incoming}/") for path in before)
    folders = [target.parent, *[parent for parent in target.parent.parents if parent.is_relative_to(folder_store.root)]]
    after = [path for name, path in disk.calls[renamed:] if name == "fsync"]
    assert sorted(after) == sorted(str(folder) for folder in folders)


def _refuse_links(*_arguments: object, **_options: object) -> None:
    raise OSError(18, "Invalid cross-device link")


def test_a_second_blob_in_a_folder_does_not_synchronise_the_whole_chain(
    folder_store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put_bytes(KEY, b"first")
    disk = Disk(monkeypatch)
    folder_store.put_bytes(BlobKey(KEY + ".metadata"), b"second")
    assert sum(name == "fsync" for name, _ in disk.calls) == 2


def test_many_contents_are_on_the_disk_before_the_first_name_and_a_folder_is_synchronised_once(
    folder_store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [BlobKey(f"public/simple/flask/{name}") for name in ("a", "b", "c")]
    folder_store.put_bytes(keys[0], b"first")
    disk = Disk(monkeypatch)
    folder_store.put_many(dict.fromkeys(keys, b"x"))
    names = [name for name, _ in disk.calls if name != "unlink"]
    assert names == ["fsync"] * 3 + ["replace"] * 3 + ["fsync"]


def test_what_appeared_before_a_failure_is_on_the_disk(
    folder_store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    target = str(folder_store.local_path(KEY))

    def before_each() -> None:
        if target in disk.names("replace"):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        folder_store.put_many({KEY: b"x", BLOB: b"y"}, before_each=before_each)
    last = max(place for place, call in enumerate(disk.calls) if call == ("replace", target))
    assert ("fsync", str(folder_store.local_path(KEY).parent)) in disk.calls[last:]


def test_a_deletion_is_on_the_disk_before_the_answer(
    folder_store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put_bytes(KEY, b"bad")
    disk = Disk(monkeypatch)
    folder_store.delete(KEY)
    target = folder_store.local_path(KEY)
    assert disk.place_of("unlink", target) < disk.place_of("fsync", target.parent)


def test_a_failing_disk_leaves_the_old_content_and_says_so(
    folder_store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put_bytes(KEY, b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(StoreUnavailable, match="No space left"):
            folder_store.put_bytes(KEY, b"new")
    assert folder_store.read(KEY) == b"old"
    assert not list(folder_store.incoming.iterdir())


def test_an_absent_disk_is_unavailable_and_not_an_absent_blob(folder_store: FilesystemStore) -> None:
    """Installers take 404 as leave to look in the next index."""
    folder_store.put_bytes(KEY, b"x")
    folder_store.root.rename(folder_store.root.with_name("unmounted"))
    folder_store.root.mkdir()
    for ask in (folder_store.stat, folder_store.read, folder_store.open, folder_store.delete):
        with pytest.raises(StoreUnavailable):
            ask(KEY)
    with pytest.raises(StoreUnavailable):
        folder_store.put_bytes(KEY, b"y")
    with pytest.raises(StoreUnavailable):
        folder_store.copy(KEY, BLOB)
    assert not list(folder_store.root.iterdir())


def test_a_writer_killed_at_any_moment_leaves_old_or_new_and_nothing_else(tmp_path: Path) -> None:
    """Twelve writers are killed without warning; a reader never finds a part, and a sweep removes what they left."""
    program = (
        "import sys; from pathlib import Path; from creamery.storage.filesystem import FilesystemStore\n"
        "store = FilesystemStore(Path(sys.argv[1])); number = 0\n"
        "while True:\n"
        "    number += 1; store.put_bytes('public/x', b'%010d' % number * 100_000); print('x', flush=True)\n"
    )
    root = tmp_path / "blobs"
    for attempt in range(12):
        with subprocess.Popen([sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(attempt * 0.0007)
            writer.kill()
        content = FilesystemStore(root).read(BlobKey("public/x"))
        assert content == content[:10] * 100_000
    store = FilesystemStore(root)
    store.sweep_incoming(0)
    assert not list(store.incoming.iterdir())
    assert list(store.list("")) == ["public/x"]


def test_an_opened_blob_stays_whole_when_it_is_replaced_or_deleted(folder_store: FilesystemStore) -> None:
    folder_store.put_bytes(KEY, b"old")
    with folder_store.open(KEY) as stream:
        folder_store.put_bytes(KEY, b"new content")
        folder_store.delete(KEY)
        assert stream.read() == b"old"
