"""The pages by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looks import DESKTOP, Look, open_page
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.need("browser")
FOCUS_IS_VISIBLE = """
e => {
    const seen = [e, e.closest('.search'), e.closest('.card'), document.querySelector(`label[for="${e.id}"]`)];
    return seen.some(one => one && getComputedStyle(one).outlineStyle !== 'none'
        && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
}
"""


@pytest.fixture
def opened(browser: Browser, shown_index: RunningIndex) -> Iterator[tuple[BrowserContext, Page]]:
    context, page = open_page(browser, shown_index, Look(DESKTOP, "light"))
    yield context, page
    context.close()


@pytest.fixture
def page(opened: tuple[BrowserContext, Page]) -> Page:
    return opened[1]


def test_the_first_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/project/gouda/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_search_is_a_few_keys_away(page: Page) -> None:
    page.goto("/")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "search":
            break
    page.keyboard.press("Tab")
    page.locator("main input[type=search]").focus()
    page.keyboard.type("gouda")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=gouda")
    expect(page.get_by_role("link", name="Gouda", exact=True)).to_be_visible()


def test_every_stop_can_be_seen(page: Page) -> None:
    """WCAG 2.4.7, 2.4.11."""
    page.goto("/project/gouda/")
    stops = 0
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate_handle("document.activeElement").as_element()
        if focused is None or focused.evaluate("e => e === document.body"):
            break
        stops += 1
        assert focused.evaluate(FOCUS_IS_VISIBLE), focused.evaluate("e => e.outerHTML.slice(0, 120)")
    assert stops > 20


def test_the_install_command_is_chosen_by_arrow_and_copied(opened: tuple[BrowserContext, Page]) -> None:
    context, page = opened
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/project/gouda/")
    page.locator(".board input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    button = page.locator(".project .copy:visible")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_contain_text("Copied")
    expect(page.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("uv pip install --index-url http")
    assert copied.endswith("/simple/ Gouda")


def test_a_hash_is_copied_whole(opened: tuple[BrowserContext, Page], shown_index: RunningIndex) -> None:
    context, page = opened
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/project/gouda/")
    page.locator(".hashes summary").first.press("Enter")
    page.locator(".hashes .copy").first.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(copied) == 64
    assert copied in shown_index.fetch("/simple/gouda/", Accept="text/html").decode()


def test_the_copy_button_says_so_when_it_cannot_copy(page: Page) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.goto("/project/gouda/")
    button = page.locator(".project .copy:visible")
    button.click()
    expect(button).to_contain_text("Select and copy by hand")
