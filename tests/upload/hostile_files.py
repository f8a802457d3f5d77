"""
Files that were made to do harm: to readers that disagree, to memory, to time.

They are written when they are needed; nothing hostile lies in the repository. Each has a file name and a way to make it.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator

from tests.spec.archive_builder import (
    INFO,
    PKG_INFO,
    TOP,
    Block,
    End,
    Entry,
    digest_line,
    pax,
    sdist,
    wheel_entries,
    write_tar,
    write_zip,
)
from tests.spec.test_archives_sdist import LIES as SDIST_LIES
from tests.spec.test_archives_wheel import LIES as WHEEL_LIES

WHEEL, SDIST = "foo-1.0-py3-none-any.whl", "foo-1.0.tar.gz"
MIB = 1024 * 1024
HEAD = b"Metadata-Version: 2.5\nName: foo\nVersion: 1.0\n"


def zeros(size_bytes: int, wbits: int) -> bytes:
    """Pack zeros, a piece at a time."""
    packer, piece = zlib.compressobj(9, wbits=wbits), bytes(MIB)
    return b"".join(packer.compress(piece) for _ in range(size_bytes // MIB)) + packer.flush()


def zip_bomb() -> bytes:
    """Write a wheel with one member that unpacks to a GiB."""
    size, crc = 1024 * MIB, 0
    for _ in range(1024):
        crc = zlib.crc32(bytes(MIB), crc)
    bomb = Entry("foo/bomb", data=zeros(size, -15), crc=crc, unpacked=size)
    return write_zip([*wheel_entries(), bomb])


def lying_zip_bomb() -> bytes:
    """Write a wheel with a member that says it has 10 bytes and unpacks to 256 MiB."""
    bomb = Entry("foo/bomb", data=zeros(256 * MIB, -15), crc=0, unpacked=10)
    record = b"foo/bomb,sha256=" + b"A" * 43 + b",10\n"
    return write_zip([bomb, *wheel_entries(record=record)])


def overlapping_bomb() -> bytes:
    """Write a directory whose 20,000 members all lie at the same place."""
    kernel = Entry("foo/0", data=zeros(8 * MIB, -15), crc=zlib.crc32(bytes(8 * MIB)), unpacked=8 * MIB)
    others = [
        Entry(f"foo/{n}", data=b"", crc=kernel.crc, unpacked=8 * MIB, packed=0, offset=0) for n in range(1, 20_000)
    ]
    return write_zip([kernel, *others])


def many_members(count: int, name: str = "foo/{n}") -> bytes:
    """Write a wheel of many empty members."""
    entries = [*wheel_entries(), *(Entry(name.format(n=n), method=0) for n in range(count))]
    return write_zip(entries, end=End(count=0xFFFF, wide={}) if len(entries) > 0xFFFE else None)


def with_metadata(*lines: bytes, body: bytes = b"") -> Callable[[], bytes]:
    """Write a wheel with more lines of metadata."""
    return lambda: write_zip(wheel_entries(metadata=HEAD + b"".join(line + b"\n" for line in lines) + b"\n" + body))


def with_file(path: str, content: bytes) -> Callable[[], bytes]:
    """Write a wheel with one more file."""
    return lambda: write_zip(wheel_entries({"foo.py": b"", path: content}))


def with_record(record: bytes) -> Callable[[], bytes]:
    """Write a wheel with another RECORD."""
    return lambda: write_zip(wheel_entries(record=record))


def with_wheel(wheel: bytes) -> Callable[[], bytes]:
    """Write a wheel with another WHEEL."""
    return lambda: write_zip(wheel_entries(wheel=wheel))


def tar_of(blocks: Iterator[Block | bytes] | list[Block | bytes]) -> bytes:
    """Pack blocks behind the folder and PKG-INFO."""
    return gzip.compress(write_tar([TOP, PKG_INFO, *blocks]), 1, mtime=0)


def tar_bomb() -> bytes:
    """Write a source distribution that unpacks to 2 GiB of zeros."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(write_tar([TOP, PKG_INFO, Block("foo-1.0/bomb", size=b"%011o\0" % (2048 * MIB))], end=b""))
    piece = bytes(MIB)
    return head + b"".join(packer.compress(piece) for _ in range(2048)) + packer.flush()


def link_chain(count: int) -> bytes:
    """Write links that each point to the next, and the last one out."""
    links: list[Block | bytes] = [Block(f"foo-1.0/{n}", kind=b"2", link=str(n + 1)) for n in range(count)]
    return tar_of([*links, Block(f"foo-1.0/{count}", kind=b"2", link="../../etc/passwd")])


def many_streams() -> bytes:
    """Write a source distribution followed by 100,000 empty gzip streams."""
    return sdist() + gzip.compress(b"", mtime=0) * 100_000


def long_gzip_name() -> bytes:
    """Write a gzip header whose file name never ends."""
    return b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * (8 * MIB)


def huge_zip64() -> bytes:
    """Write ends that count more members than there are atoms."""
    return write_zip(wheel_entries(), end=End(count=0xFFFF, wide={"count": 2**63, "size": 2**62, "offset": 2**61}))


def huge_directory() -> bytes:
    """Write a directory of 20 MiB."""
    return write_zip([*wheel_entries(), *(Entry(f"{'a' * 1000}/{n}", method=0) for n in range(20_000))])


def deep_folders() -> bytes:
    """Write few members that lie in hundreds of thousands of folders."""
    return write_zip([*wheel_entries(), *(Entry(f"{n}/" + "a/" * 400 + "b", method=0) for n in range(3_000))])


def nested_wheel() -> bytes:
    """Write a ZIP inside a ZIP under the name of the outer one's metadata."""
    inner = io.BytesIO(write_zip(wheel_entries())).getvalue()
    return write_zip(wheel_entries(metadata=inner))


def many_tags() -> bytes:
    """Write WHEEL with compressed tags that stand for a million."""
    tag = ".".join(f"cp{n}" for n in range(29)) + "-" + ".".join(f"a{n}" for n in range(29)) + "-any"
    return with_wheel(b"Wheel-Version: 9.0\nRoot-Is-Purelib: true\n" + f"Tag: {tag}\n".encode() * 200)()


def lying_end() -> bytes:
    """Write the end of a ZIP and nothing before it."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**31, 0, 0)


NESTED = b"(" * 900 + b"MIT" + b")" * 900
COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a zip bomb": (WHEEL, zip_bomb),
    "a zip bomb that lies about its size": (WHEEL, lying_zip_bomb),
    "a bomb of overlapping members": (WHEEL, overlapping_bomb),
    "more members than are allowed": (WHEEL, lambda: many_members(100_001)),
    "many members of the same name": (WHEEL, lambda: many_members(90_000, "foo/same")),
    "many members outside": (WHEEL, lambda: many_members(90_000, "../{n}")),
    "a huge directory": (WHEEL, huge_directory),
    "deep folders": (WHEEL, deep_folders),
    "64-bit counts beyond all": (WHEEL, huge_zip64),
    "an end of nothing": (WHEEL, lying_end),
    "a wheel for metadata": (WHEEL, nested_wheel),
    "tags that multiply": (WHEEL, many_tags),
    "metadata of 5 MiB": (WHEEL, with_metadata(body=b"a" * 5 * MIB)),
    "metadata that is one line": (WHEEL, with_metadata(b"Requires-Dist: " + b"a" * 3 * MIB)),
    "metadata of a million lines": (WHEEL, with_metadata(*[b"X:"] * 1_000_000)),
    "metadata of continuations": (WHEEL, with_metadata(b"Summary: a", *[b" b"] * 1_000_000)),
    "metadata of unknown fields": (WHEEL, with_metadata(*[b"X: y"] * 19_000)),
    "19,000 unknown classifiers": (WHEEL, with_metadata(*[b"Classifier: A :: B"] * 19_000)),
    "19,000 broken requirements": (WHEEL, with_metadata(*[b"Requires-Dist: ((((("] * 19_000)),
    "19,000 requirements by address": (WHEEL, with_metadata(*[b"Requires-Dist: a @ https://b.example"] * 19_000)),
    "nested markers": (WHEEL, with_metadata(b"Requires-Dist: a; " + b"(" * 1500 + b"os_name == 'a'" + b")" * 1500)),
    "nested licences": (WHEEL, with_metadata(b"License-Expression: " + NESTED)),
    "a licence of operators": (WHEEL, with_metadata(b"License-Expression: " + b"MIT AND " * 200)),
    "an address list of 3 MiB": (WHEEL, with_metadata(b"Author-email: " + b'"a,<' * 700_000)),
    "links of 3 MiB": (WHEEL, with_metadata(b"Home-page: http://" + b"a." * MIB)),
    "labels of 3 MiB": (WHEEL, with_metadata(b"Project-URL: " + b"a" * 3 * MIB + b", http://a.example")),
    "a specifier that takes long": (WHEEL, with_metadata(b"Requires-Python: " + b">=1.0," * 2_000)),
    "a version that takes long": (WHEEL, with_metadata(b"Requires-Python: >=" + b"1." * 490 + b"!")),
    "a content type of parameters": (WHEEL, with_metadata(b"Description-Content-Type: text/markdown" + b"; a=b" * 50_000)),
    "import names that are none": (WHEEL, with_metadata(*[b"Import-Name: a..b"] * 19_000)),
    "names both ways": (WHEEL, with_metadata(*(b"Import-Name: a%d\nImport-Namespace: a%d" % (n, n) for n in range(9_000)))),
    "a quotation that never ends": (WHEEL, with_record(b'"' + b"a" * 15 * MIB)),
    "a record of 17 MiB": (WHEEL, with_record(b"a,,\n" * (17 * MIB // 4))),
    "a record of files that are not there": (
        WHEEL, with_record(b"".join(digest_line(f"gone/{n}", b"") for n in range(100_000))),
    ),
    "a record of broken lines": (WHEEL, with_record(b"a,b,c,d\n" * 500_000)),
    "entry points without an end": (WHEEL, with_file(f"{INFO}/entry_points.txt", b"[a]\n" * 200_000)),
    "entry points that climb": (
        WHEEL, with_file(f"{INFO}/entry_points.txt", b"[console_scripts]\n" + b"".join(b"../%d = a:b\n" % n for n in range(50_000))),
    ),
    "a tar bomb": (SDIST, tar_bomb),
    "a tar of more members than are allowed": (SDIST, lambda: tar_of([Block(f"foo-1.0/{n}") for n in range(100_001)])),
    "a tar of extended headers only": (SDIST, lambda: tar_of([pax(("comment", "a")) for _ in range(100_001)])),
    "a chain of links that leads out": (SDIST, lambda: link_chain(20_000)),
    "links in a circle": (
        SDIST, lambda: tar_of([Block("foo-1.0/a", kind=b"2", link="b/../../.."), Block("foo-1.0/b", kind=b"2", link="a")]),
    ),
    "streams without end": (SDIST, many_streams),
    "a gzip name without end": (SDIST, long_gzip_name),
    "PKG-INFO of 5 MiB": (SDIST, lambda: gzip.compress(write_tar([TOP, Block("foo-1.0/PKG-INFO", HEAD + b"a" * 5 * MIB)]), 1)),
    "PKG-INFO of another": (SDIST, lambda: gzip.compress(write_tar([TOP, Block("foo-1.0/PKG-INFO", HEAD.replace(b"foo", b"bar"))]))),
    "nothing but zeros": (SDIST, lambda: gzip.compress(bytes(64 * MIB))),
}  # fmt: skip
HOSTILE = {
    **{f"wheel: {name}": (WHEEL, make) for name, (make, _) in WHEEL_LIES.items()},
    **{f"sdist: {name}": (SDIST, make) for name, (make, _) in SDIST_LIES.items()},
    **{f"costly: {name}": case for name, case in COSTLY.items()},
}
