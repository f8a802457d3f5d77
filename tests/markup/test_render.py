"""Texts of strangers: rendered within limits, or refused with the reason and the line."""

import html
import time

import pytest

from creamery.markup import readme_key, render_for_upload, render_text
from creamery.markup.render import _POOL, LONGEST_SOURCE


@pytest.mark.parametrize(
    ("text", "kind", "has"),
    [
        ("# Gouda", "text/markdown", "Gouda</h3>"),
        ("~~old~~", "text/markdown; variant=GFM", "<del>old</del>"),
        ("*Gouda*", "text/x-rst", "<em>Gouda</em>"),
        ("*Gouda*", "", "<em>Gouda</em>"),
        ("a < b", "text/plain", "a &lt; b"),
    ],
)
def test_a_text_is_rendered_by_its_type(text: str, kind: str, has: str) -> None:
    """MD-06"""
    rendered = render_text(text, kind)
    assert has in rendered.html
    assert (rendered.reason, rendered.is_final) == ("", True)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("Fine.\n\nHello *world\n", 3, "Inline emphasis start-string without end-string."),
        ("Hello :foo:`world`\n", 1, 'Unknown interpreted text role "foo".'),
        ("A\n\n.. include:: /etc/passwd\n", 3, '"include" directive disabled.'),
        (".. only a comment", 0, "No content rendered from RST source."),
        (".. raw:: html\n   :url: http://localhost/\n", 1, '"raw" directive disabled.'),
        (".. raw:: html\n   :file: /etc/passwd\n", 1, '"raw" directive disabled.'),
        (".. role:: r(raw)\n   :format: html\n\n:r:`<script>`\n", 5, "raw (and derived) roles disabled"),
        (
            "A\n\n.. csv-table:: x\n   :url: http://localhost/\n",
            3,
            'File and URL access deactivated; ignoring "csv-table" directive.',
        ),
        (
            ".. csv-table:: x\n   :file: /etc/passwd\n",
            1,
            'File and URL access deactivated; ignoring "csv-table" directive.',
        ),
    ],
)
def test_what_cannot_be_rendered_says_in_which_line_and_why(text: str, line: int, reason: str) -> None:
    """MD-06, UPL-032: nothing is read from this machine or fetched from another"""
    rendered = render_text(text, "text/x-rst")
    assert (rendered.line, rendered.reason) == (line, reason)
    assert html.escape(text) in rendered.html


def test_quotes_in_quotes_are_told_with_their_line() -> None:
    """MD-06, CNT-1"""
    rendered = render_text("Fine.\n\n" + "> " * 200 + "deep\n", "text/markdown")
    assert (rendered.line, rendered.reason) == (3, "Quotes are nested more than 100 deep.")


BOMBS = {
    "quotes": (">" * 20_000, "text/markdown"),
    "elements": ("<div>" * 40_000, "text/markdown"),
    "lists": ("\n".join("  " * depth + "- a" for depth in range(400)), "text/x-rst"),
    "brackets": ("[" * 50_000, "text/markdown"),
    "quotes in parts": ("> " * 20_000, "text/markdown"),
    "lists in one line": ("- " * 3_000 + "a\n", "text/x-rst"),
    "a table of 200,000 cells": (
        "|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n" + ("|b" * 2_000 + "|\n") * 100,
        "text/markdown",
    ),
    "a grid of 100,000 cells": (
        "+" + "-+" * 500 + "\n" + ("|" + "a|" * 500 + "\n+" + "-+" * 500 + "\n") * 200,
        "text/x-rst",
    ),
    "a program of brackets": ("```python\n" + "(" * 200_000 + "\n```", "text/markdown"),
    "a formula": (".. math::\n\n   " + "\\frac{" * 1_000 + "a" + "}" * 1_000 + "\n", "text/x-rst"),
    "signs that need escapes": ("<" * 900_000, "text/plain"),
    "substitutions": (
        ".. |a| replace:: " + "x" * 1000 + "\n" + "".join(f".. |a{n}| replace:: {'|a| ' * 50}\n" for n in range(50)),
        "text/x-rst",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_text_costs_little_and_the_next_one_is_rendered(bomb: str) -> None:
    """CNT-1: whether it is rendered or not, it ends; and nobody else waits for it."""
    begun = time.monotonic()
    render_text(*BOMBS[bomb])
    assert time.monotonic() - begun < 10
    assert render_text("# Gouda", "text/markdown").html.endswith("Gouda</h3>\n")


def test_a_text_that_is_too_long_is_shown_as_it_is() -> None:
    """CNT-1"""
    rendered = render_text("a" * (LONGEST_SOURCE + 1), "text/markdown")
    assert rendered.html.startswith('<pre class="readme-plain">aaa')
    assert rendered.reason


def test_a_child_renders_many_texts_and_is_then_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("creamery.markup.render.TEXTS_PER_CHILD", 2)
    render_text("one", "text/plain")
    before = {id(child) for child in _POOL._idle}
    for number in range(6):
        assert render_text(f"number {number}", "text/plain").reason == ""
    assert before.isdisjoint(id(child) for child in _POOL._idle)


def test_an_upload_waits_only_for_what_may_be_refused() -> None:
    """UPL-032"""
    assert render_for_upload("# Gouda", "text/markdown; variant=GFM") is None
    assert render_for_upload("Gouda", "text/plain") is None
    for content_type in ("text/x-rst", ""):
        shown = render_for_upload("*Gouda*", content_type)
        assert shown is not None
        assert (shown.html, shown.reason) == ("<p><em>Gouda</em></p>\n", "")
    deep, long = "\nGouda\n" + ">" * 101, "a" * (LONGEST_SOURCE + 1)
    refused = [render_for_upload(text, "text/markdown") for text in (deep, long)]
    assert [(one.line, bool(one.reason)) for one in refused if one is not None] == [(3, True), (0, True)]


def test_the_key_of_a_text_tells_text_and_type_apart() -> None:
    keys = {readme_key("a", "text/plain"), readme_key("a", "text/markdown"), readme_key("b", "text/plain")}
    assert len(keys | {readme_key("a", "text/plain")}) == 3
