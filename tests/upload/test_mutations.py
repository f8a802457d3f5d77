"""
Real files with random damage, through the whole pipeline: never an error of ours, never a listing that cannot be installed.

`make soak` tries 10,000.
"""

import gzip
import io
import random
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Refusal
from creamery.settings import CONFIG
from creamery.upload.form import form_for_local
from creamery.upload.pipeline import upload_file
from creamery.upload.receive import receive_local
from tests.factories import build, create_person
from tests.real.distributions import Distribution
from tests.real.inside import Inside
from tests.real.processes import plain_environment, run

pytestmark = pytest.mark.soak

ORIGINAL = Distribution(
    name="mutant",
    requires=["edam>=1; python_version < '3.13'"],
    extra_headers=[("Classifier", "Programming Language :: Python :: 3"), ("License-Expression", "MIT")],
    readme="Title\n=====\n\nSome *text* with a `link <https://idx.example>`_.\n",
    readme_type="text/x-rst",
    files={"data.txt": "some text " * 50, "sub/module.py": "VALUE = 1\n"},
)
UV = Path(sys.executable).with_name("uv")


def damage(content: bytes, chance: random.Random) -> bytes:
    """Damage a file in one to three places: change a byte, cut, repeat, swap or insert a piece."""
    mutant = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        # The records of a ZIP lie at its end, the first header of a tar at its beginning: half of the damage goes there.
        place = chance.choice([chance.randrange(len(mutant)), -chance.randint(1, min(600, len(mutant))) % len(mutant)])
        piece = mutant[place : place + chance.randint(1, 40)]
        match chance.randrange(6):
            case 0 | 1:
                mutant[place] = chance.choice([0, 1, 0xFF, mutant[place] ^ (1 << chance.randrange(8))])
            case 2:
                del mutant[place : place + len(piece)]
            case 3:
                mutant[place:place] = piece
            case 4:
                mutant[place:place] = chance.randbytes(len(piece))
            case 5:
                mutant = mutant[: max(place, 1)]
    return bytes(mutant)


def damage_inside_gzip(content: bytes, chance: random.Random) -> bytes:
    """Damage the tar archive below the compression, where no checksum of gzip's tells."""
    return gzip.compress(damage(gzip.decompress(content), chance), 1, mtime=0)


DAMAGES: dict[str, tuple[str, Callable[[bytes, random.Random], bytes]]] = {
    "wheel": ("wheel", damage),
    "sdist": ("sdist", damage),
    "tar in an sdist": ("sdist", damage_inside_gzip),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_file_is_refused_in_words_or_everybody_can_install_it(
    kind: str, inside: Inside, tmp_path: Path, full_numbers: bool
) -> None:
    """WH-09, SD-01, UP-29"""
    build_as, damaging = DAMAGES[kind]
    filename, content = build(ORIGINAL, build_as)
    chance, actor, accepted = random.Random(f"mutants {kind}"), create_person(), []
    path = tmp_path / filename
    for number in range(3_334 if full_numbers else 167):
        mutant = damaging(content, chance)
        path.write_bytes(mutant)
        refusal = publish(path, actor)
        if refusal is None:
            accepted.append(mutant)
        else:
            # 5xx would be ours; everything else is a sentence for the uploader.
            assert refusal.status in {400, 409}, (number, refusal)
            assert refusal.message(), number
    check_listing(inside, accepted, filename)
    for place, mutant in enumerate(accepted):
        check_is_readable(mutant, tmp_path / f"accepted-{place}", filename)


def publish(path: Path, actor: Actor) -> Refusal | None:
    """Publish a file as it lies there; anything that is raised but a refusal is a bug."""
    received = receive_local(path, CONFIG.incoming, CONFIG.max_file_bytes)
    try:
        upload_file(form_for_local(path.name), received, actor=actor)
    except Refusal as refusal:
        return refusal
    return None


def check_listing(inside: Inside, accepted: list[bytes], filename: str) -> None:
    """The first that was taken is listed, and comes as it was sent; later ones with other content came too late."""
    listed = inside.list_files("mutant")
    assert listed == ([filename] if accepted else [])
    if accepted:
        page = inside.get("/simple/mutant/", accept="application/vnd.pypi.simple.v1+json").json()
        assert inside.get(page["files"][0]["url"]).body == accepted[0]


def check_is_readable(content: bytes, folder: Path, filename: str) -> None:
    """Python's own readers see all of it, and uv installs it if it is a wheel."""
    folder.mkdir()
    if filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
        (folder / filename).write_bytes(content)
        words: list[str | Path] = [
            "pip",
            "install",
            "--no-deps",
            "--no-index",
            "--target",
            folder / "target",
            folder / filename,
        ]
        done = run(
            [UV, *words], environment=plain_environment(folder, UV_CACHE_DIR=str(folder / "cache")), folder=folder
        )
        assert done.exit_code == 0, done
    else:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(folder / "target", filter="data")


def test_the_undamaged_file_is_taken(inside: Inside, tmp_path: Path) -> None:
    """So that the others are refused for their damage."""
    actor = create_person()
    for kind in ("wheel", "sdist"):
        filename, content = build(ORIGINAL, kind)
        path = tmp_path / filename
        path.write_bytes(content)
        assert publish(path, actor) is None
        check_is_readable(content, tmp_path / kind, filename)
