"""
Make a rendered README fit into a page.

The renderer's HTML is safe, but made for a page of its own. Here it gets headings below the page's, code and tables
that can be scrolled by keyboard, no form controls, no links without words, no addresses that would lead astray here,
and no images, because each would tell another host who reads which page.
Imports nothing of ours, so that the rendering child stays small.
"""

import re

import nh3
from pygments.token import STANDARD_TYPES  # type: ignore[import-untyped]
from readme_renderer.clean import ALLOWED_ATTRIBUTES, ALLOWED_TAGS

FIT_VERSION = "1"
"""Raised when what this module makes changes: READMEs are then rendered anew."""

HIGHEST_HEADING = 3
"""The page has the first level for the project and the second for the section."""

_REPLACED = {"input", "img", "picture"}
_TAGS = set(ALLOWED_TAGS) - _REPLACED
_ATTRIBUTES = {tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items() if tag not in _REPLACED}
_ATTRIBUTES["pre"].discard("lang")  # There it names a programming language, which a screen reader takes for a tongue.
_CLASSES = {*STANDARD_TYPES.values(), "image", "admonition", "admonition-title"} - {""}
"""Those of highlighted code, and our own for READMEs: with the page's classes a README could dress up as the page."""
_HEADING = re.compile(r"<(/?)h([1-6])\b")
_EMPTY_LINK = re.compile(r"<a\s[^<>]*></a>")
_CHECKBOX = re.compile(r"<input\b([^<>]*)>")
_IMAGE = re.compile(r"<img\b([^<>]*)>")
_LINKED_IMAGE = re.compile(r"(<a\s[^<>]*>\s*)<img\b([^<>]*)>(?=\s*</a>)")
_ALT = re.compile(r'\salt="([^"]*)"')
_SOURCE = re.compile(r'\ssrc="([^"]*)"')


def make_fit(html: str) -> str:
    """
    Make sanitised HTML fit into a page, and sanitise it once more.

    The replacements below see text, not elements, and could be led to break an attribute open. That is why the
    sanitiser comes after them: whatever they made of it, what leaves here is safe.
    Source: security.md CNT-2.

    >>> make_fit('<h1>A</h1><h2>B<a href="#b"></a></h2>')
    '<h3>A</h3><h4>B</h4>'
    >>> make_fit('<img alt="A map" src="https://h.example/map.png">')
    '<span class="image"><a href="https://h.example/map.png" rel="nofollow ugc noopener">A map</a></span>'
    >>> make_fit('<ul><li><input type="checkbox" checked="" disabled=""> done</li></ul>')
    '<ul><li>☑ done</li></ul>'
    """
    text = _CHECKBOX.sub(lambda found: "☑" if "checked" in found[1] else "☐", html)
    text = _LINKED_IMAGE.sub(lambda found: f'{found[1]}<span class="image">{_words_of(found[2])}</span>', text)
    text = _IMAGE.sub(_link_to_image, text)
    text = _lower_headings(_EMPTY_LINK.sub("", text))
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_fit_attribute,
        link_rel="nofollow ugc noopener",
        url_schemes={"http", "https", "mailto"},
        set_tag_attribute_values={"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}},
    )


def _words_of(attributes: str) -> str:
    """Take an image's words, or the name of its file where the author gave none."""
    alt, source = _ALT.search(attributes), _SOURCE.search(attributes)
    if alt is not None and alt[1].strip() and not alt[1].startswith("http"):
        return alt[1]
    return source[1].rpartition("/")[2].partition("?")[0] if source is not None else ""


def _link_to_image(found: re.Match[str]) -> str:
    source, words = _SOURCE.search(found[1]), _words_of(found[1])
    if source is None or not words:
        return words
    return f'<span class="image"><a href="{source[1]}">{words}</a></span>'


def _lower_headings(html: str) -> str:
    """Move all headings by the same step, so that the README's highest one comes right below the page's."""
    levels = {int(level) for _, level in _HEADING.findall(html)}
    if not levels:
        return html
    step = HIGHEST_HEADING - min(levels)
    return _HEADING.sub(lambda found: f"<{found[1]}h{min(6, int(found[2]) + step)}", html)


def _fit_attribute(_tag: str, attribute: str, value: str) -> str | None:
    if attribute in {"href", "src"}:
        return _fit_address(value, is_link=attribute == "href")
    if attribute == "class":
        return " ".join(word for word in value.split() if word in _CLASSES) or None
    return value


def _fit_address(address: str, *, is_link: bool) -> str | None:
    """
    Take away addresses relative to a repository, which would lead into this index, and give `//host` a scheme.

    What an author calls `docs/usage.md` is not here; words without a link are better than a link to nothing.
    """
    address = address.strip()
    if address.startswith("//"):
        return f"https:{address}"
    is_on_page = is_link and address.startswith("#")
    return address if is_on_page or re.match(r"(?i)(https?|mailto):", address) else None
