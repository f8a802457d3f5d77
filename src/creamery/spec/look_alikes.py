"""
Names that people take for others.

Two measures: `fold_name` for names that look alike, `find_resemblance` for names that are typed by mistake.
Source: Unicode Technical Standard 39, "Confusable Detection", for the characters that names may have; the rules by which
the largest public index watches new names.
"""

from collections.abc import Iterator
from typing import Literal

from creamery.spec.names import normalize_name
from creamery.spec.problems import N_

Resemblance = Literal["repeated", "omitted", "added", "swapped", "replaced", "words"]

RESEMBLANCES: dict[Resemblance, str] = {
    "repeated": N_("a character is doubled"),
    "omitted": N_("a character is missing"),
    "added": N_("a character is added"),
    "swapped": N_("two neighbouring characters are swapped"),
    "replaced": N_("a character is another"),
    "words": N_("the words stand in another order"),
}

SHORTEST = 4
"""Among shorter names nearly all resemble each other."""
_LONGEST = 60
_FOLDED = str.maketrans({"i": "1", "l": "1", "o": "0", "-": ""})


def fold_name(name: str) -> str:
    """
    Bring a name to what the eye sees of it: without separators, with one sign for those that look alike.

    Names with the same fold may not both be new projects. `I`, `l` and `1` are one sign, `O` and `0`, `rn` and `m`, `vv`
    and `w`.

    >>> fold_name("Pillow") == fold_name("pi-11-0w")
    True
    >>> fold_name("numpy") == fold_name("nurnpy")
    True
    """
    return normalize_name(name).translate(_FOLDED).replace("rn", "m").replace("vv", "w")


def list_keys(normalized: str) -> set[str]:
    """
    List the keys under which names that resemble this one can be found: two of them share at least one.

    At most one more than the name has characters, and one for the order of its words.
    """
    shown = normalized[:_LONGEST]
    keys = {shown, *(shown[:place] + shown[place + 1 :] for place in range(len(shown)))}
    return {*keys, "=" + "-".join(sorted(shown.split("-")))}


def find_resemblance(name: str, known: str) -> Resemblance | None:
    """
    Say in which way a name could be a mistyped `known` one; None if it is another name. Both are normalised.

    >>> find_resemblance("reqeusts", "requests"), find_resemblance("requestss", "requests")
    ('swapped', 'repeated')
    >>> find_resemblance("django-rest", "requests") is None
    True
    """
    if name == known or min(len(name), len(known)) < SHORTEST:
        return None
    return next((kind for kind, found in _ways(name, known) if found), None)


def _ways(name: str, known: str) -> Iterator[tuple[Resemblance, bool]]:
    start = _common(name, known)
    rest, known_rest = name[start:], known[start:]
    yield "words", "-" in known and sorted(name.split("-")) == sorted(known.split("-"))
    yield "repeated", rest[1:] == known_rest and rest[:1] == name[max(start - 1, 0) : start]
    yield "added", rest[1:] == known_rest
    yield "omitted", rest == known_rest[1:]
    yield "swapped", rest[2:] == known_rest[2:] and rest[:2] == known_rest[1::-1]
    # A letter for a letter: digits tell versions apart, as in python3-x and python2-x.
    is_letter = rest[:1].isalpha() and known_rest[:1].isalpha()
    yield "replaced", is_letter and rest[1:] == known_rest[1:]


def _common(name: str, known: str) -> int:
    place = 0
    while place < min(len(name), len(known)) and name[place] == known[place]:
        place += 1
    return place
