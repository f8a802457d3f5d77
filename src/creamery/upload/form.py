"""The form that comes with a file, as twine, uv, poetry, flit, hatch and pdm send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """
    The text fields of an upload, and the name that the client gave the file.

    `fields` keep every value of a repeated field in order. The form only claims; the file decides.
    """

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filename: str = ""

    def one(self, name: str) -> str:
        """Read a field that occurs once; empty if it was not sent. Of several values the last one counts."""
        values = self.fields.get(name) or ("",)
        return values[-1].strip()


FILE_FIELDS = frozenset(
    {
        ":action", "protocol_version", "filetype", "pyversion", "comment", "md5_digest", "sha256_digest",
        "blake2_256_digest", "attestations", "content", "gpg_signature", "metadata_version",
    }
)  # fmt: skip
"""Fields about the file and the request; all others claim something about the metadata."""


def form_for_local(filename: str) -> UploadForm:
    """Make the form that claims nothing but the file's own name, for a file that lies on this machine."""
    return UploadForm(fields={":action": ["file_upload"]}, filename=filename)
