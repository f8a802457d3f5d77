"""The order of versions, where it is not simply PEP 440's."""

from packaging.version import Version


def precedence(version: str, *, yanked: bool = False) -> tuple[bool, bool, Version]:
    """
    Order versions by which one is shown as the latest: not yanked, then final, then highest.

    Source: standards.md JS-06.

    >>> max(["1.0", "2.0rc1"], key=precedence)
    '1.0'
    """
    parsed = Version(version)
    return not yanked, not parsed.is_prerelease, parsed
