"""Every upload that is refused, as data: what is there before, what is sent, and with which status it comes back."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from creamery.accounts.queries import get_person_id
from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.actions import ensure_default_index
from creamery.catalog.models import Project
from creamery.kernel.actor import CONSOLE, Actor
from creamery.safety.actions import list_names_as
from tests.factories import Upload, build, create_person, make_upload, publish, upload_of
from tests.real.distributions import Distribution

NAME = "refused-sample"
WHEEL = "refused_sample-1.0-py3-none-any.whl"


def nothing() -> None:
    """Nothing has to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One upload that is refused. `mentions` must stand in the answer; `fields` are those that the JSON must name."""

    status: int
    send: Callable[[], Upload]
    before: Callable[[], None] = nothing
    fields: Sequence[str] = ()
    mentions: Sequence[str] = field(default=())
    refusal: str = "invalid-upload"


@cache
def fine() -> Upload:
    """Make an upload that would be taken."""
    return make_upload(NAME)


def named(filename: str) -> Callable[[], Upload]:
    """Send the good upload under another file name."""
    return lambda: fine().named(filename)


def changed(**fields: str) -> Callable[[], Upload]:
    """Send the good upload with other fields."""
    return lambda: fine().set(**fields)


def of(filename: str, content: bytes) -> Callable[[], Upload]:
    """Send any bytes under any file name."""
    return lambda: upload_of(filename, content, name=NAME)


def renamed(what: Distribution, filename: str) -> Callable[[], Upload]:
    """Send a distribution under the file name of another one."""
    return lambda: upload_of(filename, build(what)[1], name=NAME)


def published_by_another() -> None:
    """Let somebody else have the name."""
    publish(NAME, "sdist", actor=create_person("grace"))


def published_before() -> None:
    """Let the uploader have published other content under the same file name."""
    publish(Distribution(name=NAME, summary="Older."), actor=ada())


def published_in_another_spelling() -> None:
    """Let the uploader have published the same wheel with its tags spelled in another order."""
    publish(Distribution(name=NAME, tag="py2.py3-none-any"), actor=ada())


def published_an_sdist() -> None:
    """Let the release have its source distribution."""
    publish(NAME, "sdist", actor=ada())


def fine_sdist() -> Upload:
    """Make a source distribution that would be taken."""
    return make_upload(NAME, "sdist")


def published_and_deleted() -> None:
    """Let the file have been there, and gone."""
    publish(NAME, actor=ada())
    upkeep.delete_file(NAME, WHEEL, actor=ada())


def release_deleted() -> None:
    """Let the release have been there with another file, and gone."""
    publish(NAME, "sdist", actor=ada())
    upkeep.delete_release(NAME, "1.0", actor=ada())


def closed(status: str) -> Callable[[], None]:
    """Let the project be closed."""

    def close() -> None:
        publish(NAME, "sdist", actor=ada())
        Project.objects.update(status=status)

    return close


def on_a_public_index() -> None:
    """Let the index follow the rules for public ones."""
    ensure_default_index("public")


def ada() -> Actor:
    """Find the person who uploads."""
    return replace(CONSOLE, person_id=get_person_id("ada"), username="ada")


def everything_wrong() -> Upload:
    """Break as many rules as one form can."""
    wrong = {"name": "other", "version": "9", "filetype": "sdist", "pyversion": "cp39", "protocol_version": "2"}
    return fine().set(**wrong, action="upload", sha256_digest="0" * 64, md5_digest="0" * 32)


def forbidden_name() -> None:
    """Let the operator have forbidden the name."""
    list_names_as("forbidden", [NAME], reason="It is a trade mark.", actor=CONSOLE)


def look_alike_on_a_public_index() -> None:
    """Let a project be there whose name looks the same."""
    on_a_public_index()
    publish("refused.samp1e", "sdist", actor=create_person("grace"))


def deleted_project() -> None:
    """Let another's project have been there, and gone."""
    published_by_another()
    upkeep.delete_project(NAME, actor=CONSOLE)


def of_metadata(*headers: tuple[str, str], **changed: str) -> Callable[[], Upload]:
    """Send a wheel with more lines of metadata, and other values in it."""
    return lambda: make_upload(Distribution(name=NAME, extra_headers=headers, **changed))  # type: ignore[arg-type]


def wrong_everywhere() -> Upload:
    """Break rules of form, metadata, README and archive at once."""
    headers = (
        ("Classifier", "Cheese :: Hard"),
        ("Author-email", "nobody"),
        ("License-Expression", "mit"),
        ("License-File", "LICENSE"),
    )
    what = Distribution(
        name=NAME,
        extra_headers=headers,
        requires=["edam @ https://files.example/edam.zip"],
        readme="Fine.\n\nHello *world\n",
        readme_type="text/x-rst",
        tag="py3-none-linux_x86_64",
    )
    return make_upload(what).set(summary="Another.", protocol_version="2")


def zip_of(**members: str) -> bytes:
    """Write a zip file that is no wheel."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


def climbing() -> Upload:
    """Build a wheel with a member that climbs out."""
    return make_upload(Distribution(name=NAME, files={"../../evil.py": "import os"}))


ACTION = "no longer supported"
TAKEN = "File already exists"
REFUSED: dict[str, Refused] = {
    "action-missing": Refused(status=400, send=lambda: fine().without(":action"), fields=[":action"]),
    "action-unknown": Refused(status=400, send=changed(action="upload_file"), fields=[":action"]),
    "action-submit": Refused(status=410, send=changed(action="submit"), mentions=[ACTION], refusal="old-action"),
    "action-submit-pkg-info": Refused(
        status=410, send=changed(action="submit_pkg_info"), mentions=[ACTION], refusal="old-action"
    ),
    "action-doc-upload": Refused(
        status=410, send=changed(action="doc_upload"), mentions=[ACTION], refusal="old-action"
    ),
    "protocol-version": Refused(status=400, send=changed(protocol_version="2"), fields=["protocol_version"]),
    "filename-empty": Refused(status=400, send=named(""), fields=["content"]),
    "filename-climbing": Refused(status=400, send=named(f"../../{WHEEL}"), fields=["filename"]),
    "filename-absolute": Refused(status=400, send=named(f"/etc/{WHEEL}"), fields=["filename"]),
    "filename-backslash": Refused(status=400, send=named(f"..\\{WHEEL}"), fields=["filename"]),
    "filename-drive": Refused(status=400, send=named(f"C:{WHEEL}"), fields=["filename"]),
    "filename-nul": Refused(status=400, send=named(f"{WHEEL}\0.txt"), fields=["filename"]),
    "filename-control": Refused(status=400, send=named(f"\x1b[31m{WHEEL}"), fields=["filename"]),
    "filename-space": Refused(status=400, send=named(f" {WHEEL}"), fields=["filename"]),
    "filename-unicode": Refused(status=400, send=named("refused_sämple-1.0-py3-none-any.whl"), fields=["filename"]),
    "filename-percent": Refused(status=400, send=named(f"%2e%2e%2f{WHEEL}"), fields=["filename"]),
    "filename-hidden": Refused(status=400, send=named(f".{WHEEL}"), fields=["filename"]),
    "filename-too-long": Refused(
        status=400, send=named(f"{'a' * 250}-1.0-py3-none-any.whl"), fields=["filename"]
    ),
    "filename-no-version": Refused(status=400, send=named("refused_sample-py3-none-any.whl"), fields=["filename"]),
    "filename-bad-version": Refused(status=400, send=named("refused_sample-one.tar.gz"), fields=["filename"]),
    **{
        f"type-{ending.replace('.', '-')}": Refused(
            status=400, send=named(f"refused-sample-1.0.{ending}"), fields=["filename"]
        )
        for ending in ("zip", "egg", "exe", "tar.bz2", "tgz", "rpm", "deb", "tar.gz.asc", "whl.metadata")
    },
    "filetype-differs": Refused(status=400, send=changed(filetype="sdist"), fields=["filetype"]),
    "filetype-unknown": Refused(status=400, send=changed(filetype="bdist_egg"), fields=["filetype"]),
    "pyversion-differs": Refused(status=400, send=changed(pyversion="cp311"), fields=["pyversion"]),
    "pyversion-of-an-sdist": Refused(
        status=400, send=lambda: make_upload(NAME, "sdist").set(pyversion="cp311"), fields=["pyversion"]
    ),
    "name-differs": Refused(status=400, send=changed(name="other"), fields=["name"]),
    "version-differs": Refused(status=400, send=changed(version="2.0"), fields=["version"]),
    "version-unreadable": Refused(status=400, send=changed(version="one"), fields=["version"]),
    "digest-wrong": Refused(status=400, send=changed(sha256_digest="0" * 64), fields=["sha256_digest"]),
    "digest-unreadable": Refused(status=400, send=changed(sha256_digest="not a digest"), fields=["sha256_digest"]),
    "everything-at-once": Refused(
        status=400,
        send=everything_wrong,
        fields=[
            ":action", "protocol_version", "md5_digest", "sha256_digest", "name", "version", "filetype", "pyversion",
        ],
    ),
    "wheel-that-is-no-zip": Refused(status=400, send=of(WHEEL, b"This is no zip file." * 50)),
    "wheel-that-is-empty": Refused(status=400, send=of(WHEEL, b"")),
    "wheel-that-is-cut-off": Refused(status=400, send=lambda: upload_of(WHEEL, fine().content[:-100], name=NAME)),
    "wheel-without-metadata": Refused(status=400, send=of(WHEEL, zip_of(a="1"))),
    "wheel-that-climbs": Refused(status=400, send=climbing, mentions=["evil.py"]),
    "sdist-that-is-no-gzip": Refused(status=400, send=of("refused_sample-1.0.tar.gz", b"This is no archive." * 50)),
    "sdist-that-is-a-wheel": Refused(
        status=400, send=lambda: upload_of("refused_sample-1.0.tar.gz", fine().content, name=NAME)
    ),
    "metadata-of-another-project": Refused(status=400, send=renamed(Distribution(name="other"), WHEEL)),
    "metadata-of-another-version": Refused(
        status=400, send=renamed(Distribution(name=NAME, version="2.0"), WHEEL)
    ),
    "metadata-differs-from-form": Refused(status=400, send=changed(summary="Another."), fields=["summary"]),
    "local-version-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=lambda: make_upload(Distribution(name=NAME, version="1.0+local")),
        fields=["version"],
    ),
    "name-of-the-standard-library": Refused(
        status=400, before=on_a_public_index, send=lambda: make_upload("asyncio"), fields=["name"]
    ),
    "name-forbidden": Refused(status=400, before=forbidden_name, send=fine, fields=["name"], mentions=["trade mark"]),
    "name-that-looks-like-another": Refused(
        status=400, before=look_alike_on_a_public_index, send=fine, fields=["name"], mentions=["refused.samp1e"]
    ),
    "name-of-a-deleted-project": Refused(
        status=403, before=deleted_project, send=lambda: make_upload(Distribution(name=NAME, version="2.0")),
        mentions=["was deleted", "another name"], refusal="name-was-deleted",
    ),
    "filename-of-the-past-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=lambda: fine().named("Refused.Sample-1.0-py3-none-any.whl"),
        fields=["filename"],
    ),
    "platform-of-one-machine-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=lambda: make_upload(Distribution(name=NAME, tag="cp311-cp311-linux_x86_64")),
        fields=["filename"],
        mentions=["manylinux"],
    ),
    "readme-that-cannot-be-rendered": Refused(
        status=400,
        send=of_metadata(readme="Fine.\n\nHello *world\n", readme_type="text/x-rst"),
        fields=["Description"],
        mentions=["Line 3"],
    ),
    "requirement-by-address-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=of_metadata(("Requires-Dist", "edam @ https://files.example/edam-1.0.zip")),
        fields=["Requires-Dist"],
    ),
    "classifiers-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=of_metadata(
            ("Classifier", "Cheese :: Hard"),
            ("Classifier", "Private :: Do Not Upload"),
            ("Classifier", "Natural Language :: Ukranian"),
        ),
        fields=["Classifier"] * 3,
        mentions=["Natural Language :: Ukrainian"],
    ),
    "contacts-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=of_metadata(
            ("Author-email", "ada at idx.example"),
            ("Home-page", "gouda.example"),
            ("Project-URL", f"{'Documentation' * 3}, javascript:alert(1)"),
        ),
        fields=["Author-email", "Home-page", "Project-URL", "Project-URL"],
    ),
    "licence-file-that-is-not-there": Refused(
        status=400, send=of_metadata(("License-File", "LICENSE")), fields=["content"], mentions=["LICENSE"]
    ),
    "licence-unknown": Refused(
        status=400, send=of_metadata(("License-Expression", "Cheese-1.0")), fields=["License-Expression"]
    ),
    "metadata-of-the-future": Refused(status=400, send=of_metadata(metadata_version="9.0"), fields=["Metadata-Version"]),
    "wrong-everywhere-on-a-public-index": Refused(
        status=400,
        before=on_a_public_index,
        send=wrong_everywhere,
        fields=[
            "protocol_version", "filename", "content", "summary", "Author-email", "Classifier", "Requires-Dist",
            "License-Expression", "Description",
        ],
    ),
    "not-an-owner": Refused(
        status=403, before=published_by_another, send=fine, mentions=[NAME, "ada"], refusal="may-not-upload"
    ),
    "project-archived": Refused(
        status=403, before=closed("archived"), send=fine, mentions=["archived"], refusal="project-closed"
    ),
    "project-quarantined": Refused(
        status=403, before=closed("quarantined"), send=fine, mentions=["quarantined"], refusal="project-closed"
    ),
    "file-exists": Refused(status=409, before=published_before, send=fine, mentions=[TAKEN], refusal="file-exists"),
    "file-exists-otherwise-spelled": Refused(
        status=409,
        before=published_in_another_spelling,
        send=lambda: make_upload(Distribution(name=NAME, tag="py3.py2-none-any")),
        mentions=[TAKEN],
        refusal="file-exists-otherwise-spelled",
    ),
    "second-sdist": Refused(
        status=409,
        before=published_an_sdist,
        send=lambda: fine_sdist().named("Refused-Sample-1.0.tar.gz"),
        mentions=[TAKEN],
        refusal="file-exists-otherwise-spelled",
    ),
    "file-was-deleted": Refused(
        status=409,
        before=published_and_deleted,
        send=fine,
        mentions=["previously used by a file that has since been deleted"],
        refusal="file-was-deleted",
    ),
    "release-was-deleted": Refused(
        status=400,
        before=release_deleted,
        send=fine,
        mentions=[f"{NAME} 1.0 was deleted", "new version"],
        refusal="release-was-deleted",
    ),
}  # fmt: skip
