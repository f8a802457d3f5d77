"""A real index with projects in it, and a real browser that looks at it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.real import parts
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.running_index import RunningIndex


@pytest.fixture(scope="session")
def shown_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIndex]:
    """Give a running index that holds a few projects. Pages are the same on every database, so SQLite is enough."""
    index = RunningIndex(tmp_path_factory.mktemp("shown"))
    index.start()
    dist = tmp_path_factory.mktemp("dist")
    for what in _list_distributions():
        build_wheel(dist, what)
        build_sdist(dist, what)
    index.create_person("ada")
    done = index.command("import", "--user", "ada", str(dist))
    assert done.exit_code == 0, done
    yield index
    index.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the machine's Chromium."""
    program = parts.find_browser()
    assert program is not None
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


def _list_distributions() -> list[Distribution]:
    # Imported here: the sample needs Django, which is not set up yet when this file is read.
    from tests.web.samples import README

    links = [("Project-URL", "Source, https://git.example/gouda"), ("Provides-Extra", "cut")]
    needs = ["whey>=1", 'knife; extra == "cut"']
    return [
        Distribution(name="Gouda", version="2.0", summary="Cuts wheels.", readme=README, requires=["whey>=1"]),
        Distribution(
            name="Gouda",
            version="2.1",
            readme=README,
            summary="Cuts wheels into pieces.",
            requires=needs,
            extra_headers=links,
        ),
        Distribution(name="whey", version="1.0", readme="", summary="What is left over."),
    ]
