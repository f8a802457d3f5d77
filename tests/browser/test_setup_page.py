"""The page that the first start's link leads to, by hand: as the person who sets an index up sees it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import LOOKS, Look, list_findings, open_page
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.running_index import RunningIndex

pytestmark = [pytest.mark.need("browser"), pytest.mark.only_on("sqlite")]


def assert_accessible(page: Page) -> None:
    assert list_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("look", LOOKS[:1] + LOOKS[-1:], ids=str)
def test_the_first_administrator_gets_a_token_that_publishes(
    look: Look, browser: Browser, start_index: Callable[..., RunningIndex], tmp_path: Path
) -> None:
    index = start_index()
    link = re.search(r"/setup/\S+", index.log.read_text())
    assert link is not None
    context, page = open_page(browser, index, look)
    page.goto(link[0])
    assert_accessible(page)

    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail address").fill("not an address")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create the administrator").click()
    expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Username")).to_have_value("ada")
    assert_accessible(page)

    page.get_by_label("E-mail address").fill("ada@idx.example")
    page.get_by_label("Password").fill("a wheel of old gouda")
    page.get_by_role("button", name="Create the administrator").click()
    token = page.locator("#token").inner_text()
    assert_accessible(page)
    context.close()

    wheel = build_wheel(tmp_path, Distribution(name="first-wheel"))
    done = Clients(index.url, tmp_path / "clients").uv_publish(token, wheel)
    assert done.exit_code == 0, done
    assert index.list_files("first-wheel") == [wheel.name]
