"""Template words and assets."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

import creamery.web
from creamery.web.icons import ICONS
from creamery.web.look import find_asset_url
from creamery.web.templatetags import look

WEB = Path(creamery.web.__file__).parent
STYLE = (WEB / "static/creamery/creamery.css").read_text()
TEMPLATES = {path.relative_to(WEB).as_posix(): path.read_text() for path in (WEB / "templates").rglob("*.html")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>", "&lt;b&gt;"),
        ("live\u202egpj", 'live<span class="odd-character" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>gpj'),
        ("a\u200bb", 'a<span class="odd-character" title="ZERO WIDTH SPACE">U+200B</span>b'),
        ("\u202a\u2066", "LEFT-TO-RIGHT EMBEDDING"),
        ("Größe, 大, שלום", "Größe, 大, שלום"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_characters_that_change_how_text_reads_are_shown(text: str, shown: str) -> None:
    """CNT-4"""
    assert shown in look.unmask(text)


def test_a_long_name_may_break_after_its_signs() -> None:
    assert look.breakable("a_b-c.d+e<") == "a_<wbr>b-<wbr>c.<wbr>d+<wbr>e&lt;"


def test_a_date_is_in_the_readers_language_and_exact_for_machines() -> None:
    moment = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
    with translation.override("de"):
        shown = look.when(moment)
    assert shown == '<time datetime="2026-03-05T14:30:00+00:00" title="2026-03-05 14:30:00 UTC">5. März 2026</time>'
    assert look.when(None) == ""


def test_an_asset_has_its_contents_hash_in_its_address() -> None:
    assert re.fullmatch(r".*/creamery/creamery\.css\?v=[0-9a-f]{12}", find_asset_url("creamery/creamery.css"))
    with pytest.raises(FileNotFoundError):
        find_asset_url("creamery/absent.css")


def test_every_icon_that_a_page_asks_for_is_drawn() -> None:
    asked = {name for text in TEMPLATES.values() for name in re.findall(r'{% icon "(\w+)" %}', text)}
    code = "".join(path.read_text() for path in (WEB / "pages").glob("*.py"))
    used = asked | {name for name in ICONS if f'"{name}"' in code}
    assert used == set(ICONS)


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_template_keeps_to_a_strict_content_policy(path: str) -> None:
    """ASVS 3.4.3: no inline style or script, no handler, nothing from another host."""
    text = TEMPLATES[path]
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:", text)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text)


@pytest.mark.parametrize("path", TEMPLATES)
def test_a_template_says_nothing_that_cannot_be_translated(path: str) -> None:
    text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", TEMPLATES[path], flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    words = re.sub(r"<(code|title|svg)\b.*?</\1>|<[^>]*>|&\w+;", " ", text, flags=re.DOTALL).split()
    assert [word for word in words if any(c.isalpha() for c in word)] in ([], ["Creamery"])


def test_the_stylesheet_loads_nothing_from_elsewhere() -> None:
    assert "@import" not in STYLE
    assert re.findall(r"url\(([^)]*)\)", STYLE) == ['"fonts/league-spartan-bold.woff2"']


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_stylesheet_turns_round_with_the_language(side: str) -> None:
    """Physical directions would not; code is always read from the left, which is the one exception."""
    rules = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL).replace("text-align: left;", "", 1)
    assert not re.findall(
        rf"(?:margin|padding|border|inset)-{side}\b|\n\s*{side}:|(?:float|text-align):\s*{side}", rules
    )


def test_the_bundled_font_has_its_licence_beside_it() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (WEB / "static/creamery/fonts/OFL.txt").read_text()


def test_a_board_has_one_tab_for_each_command_and_the_first_is_chosen() -> None:
    template = Template('{% load look %}{% command_board "b" "Install with" commands %}')
    shown = template.render(Context({"commands": [{"tool": "pip", "text": "a <b>"}, {"tool": "uv", "text": "c"}]}))
    assert shown.count('type="radio"') == 2
    assert re.findall(r'id="(b-tab-\d)"[^>]*checked', shown) == ["b-tab-1"]
    assert '<code id="b-text-1">a &lt;b&gt;</code>' in shown
    assert 'data-copy="b-text-2"' in shown
