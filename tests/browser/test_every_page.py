"""What holds for every public page, on a phone and on a desk, by day and by night."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.looks import ADDRESSES, LOOKS, Look, open_page
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.need("browser")
EXPECTED_COMPLAINTS = "Failed to load resource: the server responded with a status of 40"
WIDER_THAN_THE_WINDOW = """
() => document.documentElement.scrollWidth > window.innerWidth
    ? [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.outerHTML.slice(0, 90))
    : []
"""
TOO_SMALL_TO_TOUCH = """
() => [...document.querySelectorAll('button, .masthead a, .contents a, .tab, .pager a, .footer a, .links a')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 90))
"""


@pytest.fixture(params=LOOKS, ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, shown_index: RunningIndex) -> Iterator[Page]:
    look: Look = request.param
    context, page = open_page(browser, shown_index, look)
    yield page
    context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_accessible_quiet_and_fits(address: str, page: Page, shown_index: RunningIndex) -> None:
    """WCAG 2.2 AA as far as axe-core sees; UIX-006, UIX-007; one visit, because visits are what takes time."""
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    page.goto(address)
    for summary in page.locator("summary").all():
        summary.click()

    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate(WIDER_THAN_THE_WINDOW) == []
    assert page.evaluate(TOO_SMALL_TO_TOUCH) == []
    assert [text for text in complaints if not text.startswith(EXPECTED_COMPLAINTS)] == []
    assert hosts == {urlsplit(shown_index.url).netloc}


def test_axe_finds_what_is_wrong(page: Page) -> None:
    """The check above can fail: a page with grey words on grey and a picture without words does not pass."""
    page.goto("/")
    page.set_content('<html><body bgcolor="#777"><img src="data:,"><p>words</p></body></html>')
    assert Axe().run(page).violations_count >= 2
