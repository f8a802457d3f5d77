"""What the letters about accounts say, kept as files in `tests/golden/letters/`."""

import re
from pathlib import Path

import pytest

from creamery.accounts import mail
from creamery.kernel.letters import write_text
from tests.golden.golden import check_golden

TEMPLATES = Path(mail.__file__).parent / "templates" / "letters"
PARTS = {"account_hello", "account_circumstances", "account_freeze", "account_footer", "account_no_account"}
HOW = {
    "at": "2026-11-25 14:30 UTC", "place": "192.0.2.7", "device": "Firefox on Linux", "actor": "ada", "is_operator": False,
    "freeze": "0" * 32, "link": "1" * 32,
}  # fmt: skip
CONSOLE: dict[str, object] = {"place": "", "device": "", "actor": "console", "is_operator": True}
STRANGER: dict[str, object] = {"actor": ""}
LETTERS: dict[str, tuple[str, dict[str, object]]] = {
    "account_address_added": ("account_address_added", {"address": "ada@home.example"}),
    "account_address_removed": ("account_address_removed", {"address": "ada@home.example"}),
    "account_primary_changed": (
        "account_primary_changed",
        {"address": "ada@home.example", "before": "ada@idx.example"},
    ),
    "account_password_changed-by-the-operator": ("account_password_changed", CONSOLE),
    "account_token_created": ("account_token_created", {"token": "weekly build", "projects": "edam, gouda"}),
    "account_token_created-for-all": ("account_token_created", {"token": "weekly build", "projects": ""}),
    "account_frozen": ("account_frozen", STRANGER),
    "account_unfrozen": ("account_unfrozen", CONSOLE),
    "account_register": ("account_register", {**STRANGER, "username": ""}),
    "account_invitation": ("account_invitation", {"username": "", "actor": "grace"}),
    "account_exists": ("account_exists", STRANGER),
    "account_reset": ("account_reset", STRANGER),
    "account_confirm_address": ("account_confirm_address", {}),
}


@pytest.mark.parametrize("case", LETTERS)
def test_a_letter_about_an_account_reads_as_kept(case: str) -> None:
    template, facts = LETTERS[case]
    text = write_text(template, {"username": "ada", **HOW, **facts})
    # A dot keeps an empty line where it is.
    lines = [re.sub(r"(creamery-link-).*/", r"\1CODE/", line) or "." for line in text.body.splitlines()]
    check_golden(f"letters/{case}.txt", "\n".join([f"Subject: {text.subject}", ".", *lines]))


def test_every_template_is_tried_here() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == {template for template, _ in LETTERS.values()} | PARTS
