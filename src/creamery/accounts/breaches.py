"""Passwords that are known from leaks, looked up without asking anybody. Source: security.md AUT-7."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class NotBreached:
    """
    Refuses passwords that are in a folder of ranges, in the layout that downloaders of the public lists write.

    A range that is missing or cannot be read refuses as well: what was not checked is not taken for good.
    """

    def __init__(self, folder: str) -> None:
        """Remember where the ranges lie."""
        self._folder = Path(folder)

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002 - Django's interface.
        """Refuse a password that leaked."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            lines = (self._folder / f"{digest[:5]}.txt").read_text("ascii").upper().splitlines()
        except (OSError, ValueError):
            raise ValidationError(
                _("This index cannot check at the moment whether the password is known from a leak. Try again later."),
                code="unchecked",
            ) from None
        if any(line.partition(":")[0].strip() == digest[5:] for line in lines):
            raise ValidationError(_("This password is known from a leak."), code="breached")

    def get_help_text(self) -> str:
        """Say the rule."""
        return _("It must not be known from a leak.")
