"""READMEs fit into the page, and stay harmless."""

import html5lib
import pytest

from creamery.markup.child import render
from creamery.markup.fit import make_fit


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("<h1>A</h1><h3>B</h3>", "<h3>A</h3><h5>B</h5>"),
        ("<h2>A</h2><h3>B</h3>", "<h3>A</h3><h4>B</h4>"),
        ("<h5>A</h5><h6>B</h6>", "<h3>A</h3><h4>B</h4>"),
        ("<h1>A</h1><h5>B</h5>", "<h3>A</h3><h6>B</h6>"),
    ],
)
def test_headings_come_below_those_of_the_page(given: str, made: str) -> None:
    assert make_fit(given) == made


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ('<a href="docs/x.md">x</a>', '<a rel="nofollow ugc noopener">x</a>'),
        ('<a href="/account/">x</a>', '<a rel="nofollow ugc noopener">x</a>'),
        ('<a href="//h.example/">x</a>', '<a href="https://h.example/" rel="nofollow ugc noopener">x</a>'),
        ('<a href="#user-content-a">x</a>', '<a href="#user-content-a" rel="nofollow ugc noopener">x</a>'),
        ('<a href="HTTPS://h.example/">x</a>', '<a href="HTTPS://h.example/" rel="nofollow ugc noopener">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="nofollow ugc noopener">x</a>'),
    ],
)
def test_links_lead_out_or_within_the_readme(given: str, made: str) -> None:
    """CNT-2"""
    assert make_fit(given) == made


def test_links_without_words_are_taken_away() -> None:
    assert make_fit('<h2 id="a">A<a href="#a"></a></h2>') == '<h3 id="a">A</h3>'


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('<img src="https://h.example/a.png" alt="A map">', "A map"),
        ('<img src="https://h.example/a.png?raw=true" alt="">', "a.png"),
        ('<img src="https://h.example/a.svg" alt="https://h.example/a.svg">', "a.svg"),
        ('<a href="https://ci.example/"><img src="https://h.example/b.svg" alt="passing"></a>', "passing"),
        ('<picture><img src="http://169.254.169.254/x" alt="inside"></picture>', "inside"),
    ],
)
def test_an_image_becomes_its_words(given: str, words: str) -> None:
    """CNT-3"""
    made = make_fit(given)
    assert "<img" not in made
    assert f">{words}<" in made


def test_task_lists_have_marks_instead_of_form_controls() -> None:
    rendered = render("- [ ] eat\n- [x] cut\n", "text/markdown")
    assert rendered is not None
    made = make_fit(rendered)
    assert "<input" not in made
    assert "☐ eat" in made
    assert "☑ cut" in made


def test_code_and_tables_can_be_scrolled_by_keyboard() -> None:
    assert make_fit("<pre>x</pre>") == '<pre tabindex="0">x</pre>'
    assert make_fit("<table><tbody><tr><td>x</td></tr></tbody></table>").startswith('<table tabindex="0">')


def test_a_readme_cannot_dress_up_as_the_page() -> None:
    made = make_fit('<div class="notice bad">This project is safe</div><span class="kn visually-hidden">x</span>')
    assert made == '<div>This project is safe</div><span class="kn">x</span>'


@pytest.mark.parametrize(
    "trick",
    [
        '<a title="<a " href="https://y.example"></a><p>" onmouseover="alert(1)" x="</p>',
        '<img alt="<img alt=x src=y>" src="https://h.example/"><p>" onclick="alert(1)" "</p>',
        '<a href="https://h.example/" title="<h1 onclick=alert(1) "><img alt="<script>alert(1)</script>" src="//x"></a>',
        '<input title="><script>alert(1)</script>" checked>',
        '<p title="<input><img src=x onerror=alert(1)>">x</p>',
    ],
)
def test_replacing_text_opens_no_hole(trick: str) -> None:
    """CNT-2: the sanitiser has the last word."""
    tree = html5lib.parse(make_fit(trick), namespaceHTMLElements=False)
    elements = list(tree.iter())
    assert not {element.tag for element in elements} & {"script", "img", "input"}
    assert not [name for element in elements for name in element.attrib if name.startswith("on")]
