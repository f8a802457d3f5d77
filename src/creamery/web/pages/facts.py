"""What the side of a project page says about a release: people, licence, classifiers."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import getaddresses

from creamery.spec.metadata import CoreMetadata

_LICENSE = "License"
_LICENSE_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody whom the metadata names; nobody has checked it."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ClassifierGroup:
    """Classifiers that begin alike, without that beginning."""

    name: str
    values: tuple[str, ...]


def list_authors(metadata: CoreMetadata) -> tuple[NamedPerson, ...]:
    """Name the authors."""
    return _people(metadata.author, metadata.author_email)


def list_maintainers(metadata: CoreMetadata) -> tuple[NamedPerson, ...]:
    """Name the maintainers, as the metadata says; who may publish here is another matter."""
    return _people(metadata.maintainer, metadata.maintainer_email)


def find_license(metadata: CoreMetadata) -> str:
    """
    Say the licence: the expression, else the classifiers, else the free text if it is short enough to be a name.

    Many projects put the whole text of their licence into the old field. Source: PEP 639.
    """
    if metadata.license_expression:
        return metadata.license_expression
    classified = [text.rpartition(" :: ")[2] for text in metadata.classifiers if text.startswith(f"{_LICENSE} :: ")]
    if classified:
        return ", ".join(dict.fromkeys(classified))
    text = metadata.license.strip()
    return text if len(text) <= _LICENSE_CHARACTERS else text.splitlines()[0][:_LICENSE_CHARACTERS] + "…"


def group_classifiers(metadata: CoreMetadata) -> tuple[ClassifierGroup, ...]:
    """Arrange the classifiers by their first part, each group once, in alphabetical order."""
    groups: dict[str, list[str]] = {}
    for classifier in metadata.classifiers:
        head, _, rest = classifier.partition(" :: ")
        groups.setdefault(head, []).append(rest or head)
    return tuple(ClassifierGroup(head, tuple(values)) for head, values in sorted(groups.items()))


def list_keywords(metadata: CoreMetadata) -> tuple[str, ...]:
    """
    List the keywords, each once. Old metadata separates them with spaces instead of commas.

    Source: core metadata specification, "Keywords".
    """
    words = metadata.keywords
    if len(words) == 1 and " " in words[0] and "," not in words[0]:
        words = tuple(words[0].split())
    parts = (part.strip() for word in words for part in word.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _people(names: str, addresses: str) -> tuple[NamedPerson, ...]:
    """Join the two fields: an address field may hold names too, a name field may hold several names."""
    addressed = [
        NamedPerson(name.strip(), email) for name, email in getaddresses([addresses]) if email and "@" in email
    ]
    known = {person.name for person in addressed}
    if names and len(addressed) == 1 and not addressed[0].name:
        return (NamedPerson(names.strip(), addressed[0].email),)
    unaddressed = [NamedPerson(names.strip(), "")] if names.strip() and names.strip() not in known else []
    return _once([*unaddressed, *addressed])


def _once(people: Iterable[NamedPerson]) -> tuple[NamedPerson, ...]:
    return tuple(dict.fromkeys(people))
