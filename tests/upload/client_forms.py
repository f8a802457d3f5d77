"""
The forms of real clients, as data: which fields each one sends for the same distribution, and how it spells them.

Source: standards.md UP-12, 11.6 and 11.7; the clients' own source.
"""

from tests.factories import Upload, build
from tests.real.distributions import Distribution

RICH = Distribution(
    name="Rich.Sample",
    version="1.2",
    summary="Has every field.",
    requires=("whey (>=1.2,<3)", 'knife[sharp]>=2; extra == "cut"'),
    requires_python=">=3.9,<4",
    metadata_version="2.5",
    extra_headers=(
        ("Author", "Ada Example"),
        ("Author-email", "Ada Example <ada@idx.example>"),
        ("Maintainer", "Grace Example"),
        ("Maintainer-email", "grace@idx.example"),
        ("Keywords", "cheese,wheel"),
        ("Classifier", "Topic :: Utilities"),
        ("Classifier", "Programming Language :: Python :: 3"),
        ("Project-URL", "Source, https://git.example/rich"),
        ("Project-URL", "News,https://rich.example/news"),
        ("Home-page", "https://rich.example/"),
        ("Download-URL", "https://rich.example/download"),
        ("Provides-Extra", "cut"),
        ("Platform", "any"),
        ("Supported-Platform", "RedHat 7.2"),
        ("License-Expression", "MIT"),
        ("Import-Name", "rich_sample"),
        ("Import-Namespace", "rich_space"),
        ("Dynamic", "platform"),
    ),
)

CLAIMS: dict[str, list[str]] = {
    "metadata_version": ["2.5"],
    "name": ["Rich.Sample"],
    "version": ["1.2"],
    "summary": ["Has every field."],
    "description": [RICH.readme],
    "description_content_type": ["text/markdown"],
    "author": ["Ada Example"],
    "author_email": ["Ada Example <ada@idx.example>"],
    "maintainer": ["Grace Example"],
    "maintainer_email": ["grace@idx.example"],
    "keywords": ["cheese,wheel"],
    "classifiers": ["Topic :: Utilities", "Programming Language :: Python :: 3"],
    "project_urls": ["Source, https://git.example/rich", "News, https://rich.example/news"],
    "home_page": ["https://rich.example/"],
    "download_url": ["https://rich.example/download"],
    "requires_dist": ["whey<3,>=1.2", "knife[sharp]>=2 ; extra == 'cut'"],
    "requires_python": [">=3.9,<4"],
    "provides_extra": ["cut"],
    "platform": ["any"],
    "supported_platform": ["RedHat 7.2"],
    "license_expression": ["MIT"],
    "import_name": ["rich_sample"],
    "import_namespace": ["rich_space"],
    "dynamic": ["platform"],
}
"""What the metadata of `RICH` says, in the spelling that hatch uses."""

_EVERYWHERE = {":action": ["file_upload"], "protocol_version": ["1"]}
_SHA256, _BLAKE2, _MD5 = "sha256_digest", "blake2_256_digest", "md5_digest"


def _claims(*left_out: str, **renamed: str) -> dict[str, list[str]]:
    return {renamed.get(name, name): values for name, values in CLAIMS.items() if name not in left_out}


CLIENTS: dict[str, dict[str, list[str]]] = {
    "twine": {
        **_EVERYWHERE,
        **_claims("import_name", "import_namespace"),
        "comment": [""],
        _SHA256: [],
        _BLAKE2: [],
    },
    "uv": {
        **_EVERYWHERE,
        **_claims("supported_platform", import_name="import_names", import_namespace="import_namespaces"),
        _SHA256: [],
    },
    "poetry": {
        **_EVERYWHERE,
        **_claims(import_name="import_names", import_namespace="import_namespaces"),
        "comment": [""],
        _MD5: [],
        _SHA256: [],
        _BLAKE2: [],
    },
    "flit": {
        **_EVERYWHERE,
        **_claims("maintainer", "maintainer_email", "import_name", "import_namespace", "dynamic", "provides_extra"),
        _MD5: [],
        _SHA256: [],
    },
    "hatch": {
        **_EVERYWHERE,
        **_claims(),
        "license": [""],
        "requires_external": [""],
        "provides_dist": [""],
        "comment": [""],
        _MD5: [],
        _SHA256: [],
        _BLAKE2: [],
    },
    "pdm": {
        **_EVERYWHERE,
        **_claims("license_expression", "import_name", "import_namespace", provides_extra="provides_extras"),
        "license": ["UNKNOWN"],
        _MD5: [],
        _SHA256: [],
        _BLAKE2: [],
    },
}
"""Fields of each client; digests, `filetype` and `pyversion` are filled in for the file."""


def form_of(client: str, kind: str = "wheel") -> Upload:
    """Make the upload that a client sends for `RICH`, as wheel or sdist."""
    filename, content = build(RICH, kind)
    digests = digests_of(content)
    fields = {name: [digests[name]] if name in digests else values for name, values in CLIENTS[client].items()}
    fields["filetype"] = ["bdist_wheel" if kind == "wheel" else "sdist"]
    fields["pyversion"] = ["py3" if kind == "wheel" else "source"]
    return Upload(filename=filename, content=content, fields=tuple((n, v) for n, vs in fields.items() for v in vs))


def digests_of(content: bytes) -> dict[str, str]:
    """Compute the digests that forms carry."""
    import hashlib

    return {
        _MD5: hashlib.md5(content).hexdigest(),
        _SHA256: hashlib.sha256(content).hexdigest(),
        _BLAKE2: hashlib.blake2b(content, digest_size=32).hexdigest(),
    }
