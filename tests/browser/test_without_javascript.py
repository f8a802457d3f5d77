"""The pages with scripts turned off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import PHONE, Look, open_page
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.need("browser")


@pytest.fixture
def page(browser: Browser, shown_index: RunningIndex) -> Iterator[Page]:
    context, page = open_page(browser, shown_index, Look(PHONE, "light"), javascript=False)
    yield page
    context.close()


def test_the_way_from_home_to_a_file_works(page: Page, shown_index: RunningIndex) -> None:
    page.goto("/")
    page.locator("main input[type=search]").fill("wheels")
    page.locator("main .search button").click()
    page.get_by_role("link", name="Gouda", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gouda 2.1")
    page.locator(".releases").get_by_role("link", name="2.0", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gouda 2.0")
    address = page.get_by_role("link", name="gouda-2.0-py3-none-any.whl", exact=True).get_attribute("href")
    assert address is not None
    assert shown_index.fetch(address).startswith(b"PK")


def test_a_tool_is_chosen_and_its_command_shown(page: Page) -> None:
    page.goto("/project/gouda/")
    expect(page.get_by_text("pip install --index-url", exact=False).first).to_be_visible()
    page.locator(".project label", has_text="uv add").click()
    expect(page.locator(".project .command:visible")).to_have_count(1)
    expect(page.locator(".project .command:visible")).to_contain_text("uv add --index")


def test_buttons_that_could_do_nothing_are_not_shown(page: Page) -> None:
    page.goto("/project/gouda/")
    expect(page.locator(".copy:visible")).to_have_count(0)
    expect(page.locator(".copy").first).to_be_attached()


def test_hashes_open(page: Page) -> None:
    page.goto("/project/gouda/")
    page.locator(".hashes summary").first.click()
    expect(page.locator(".hashes code").first).to_be_visible()
