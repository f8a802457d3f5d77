"""What holds for every public page, on a phone and on a desk, by day and by night."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looks import ADDRESSES, LOOKS, PHONE, Look, list_findings, open_page
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.need("browser")
ABOUT_THE_STATUS = "Failed to load resource: the server responded with a status of 40"
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
    assets: list[tuple[str, int]] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    page.on("requestfailed", lambda asked: complaints.append(f"{asked.url}: {asked.failure}"))
    page.on("response", lambda answer: assets.append((answer.request.resource_type, answer.status)))
    page.goto(address)
    for summary in page.locator("summary").all():
        summary.click()

    assert [asset for asset in assets if asset[0] != "document" and asset[1] != 200] == []
    assert {"stylesheet", "script", "font"} <= {kind for kind, _ in assets}
    assert [text for text in complaints if not text.startswith(ABOUT_THE_STATUS)] == []
    assert list_findings(page) == []
    assert page.evaluate(WIDER_THAN_THE_WINDOW) == []
    assert page.evaluate(TOO_SMALL_TO_TOUCH) == []
    assert hosts == {urlsplit(shown_index.url).netloc}


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("document.querySelector('.command code').style.background = '#f4f5fb'", "color-contrast"),
        ("document.querySelector('.lede').style.color = '#d8b030'", "color-contrast"),
        ("document.querySelector('main').append(new Image())", "image-alt"),
        ("document.querySelector('.search button').replaceChildren()", "button-name"),
        ("document.querySelector('html').removeAttribute('lang')", "html-has-lang"),
    ],
)
def test_a_planted_fault_is_found(fault: str, rule: str, browser: Browser, shown_index: RunningIndex) -> None:
    context, page = open_page(browser, shown_index, Look(PHONE, "light"))
    page.goto("/")
    page.evaluate(f"() => {{ {fault} }}")
    assert {finding.partition(":")[0] for finding in list_findings(page)} >= {rule}
    context.close()
