"""What a distribution says about itself, as one frozen value."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from creamery.spec.problems import Problem

JsonValue = str | list[str] | list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """
    The fields of core metadata, named as in the specification, values as the author wrote them.

    A field that may stand once is `""` when absent, one that may stand several times is `()`. `project_urls` holds
    pairs of label and address in the order of the file. `import_names` holds one `""` when the file says that there are
    none (PEP 794), which is not the same as saying nothing. `remarks` are findings that do not refuse the file; they
    are not part of the value.
    """

    metadata_version: str
    name: str
    version: str
    summary: str = ""
    description: str = ""
    description_content_type: str = ""
    keywords: tuple[str, ...] = ()
    home_page: str = ""
    download_url: str = ""
    author: str = ""
    author_email: str = ""
    maintainer: str = ""
    maintainer_email: str = ""
    license: str = ""
    license_expression: str = ""
    license_files: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    requires_dist: tuple[str, ...] = ()
    requires_python: str = ""
    requires_external: tuple[str, ...] = ()
    project_urls: tuple[tuple[str, str], ...] = ()
    provides_extra: tuple[str, ...] = ()
    provides_dist: tuple[str, ...] = ()
    obsoletes_dist: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    supported_platforms: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    import_names: tuple[str, ...] = ()
    import_namespaces: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    remarks: tuple[Problem, ...] = dataclasses.field(default=(), compare=False, repr=False)

    def to_json(self) -> dict[str, JsonValue]:
        """
        Shape everything but the description and the remarks for a JSON column; absent fields are left out.

        The description is kept apart, because it is long and few readers want it.

        >>> CoreMetadata(metadata_version="2.1", name="foo", version="1", keywords=("a", "b")).to_json()
        {'metadata_version': '2.1', 'name': 'foo', 'version': '1', 'keywords': ['a', 'b']}
        """
        found: dict[str, JsonValue] = {}
        for field in _STORED:
            value = getattr(self, field)
            if value and field == "project_urls":
                found[field] = [[label, url] for label, url in value]
            elif value:
                found[field] = list(value) if isinstance(value, tuple) else value
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], description: str = "") -> Self:
        """
        Make the value again from what `to_json` shaped; unknown keys are ignored, as a later version may have them.

        >>> one = CoreMetadata(metadata_version="2.1", name="foo", version="1", project_urls=(("Docs", "https://d"),))
        >>> CoreMetadata.from_json(one.to_json()) == one
        True
        """
        values: dict[str, Any] = {}
        for field in _STORED:
            value = stored.get(field)
            if value and field == "project_urls":
                values[field] = tuple((label, url) for label, url in value)
            elif value:
                values[field] = tuple(value) if isinstance(value, list) else value
        return cls(**values, description=description)


_STORED = tuple(f.name for f in dataclasses.fields(CoreMetadata) if f.name not in {"description", "remarks"})
