"""
An index of the largest one's size: 700,000 projects and 7,000,000 files in the record, for measures that depend on size.

    .venv/bin/python -m bench.big_index FOLDER                     all of it, some minutes and 8 GB
    .venv/bin/python -m bench.big_index FOLDER --projects 20000    less

The rows are made inside SQLite, which takes a few microseconds each; Django would take a hundred. They are what
uploads write, but for three simplifications: content is not stored, two releases have five files each, and there is
no history. `.venv/bin/python -m bench.big` measures on such a folder.
"""

import argparse
import random
import sqlite3
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from creamery.spec.look_alikes import fold_name
from tests.real.running_index import RunningIndex

PROJECTS, RELEASES, FILES = 700_000, 2, 5
LARGE, LARGE_FILES = "bench-large", 10_000
SEED = 20261121
_WORDS = (
    "async auth auto aws azure base bio block bot cache calc chat cli client cloud code config core crypto data db deep "
    "django doc easy edge event fast file flask flow form fuzzy geo git graph grid hash http image index json kit lab "
    "learn lib light link log map math mesh meta micro model net neural node open parse path pipe plot py quant query "
    "quick redis rest rpc sci search secure server shell simple smart sql stack stream sync table task tensor test text "
    "time tool tree type ui unit url util vector video view web wiki worker xml yaml zen zip"
)
_LAST = "client core kit lib plus py tools utils sdk api cli server io ng next extra helpers plugin ext app"
_COUNTS = import_module("creamery.catalog.migrations.0004_counts")
_METADATA = (
    """json_object('metadata_version', '2.4', 'name', p.name, 'version', '1.' || n.value, 'summary', p.summary,"""
    """ 'requires_python', '>=3.9', 'license_expression', 'MIT', 'classifiers', json('["Programming Language :: Python :: 3","""
    """ "Operating System :: OS Independent"]'), 'requires_dist', json('["requests>=2.31", "click>=8", "pydantic>=2"]'))"""
)
_HEX = "printf('%016x', {0}) || lower(hex(randomblob(24)))"


def make(folder: Path, projects: int = PROJECTS) -> RunningIndex:
    """Fill the record below the folder, unless that was done before. Returns the index, which does not run."""
    index = RunningIndex(folder)
    marker = folder / "filled"
    if not marker.exists():
        folder.mkdir(parents=True, exist_ok=True)
        index.create_person("bench")
        fill(index.data / "creamery.db", projects)
        marker.write_text(str(projects))
    return index


def fill(database: Path, projects: int) -> None:
    """Write the rows of so many projects, and of one with 10,000 files."""
    connection = sqlite3.connect(database, isolation_level=None)
    # What is lost by a crash is made again; a journal would double the time.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO project (id, index_id, name, normalized_name, status, status_reason, serial, created_at, updated_at,"
        " latest_version, summary, folded_name) SELECT ?1, i.id, ?2, ?3, 'active', '', ?1,"
        " datetime('2020-01-01', ?1 || ' minutes'), datetime('2021-01-01', ?1 || ' minutes'), '1.1', ?4, ?5 FROM package_index i WHERE i.name = 'default'",
        _projects(projects),
    )
    _fill_releases(connection)
    _fill_files(connection)
    _fill_large(connection)
    for statement in (_COUNTS.PER_PROJECT, _COUNTS.PER_INDEX):
        connection.execute(statement)
    connection.execute("UPDATE serial SET n = (SELECT max(id) FROM project)")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.close()


def _projects(count: int) -> Iterator[tuple[int, str, str, str, str]]:
    """Invent names of two or three words and a number, in no order, and sentences about them."""
    chance, first, last = random.Random(SEED), _WORDS.split(), _LAST.split()
    numbers = list(range(count))
    chance.shuffle(numbers)
    for identity, number in enumerate(numbers, start=1):
        words = [chance.choice(first), chance.choice(first)][: 1 + number % 2]
        name = "-".join([*words, chance.choice(last), str(number)])
        summary = (
            f"A {chance.choice(first)} {chance.choice(last)} for {chance.choice(first)} and {chance.choice(first)}"
        )
        shown = name.title().replace("-", "_") if number % 5 == 0 else name
        yield identity, shown, name, summary, fold_name(name)


def _fill_releases(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO release (id, project_id, version, canonical_version, is_prerelease, metadata, description,"
        " created_at, yanked, yanked_reason)"
        f" SELECT (p.id - 1) * {RELEASES} + n.value + 1, p.id, '1.' || n.value, '1' || iif(n.value, '.' || n.value, ''),"
        f" 0, {_METADATA}, '', p.created_at, 0, ''"
        f" FROM project p CROSS JOIN json_each('{list(range(RELEASES))}') n ORDER BY p.id, n.value"
    )
    connection.execute(
        "INSERT INTO blob (id, sha256, size_bytes, state, used_at)"
        f" SELECT id, {_HEX.format('id')}, 900, 'live', created_at FROM release ORDER BY id"
    )


def _fill_files(connection: sqlite3.Connection) -> None:
    """Write the files of every release: blobs first, numbered after those of the metadata."""
    releases = connection.execute("SELECT max(id) FROM release").fetchone()[0]
    number = f"(r.id - 1) * {FILES} + n.value + 1"
    connection.execute(
        "INSERT INTO blob (id, sha256, size_bytes, state, used_at)"
        f" SELECT {releases} + {number}, {_HEX.format(f'{releases} + {number}')}, 1000 + abs(random() % 5000000), 'live',"
        f" r.created_at FROM release r CROSS JOIN json_each('{list(range(FILES))}') n ORDER BY r.id, n.value"
    )
    connection.execute(
        f"{_INSERT_FILE} SELECT {number}, p.index_id, p.id, r.id, c.id, m.id,"
        " replace(p.normalized_name, '-', '_') || '-' || r.version ||"
        " iif(n.value, '-cp31' || n.value || '-abi3-manylinux_2_28_x86_64.whl', '.tar.gz'),"
        f" printf('%064x', {number}), iif(n.value, 'bdist_wheel', 'sdist'), iif(n.value, 'cp31' || n.value, 'source'),"
        " c.size_bytes, c.sha256, lower(hex(randomblob(16))), lower(hex(randomblob(32))), m.sha256, '>=3.9',"
        " r.created_at, NULL, 'live', 0, '', p.serial"
        f" FROM release r CROSS JOIN json_each('{list(range(FILES))}') n JOIN project p ON p.id = r.project_id"
        f" JOIN blob c ON c.id = {releases} + {number} JOIN blob m ON m.id = r.id ORDER BY r.id, n.value"
    )


_INSERT_FILE = (
    "INSERT INTO file (id, index_id, project_id, release_id, blob_id, metadata_blob_id, filename, identity, kind,"
    " python_version, size_bytes, sha256, md5, blake2b_256, metadata_sha256, requires_python, uploaded_at,"
    " uploaded_by_id, state, yanked, yanked_reason, serial)"
)


def _fill_large(connection: sqlite3.Connection) -> None:
    """Write one project with 1,000 releases of ten wheels, whose content is one of the blobs."""
    project, release, file = (
        connection.execute(f"SELECT max(id) + 1 FROM {table}").fetchone()[0] for table in ("project", "release", "file")
    )
    connection.execute(
        "INSERT INTO project (id, index_id, name, normalized_name, status, status_reason, serial, created_at, updated_at,"
        " latest_version, summary) SELECT ?1, index_id, ?2, ?2, 'active', '', ?1, created_at, updated_at, '2.999', 'Large'"
        " FROM project WHERE id = 1",
        [project, LARGE],
    )
    count = f"WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n LIMIT {LARGE_FILES})"
    connection.execute(
        f"{count} INSERT INTO release (id, project_id, version, canonical_version, is_prerelease, metadata, description,"
        f" created_at, yanked, yanked_reason) SELECT {release} + n.value, {project}, '2.' || n.value, '2.' || n.value, 0,"
        " r.metadata, '', r.created_at, 0, '' FROM n, release r WHERE r.id = 1 AND n.value < 1000"
    )
    connection.execute(
        f"{count} {_INSERT_FILE} SELECT {file} + n.value, f.index_id, {project}, {release} + n.value / 10, f.blob_id,"
        f" f.metadata_blob_id, '{LARGE}-2.' || (n.value / 10) || '-cp3' || (n.value % 10) || '-abi3-manylinux_2_28_x86_64.whl',"
        f" printf('%064x', {file} + n.value), 'bdist_wheel', 'cp3' || (n.value % 10), 1000 + n.value,"
        f" {_HEX.format('n.value')}, f.md5, f.blake2b_256, lower(hex(randomblob(32))), f.requires_python, f.uploaded_at, NULL,"
        f" 'live', 0, '', {project} FROM n, file f WHERE f.id = 2"
    )


def main() -> None:
    """Make the index that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.big_index", description="Fill an index of great size.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--projects", type=int, default=PROJECTS)
    options = parser.parse_args()
    begun = time.monotonic()
    index = make(options.folder.absolute(), options.projects)
    size_bytes = (index.data / "creamery.db").stat().st_size
    print(f"{options.projects} projects, {size_bytes / 1e6:.0f} MB, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
