"""The ways to look at a page, and the pages that there are."""

from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.real.running_index import RunningIndex
from tests.web.samples import show_project

PHONE, DESKTOP = 360, 1280


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    width: int
    scheme: str

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


LOOKS = [Look(width, scheme) for width in (PHONE, DESKTOP) for scheme in ("light", "dark")]
ADDRESSES = [
    "/",
    "/search/",
    "/search/?q=gou",
    "/search/?q=nothing-like-it",
    "/project/gouda/",
    "/project/gouda/2.0/",
    "/project/whey/",
    "/help/",
    "/project/absent/",
    "/search/?page=x",
    "/account/log-in/",
    "/api/v1/docs",
    *(f"/sample/{kind}" for kind in ("full", "bare", "long", "yanked", "quarantined")),
]
"""Every public page. Those under /sample/ are states that an upload alone does not bring about."""


def open_page(
    browser: Browser, index: RunningIndex, look: Look, *, javascript: bool = True
) -> tuple[BrowserContext, Page]:
    """Open an empty page that looks this way; what lies under /sample/ is rendered here, its assets come from the index."""
    context = browser.new_context(
        base_url=index.url,
        viewport={"width": look.width, "height": 800},
        color_scheme="dark" if look.scheme == "dark" else "light",
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )

    def show_sample(route: Route) -> None:
        kind = route.request.url.rpartition("/")[2]
        route.fulfill(body=show_project(kind), content_type="text/html; charset=utf-8")

    context.route("**/sample/*", show_sample)
    return context, context.new_page()


def list_findings(page: Page) -> list[str]:
    """
    Let axe-core look at the page. What it cannot decide about contrast counts as found.

    It cannot decide over the holes of the band, which are a picture to it; nothing is written there, so they are
    taken away first.
    """
    page.evaluate("document.querySelectorAll('.hero').forEach(e => { e.style.backgroundImage = 'none' })")
    results = Axe().run(page).response
    undecided = [finding for finding in results["incomplete"] if finding["id"] == "color-contrast"]
    return [
        f"{finding['id']}: {node['html'][:200]} {node['failureSummary']}"
        for finding in [*results["violations"], *undecided]
        for node in finding["nodes"]
    ]
