"""One installation and one browser for all stories; they run one after the other."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from deploy.embedded.checks import find_browser
from tests.e2e.site import Site
from tests.e2e.visitor import DESKTOP, PATIENCE_MS, Visitor

HERE = Path(__file__).parent
BROWSER_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # 3D without a graphics card
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every story: it needs a browser, and pytest-xdist keeps them in one process."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Show beside a failure what the installation did meanwhile."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and site is not None:
        report.sections.append(("what `up` said", site.said()))
    return report


# Of the package, not of the session: while Playwright runs, its event loop is the running one of
# this thread, and tests of asyncio elsewhere could not start theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    if reason := os.environ.get("AGON_NO_BROWSER"):
        pytest.skip(reason)
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium on PATH; `python3 manage.py test` installs one where it can")
    expect.set_options(timeout=PATIENCE_MS)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*as_root, *BROWSER_ARGUMENTS]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def site(browser: Browser) -> Iterator[Site]:
    """The whole of Agon, started with `up` and ended with Ctrl-C."""
    # Short: a socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="agon-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user and passes through
    site = Site(folder)
    site.start()
    yield site
    assert site.stop() == 0, site.said()
    site.wait_for_the_end()
    shutil.rmtree(folder)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; at the end of the test none of them may have met a problem."""
    visitors: list[Visitor] = []

    def make(width: int = DESKTOP, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, site.url, width, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        visitor.check()


@pytest.fixture
def ada(visit: Callable[..., Visitor]) -> Visitor:
    """Ada at her desk."""
    return visit()
