"""Collects what is wrong with an archive while it is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from creamery.spec.problems import N_, InvalidInput, Problem

MAX_PROBLEMS = 50
"""Nobody reads more, and a hostile archive must not make us write a problem for each of 65,535 members."""

# What parsers raise on content that is not what it says. OSError is not among them: a failing disk is not the
# uploader's fault.
_HOSTILE_ERRORS = (ValueError, LookupError, ArithmeticError, EOFError, RecursionError, TypeError)


class InvalidArchive(InvalidInput):
    """An archive that breaks rules, with what was learnt of it before: its metadata, if it got so far, and warnings."""

    def __init__(
        self, problems: Iterable[Problem], warnings: Iterable[Problem] = (), metadata_bytes: bytes | None = None
    ) -> None:
        self.warnings = tuple(warnings)
        self.metadata_bytes = metadata_bytes
        super().__init__(problems)


class Findings:
    """The problems and warnings of one archive, in the order in which they were found."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.metadata_bytes: bytes | None = None

    def refuse(self, code: str, value: str, rule: str, remedy: str = "", source: str = "", **params: str | int) -> None:
        """Note a broken rule and go on; gives up once there are more problems than anybody reads."""
        self.problems.append(_problem(code, value, rule, remedy or _BUILD_AGAIN, source, params))
        if len(self.problems) >= MAX_PROBLEMS:
            self.stop()

    def fail(
        self, code: str, value: str, rule: str, remedy: str = "", source: str = "", **params: str | int
    ) -> NoReturn:
        """Note a broken rule after which nothing more can be read."""
        self.problems.append(_problem(code, value, rule, remedy or _BUILD_AGAIN, source, params))
        self.stop()

    def warn(self, code: str, value: str, rule: str, remedy: str = "", source: str = "", **params: str | int) -> None:
        """Note what the uploader should know, though it refuses nothing."""
        if len(self.warnings) < MAX_PROBLEMS:
            self.warnings.append(_problem(code, value, rule, remedy or _BUILD_AGAIN, source, params))

    def stop(self) -> NoReturn:
        """Raise what was found."""
        raise InvalidArchive(self.problems, self.warnings, self.metadata_bytes)

    def stop_if_any(self) -> None:
        """Raise what was found, if anything was."""
        if self.problems:
            self.stop()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """
        Turn any error of a parser into a problem of the archive.

        Our own readers check before they convert, so this is for what nobody thought of: hostile input must never look
        like a bug of the server.
        """
        try:
            yield
        except InvalidInput:
            raise
        except _HOSTILE_ERRORS as error:
            self.problems.append(_problem("archive-unreadable", self.filename, _UNREADABLE, _BUILD_AGAIN, "", {}))
            raise InvalidArchive(self.problems, self.warnings, self.metadata_bytes) from error


_BUILD_AGAIN = N_("Build the file again with a current build tool.")
_UNREADABLE = N_("The archive is damaged and cannot be read.")


def _problem(code: str, value: str, rule: str, remedy: str, source: str, params: dict[str, str | int]) -> Problem:
    return Problem(code=code, field="content", value=value, rule=rule, remedy=remedy, params=params, source=source)
