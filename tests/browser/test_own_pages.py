"""The pages of people who have logged in: on a phone and on a desk, by day and by night, with and without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looks import DESKTOP, LOOKS, PHONE, Look, list_findings, open_page
from tests.browser.test_every_page import TOO_SMALL_TO_TOUCH, WIDER_THAN_THE_WINDOW
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.running_index import PASSWORD, RunningIndex

pytestmark = pytest.mark.need("browser")
ROOT = "/manage/projects/edam/"
LONG = "a_very_long_name_that_somebody_chose_for_the_tools_of_their_whole_department_and_kept"
ADDRESSES = [
    "/manage/projects/", ROOT, f"{ROOT}releases/1.0/", f"{ROOT}releases/2.0/", f"{ROOT}files/edam-2.0.tar.gz/",
    f"{ROOT}settings/", f"{ROOT}history/", f"/manage/projects/{LONG}/", "/account/tokens/?project=edam", "/account/addresses/",
    "/account/password/", "/account/forgotten/", "/account/register/", "/staff/",
    "/project/edam/", "/manage/projects/absent/",
]  # fmt: skip


@pytest.fixture(scope="module")
def kept_index(shown_index: RunningIndex, tmp_path_factory: pytest.TempPathFactory) -> RunningIndex:
    """Give the index to a member of staff who keeps Edam there, one release of which is yanked."""
    dist = tmp_path_factory.mktemp("edam")
    for version in ("1.0", "2.0"):
        build_wheel(dist, Distribution(name="Edam", version=version))
        build_sdist(dist, Distribution(name="Edam", version=version))
    build_wheel(dist, Distribution(name=LONG, version="2026.3.5.post1"))
    create = ["user", "create", "grace", "--email", "grace@idx.example", "--staff", "--password-stdin"]
    for words in (
        create,
        ["import", "--user", "grace", str(dist)],
        ["release", "yank", "Edam", "1.0", "--reason", "Holes are missing."],
        ["limits", "set", "project-bytes", "5000000000", "--project", "edam"],
        ["token", "create", "--user", "grace", "--project", "edam"],
    ):
        done = shown_index.command(*words, stdin=PASSWORD if words is create else None)
        assert done.exit_code == 0, done
    return shown_index


def log_in(page: Page) -> None:
    page.goto("/account/log-in/?next=/manage/projects/")
    page.get_by_label("Username").fill("grace")
    page.get_by_label("Password").fill(PASSWORD.strip())
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/manage/projects/")


@pytest.fixture(params=LOOKS, ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, kept_index: RunningIndex) -> Iterator[Page]:
    context, page = open_page(browser, kept_index, request.param)
    yield page
    context.close()


def test_every_own_page_is_accessible_and_fits(page: Page) -> None:
    """WCAG 2.2 AA as far as axe-core sees; one log-in for all pages, because log-ins and visits are what takes time."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page)
    for address in ADDRESSES:
        page.goto(address)
        for summary in page.locator("summary").all():
            summary.click()
        found = [*list_findings(page), *page.evaluate(WIDER_THAN_THE_WINDOW), *page.evaluate(TOO_SMALL_TO_TOUCH)]
        assert found == [], address
    assert complaints == []


@pytest.fixture
def plain(browser: Browser, kept_index: RunningIndex) -> Iterator[BrowserContext]:
    context, page = open_page(browser, kept_index, Look(PHONE, "light"), javascript=False)
    log_in(page)
    yield context
    context.close()


def test_an_owner_yanks_and_takes_it_back_without_a_script(plain: BrowserContext) -> None:
    page = plain.pages[0]
    page.get_by_role("link", name="Edam", exact=True).click()
    page.get_by_role("link", name="2.0", exact=True).click()
    page.get_by_label("Reason").fill("Too young.")
    page.get_by_role("button", name="Yank this release").click()
    expect(page.get_by_text("Edam 2.0 is yanked.")).to_be_visible()
    page.goto("/project/edam/2.0/")
    expect(page.get_by_text("This release was yanked")).to_be_visible()
    page.get_by_role("link", name="Manage", exact=True).click()
    page.get_by_role("button", name="Take the yank back").click()
    expect(page.get_by_text("Edam 2.0 is no longer yanked.")).to_be_visible()


def test_nothing_is_deleted_by_a_slip_of_the_hand(plain: BrowserContext) -> None:
    page = plain.pages[0]
    page.goto(f"{ROOT}files/edam-2.0.tar.gz/")
    page.get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_label("Type “edam-2.0.tar.gz” to confirm")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Type “edam-2.0.tar.gz” to confirm").fill("edam")
    page.get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_text("Nothing was deleted.")).to_be_visible()


def test_whoever_logs_out_is_out(browser: Browser, kept_index: RunningIndex) -> None:
    context, page = open_page(browser, kept_index, Look(DESKTOP, "light"))
    log_in(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/manage/projects/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    context.close()
