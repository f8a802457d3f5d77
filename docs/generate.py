"""
Write the pages of docs/reference/ from the code that they tell of.

    python docs/generate.py            write them
    python docs/generate.py --check    write nothing; name the pages that are not what the code says, and exit with 1

What can be read from the code is read from it, so that no page can promise what is not there.
"""

import argparse
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import api_pages
import operator_pages
import record_pages
import rule_pages
import standard_pages

import creamery
from creamery import config

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTICE = "<!-- Written by docs/generate.py from the code. Do not edit: change the code, then run `make docs`. -->"
STARTS_A_SERVER = {"creamery.__main__", "creamery.asgi"}
"""Modules that do something when they are imported; they hold nothing that is listed here."""


def main() -> int:
    """Write the pages, or compare them. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/reference/ from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    only_check = parser.parse_args().check
    pages = {REFERENCE / name: text for name, text in make_pages().items()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    orphans = [path for path in sorted(REFERENCE.glob("*.md")) if path not in pages]
    if only_check:
        for path in (*stale, *orphans):
            print(f"{path.relative_to(REFERENCE.parent.parent)} is not what the code says. Run: make docs")
        return 1 if stale or orphans else 0
    for path in stale:
        path.write_text(pages[path])
    for path in orphans:
        path.unlink()
    print(f"Reference: {len(pages)} pages, {len(stale) + len(orphans)} changed.")
    return 0


def make_pages() -> dict[str, str]:
    """Make every page, by file name."""
    with tempfile.TemporaryDirectory(prefix="creamery-docs-") as folder:
        config.choose(data=folder)
        config.load_django()
        import_all()
        pages = {
            "settings.md": operator_pages.settings_page(),
            "commands.md": operator_pages.commands_page(),
            "upload-rules.md": rule_pages.upload_rules_page(),
            "refusals.md": record_pages.refusals_page(),
            "permissions.md": record_pages.permissions_page(),
            "events.md": record_pages.events_page(),
            "metrics.md": operator_pages.metrics_page(),
            "api.md": api_pages.api_page(),
        }
        pages |= {name: standard_pages.standards_page(topic) for name, topic in standard_pages.TOPICS.items()}
    pages["README.md"] = contents_page(pages)
    return {name: f"{NOTICE}\n\n{text.strip()}\n" for name, text in pages.items()}


def import_all() -> None:
    """Import every module of ours, so that every subclass is known."""
    for module in pkgutil.walk_packages(creamery.__path__, "creamery."):
        if module.name not in STARTS_A_SERVER and ".migrations" not in module.name:
            importlib.import_module(module.name)


def contents_page(pages: dict[str, str]) -> str:
    """Make the list of the other pages, each with its first sentence."""
    lines = [
        "# Reference",
        "",
        "Everything here is written by the code itself; see [docs](../README.md) for the rest.",
        "",
    ]
    for name, text in pages.items():
        title, _, sentence, *_ = text.splitlines()
        lines.append(f"- [{title.removeprefix('# ')}]({name}): {sentence}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
