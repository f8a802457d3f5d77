"""
The fields of core metadata: how files and upload forms spell them, and since which version they exist.

Source: PyPA specifications, "Core metadata specifications"; spellings of forms as twine, uv, poetry, pdm and hatch send
them.
"""

from dataclasses import dataclass
from typing import Literal

MetadataAttribute = Literal[
    "metadata_version",
    "name",
    "version",
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "home_page",
    "download_url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license",
    "license_expression",
    "license_files",
    "classifiers",
    "requires_dist",
    "requires_python",
    "requires_external",
    "project_urls",
    "provides_extra",
    "provides_dist",
    "obsoletes_dist",
    "platforms",
    "supported_platforms",
    "dynamic",
    "import_names",
    "import_namespaces",
    "requires",
    "provides",
    "obsoletes",
]

VERSIONS = ("1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
"""
Every version that files have, in order. 2.0 was withdrawn (PEP 426), but `wheel` wrote it from 2013 to 2018 with the
fields that 2.1 has, and such wheels are still installed every day.
"""


@dataclass(frozen=True, slots=True)
class MetadataField:
    """
    One field.

    `max_characters` bounds each value before it is parsed: the parsers of requirements and content types need time or
    stack that grows faster than their input, and nobody reads a name of a million characters. Only descriptions have no bound
    but that of the whole. `form_keys` are all spellings of upload forms.
    """

    attribute: MetadataAttribute
    header: str
    added: str
    is_many: bool = False
    max_characters: int = 0
    form_keys: tuple[str, ...] = ()


def _one(header: str, added: str = "1.0", *, most: int = 0) -> MetadataField:
    attribute = header.lower().replace("-", "_")
    return MetadataField(attribute, header, added, False, most, (attribute,))  # type: ignore[arg-type]


def _many(header: str, attribute: MetadataAttribute, added: str = "1.0", *, most: int = 0) -> MetadataField:
    """Shape a field that may stand several times; forms use the singular or the plural."""
    singular = header.lower().replace("-", "_")
    spellings = tuple(sorted({singular, attribute, singular + "s"}))
    return MetadataField(attribute, header, added, True, most, spellings)


FIELDS: tuple[MetadataField, ...] = (
    _one("Metadata-Version", most=20),
    _one("Name", most=1_000),
    _one("Version", most=1_000),
    _one("Summary", most=20_000),
    _one("Description"),
    _one("Description-Content-Type", "2.1", most=500),
    _one("Keywords", most=50_000),
    _one("Home-page", most=20_000),
    _one("Download-URL", "1.1", most=20_000),
    _one("Author", most=50_000),
    _one("Author-email", most=50_000),
    _one("Maintainer", "1.2", most=50_000),
    _one("Maintainer-email", "1.2", most=50_000),
    _one("License", most=1_000_000),
    _one("License-Expression", "2.4", most=2_000),
    _many("License-File", "license_files", "2.4", most=1_024),
    _many("Classifier", "classifiers", "1.1", most=1_000),
    _many("Requires-Dist", "requires_dist", "1.2", most=4_000),
    _one("Requires-Python", "1.2", most=1_000),
    _many("Requires-External", "requires_external", "1.2", most=4_000),
    _many("Project-URL", "project_urls", "1.2", most=20_000),
    _many("Provides-Extra", "provides_extra", "2.1", most=200),
    _many("Provides-Dist", "provides_dist", "1.2", most=4_000),
    _many("Obsoletes-Dist", "obsoletes_dist", "1.2", most=4_000),
    _many("Platform", "platforms", most=4_000),
    _many("Supported-Platform", "supported_platforms", "1.1", most=4_000),
    _many("Dynamic", "dynamic", "2.2", most=200),
    _many("Import-Name", "import_names", "2.5", most=1_000),
    _many("Import-Namespace", "import_namespaces", "2.5", most=1_000),
    _many("Requires", "requires", "1.1", most=4_000),
    _many("Provides", "provides", "1.1", most=4_000),
    _many("Obsoletes", "obsoletes", "1.1", most=4_000),
)

BY_HEADER = {field.header.lower(): field for field in FIELDS}

EARLY_FIELDS = frozenset({"license_files", "license_expression", "provides_extra", "description_content_type"})
"""
Fields that widely used tools wrote before the version that introduced them: setuptools put `License-File` into 2.1
for years. No installer minds, so their presence is remarked and not refused.
"""
