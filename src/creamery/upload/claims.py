"""What the form claims, by itself and against the received bytes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from packaging.version import InvalidVersion, Version

from creamery.kernel.refusals import Invalid, Missing
from creamery.spec.filenames import DistFilename, parse_filename
from creamery.spec.names import normalize_name
from creamery.spec.problems import N_, InvalidInput, Problem
from creamery.upload.form import FILE_FIELDS, UploadForm
from creamery.upload.receive import Received

OLD_ACTIONS = frozenset({"submit", "submit_pkg_info", "doc_upload"})
MAX_PROBLEMS = 50


class InvalidUpload(Invalid):
    """The file or its form break rules; all problems at once, and what would have been remarked on top."""

    code = "invalid-upload"
    sentence = _("This file was not published.")

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        super().__init__(list(problems)[:MAX_PROBLEMS])
        self.warnings = tuple(warnings)


class OldAction(Missing):
    """An action of the upload API that was given up long ago. Source: standards.md UP-03."""

    status = 410
    code = "old-action"
    sentence = _(
        "The action {action} is no longer supported. Projects are created by their first upload: use file_upload."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """
    What the form claims.

    `fields` are about the metadata. `problems` are what is wrong with it so far; `is_damaged` says that the bytes are not
    those that were sent, so that there is no use in opening them.
    """

    dist: DistFilename
    fields: dict[str, list[str]]
    problems: tuple[Problem, ...] = ()
    is_damaged: bool = False


def read_claims(form: UploadForm, received: Received) -> Claims:
    """
    Check the form by itself and against the received bytes, before anything is unpacked.

    Raises:
        OldAction: an action that is no more.
        InvalidUpload: it is not even clear what the file is; with everything else that is wrong.
    """
    action = form.one(":action")
    if action in OLD_ACTIONS:
        raise OldAction(action=action)
    damage = _digest_problems(form, received)
    problems = [*_request_problems(form), *damage]
    dist = None
    if form.filename:
        try:
            dist = parse_filename(form.filename)
            problems += _agreement_problems(form, dist)
        except InvalidInput as error:
            problems += error.problems
    if dist is None:
        raise InvalidUpload(problems)
    fields = {name: list(values) for name, values in form.fields.items() if name not in FILE_FIELDS}
    return Claims(dist=dist, fields=fields, problems=tuple(problems), is_damaged=bool(damage))


def _request_problems(form: UploadForm) -> list[Problem]:
    problems = []
    if form.one(":action") != "file_upload":
        rule, remedy = N_("The only action is file_upload."), N_("Send the field :action with the value file_upload.")
        problems.append(_problem("action", ":action", form.one(":action"), rule, remedy))
    if form.one("protocol_version") not in {"", "1"}:
        rule, remedy = N_("The only protocol version is 1."), N_("Send 1, or leave the field out.")
        problems.append(_problem("protocol-version", "protocol_version", form.one("protocol_version"), rule, remedy))
    if not form.filename:
        rule, remedy = N_("The upload has no file."), N_("Send the file in the field content, with its name.")
        problems.append(_problem("content-missing", "content", "", rule, remedy))
    return problems


_DIGESTS = {"md5_digest": "md5", "sha256_digest": "sha256", "blake2_256_digest": "blake2b_256"}


def _digest_problems(form: UploadForm, received: Received) -> list[Problem]:
    problems = []
    for name, attribute in _DIGESTS.items():
        claimed, actual = form.one(name), str(getattr(received, attribute))
        if claimed and claimed.lower() != actual:
            rule = N_(
                "The digest of the received file is {actual}: it was damaged on its way, or the digest is of another file."
            )
            remedy = N_("Build and upload it again.")
            problems.append(_problem("digest", name, claimed, rule, remedy, actual=actual))
    return problems


def _agreement_problems(form: UploadForm, dist: DistFilename) -> list[Problem]:
    problems = []
    name, version, filetype = form.one("name"), form.one("version"), form.one("filetype")
    if name and normalize_name(name) != dist.name:
        rule, remedy = N_("The file's name says {actual}."), N_("Name and file have to belong to the same project.")
        problems.append(_problem("name-differs", "name", name, rule, remedy, actual=str(dist.name)))
    if version and not _is_version(version, dist):
        rule, remedy = N_("The file's name says {actual}."), N_("Version and file have to be the same release.")
        problems.append(_problem("version-differs", "version", version, rule, remedy, actual=str(dist.version)))
    if filetype and filetype != dist.kind:
        rule = N_("A file named like this is of type {actual}.")
        remedy = N_("Only wheels (bdist_wheel) and .tar.gz source distributions (sdist) are accepted.")
        problems.append(_problem("filetype", "filetype", filetype, rule, remedy, actual=dist.kind))
    if form.one("pyversion") not in {"", dist.python_version}:
        rule, remedy = (
            N_("For a file of this name it is {actual}."),
            N_("Leave the field out, or send that."),
        )
        problems.append(
            _problem("pyversion", "pyversion", form.one("pyversion"), rule, remedy, actual=dist.python_version)
        )
    return problems


def _is_version(text: str, dist: DistFilename) -> bool:
    try:
        return Version(text) == dist.version
    except InvalidVersion:
        return False


def _problem(code: str, field: str, value: str, rule: str, remedy: str, **params: str) -> Problem:
    return Problem(code=code, field=field, value=value, rule=rule, remedy=remedy, params=params)
