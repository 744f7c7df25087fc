"""What a page costs a reader: first paint, bytes of JavaScript, and the way of the first words.

A whole site is started with `up`, and Chromium opens each page with an empty cache, as often as
`REPEATS` says; medians are shown. JavaScript is counted as it travels and as the browser unpacks
it; what a viewer of media loads is counted apart, since only pages with such outputs load it.
Between the prompt and its first words lies the whole live path: the form, the draw, the gateway, a
demo model, the stream, the socket.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from deploy.embedded.checks import find_browser
from tests.e2e.conftest import BROWSER_ARGUMENTS
from tests.e2e.site import Site
from tests.e2e.visitor import DESKTOP, GENERATION_MS, start_battle, wait_until_voteable

REPEATS = 5
BUDGET_KB = 60  # of JavaScript outside media viewers, as it travels
LONGEST_MS = 120_000
PROMPTS = {
    "text": "What is the difference between a list and a tuple?",
    "image": "A calm blue sea under a starry night",
    "music": "A slow, sad lullaby",
    "3d": "A golden vase",
}
READING = ("/", "/boards/", "/boards/text/", "/arenas/text/", "/docs/method", "/you/")
# Modules that only outputs of one medium need.
VIEWERS = re.compile(r"/js/(audio|music|mesh|image)-|/vendor/three/|/js/lightbox")
LINE = "{:<20} {:>9} {:>10} {:>10} {:>12} {:>8}"
FIRST_PAINT = "(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null)"


@dataclass
class Load:
    """One load of a page; sizes in bytes, times in milliseconds."""

    first_paint_ms: float = 0.0
    script: int = 0  # as it travels
    viewer: int = 0  # of which only for media
    unpacked: int = 0
    whole: int = 0  # everything, as it travels
    requests: int = 0
    _scripts: dict[str, str] = field(default_factory=dict)


def run() -> None:
    """Start a site, print the table, stop the site."""
    program = find_browser()
    if program is None:
        raise SystemExit("There is no Chromium on PATH; `python3 manage.py test` installs one.")
    with _site() as site, sync_playwright() as playwright:
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=program, args=[*as_root, *BROWSER_ARGUMENTS]
        )
        _say(LINE.format("page", "paint ms", "script kB", "of viewers", "unpacked kB", "all kB"))
        loads = {path: _loads(browser, site, path) for path in READING}
        battles = _battles(browser, site)
        loads |= {name: _loads(*where) for name, where in battles.items()}
        for name, found in loads.items():
            _print(name, found)
        most = max(_own_kb(found) for found in loads.values())
        _say(f"\nMost JavaScript outside media viewers: {most:.1f} kB; budget {BUDGET_KB} kB.")
        waits = [_first_words_ms(browser, site) for _ in range(REPEATS)]
        median = statistics.median(waits)
        _say(f"From sending a prompt to its first words: {median:.0f} ms (median).")
        browser.close()


@contextmanager
def _site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="agon-"))
    folder.chmod(0o711)
    site = Site(folder)
    site.start()
    try:
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _battles(browser: Browser, site: Site) -> dict[str, tuple[BrowserContext, Site, str]]:
    """Return by name of its page a battle of each medium whose outputs are all there."""
    pages = {}
    for arena, prompt in PROMPTS.items():
        context = browser.new_context(base_url=site.url, viewport={"width": DESKTOP, "height": 900})
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        start_battle(page, arena, prompt)
        page.wait_for_selector("[data-final]", timeout=GENERATION_MS)
        path = page.url.removeprefix(site.url)
        page.close()
        pages[f"a battle of {arena}"] = (context, site, path)
    return pages


def _loads(where: Browser | BrowserContext, site: Site, path: str) -> list[Load]:
    return [_load(where, site.url + path) for _ in range(REPEATS)]


def _load(where: Browser | BrowserContext, url: str) -> Load:
    own = where.new_context() if isinstance(where, Browser) else where
    page = own.new_page()
    session = own.new_cdp_session(page)
    load = _watched(session)
    page.goto(url, wait_until="networkidle")
    page.wait_for_function(f"() => {FIRST_PAINT} !== null")
    load.first_paint_ms = page.evaluate(FIRST_PAINT)
    page.close()
    if own is not where:
        own.close()
    return load


def _watched(session: CDPSession) -> Load:
    """Return a load that counts what this page fetches, each time from the server."""
    load = Load()
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def note_response(event: dict[str, Any]) -> None:
        load.requests += 1
        if "javascript" in event["response"]["mimeType"]:
            load._scripts[event["requestId"]] = event["response"]["url"]

    def note_data(event: dict[str, Any]) -> None:
        if event["requestId"] in load._scripts:
            load.unpacked += event["dataLength"]

    def note_end(event: dict[str, Any]) -> None:
        size = round(event["encodedDataLength"])
        load.whole += size
        if (address := load._scripts.get(event["requestId"])) is not None:
            load.script += size
            load.viewer += size if VIEWERS.search(address) else 0

    session.on("Network.responseReceived", note_response)
    session.on("Network.dataReceived", note_data)
    session.on("Network.loadingFinished", note_end)
    return load


def _first_words_ms(browser: Browser, site: Site) -> float:
    context = browser.new_context(base_url=site.url)
    context.set_default_timeout(LONGEST_MS)
    page: Page = context.new_page()
    page.goto("/arenas/text/")
    page.locator("input[name=accept_terms]").check()
    page.locator("textarea[name=prompt]").fill(PROMPTS["text"])
    started = time.perf_counter()
    page.get_by_role("button", name="Start a battle").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('answer-pane [data-pane-body]')]"
        ".some((body) => body.innerText.trim().length > 0)"
    )
    waited_ms = 1000 * (time.perf_counter() - started)
    wait_until_voteable(page)
    context.close()
    return waited_ms


def _own_kb(loads: list[Load]) -> float:
    return statistics.median(load.script - load.viewer for load in loads) / 1000


def _print(name: str, loads: list[Load]) -> None:
    def kb(value: str) -> str:
        return f"{statistics.median(getattr(load, value) for load in loads) / 1000:.1f}"

    paint = statistics.median(load.first_paint_ms for load in loads)
    sizes = (kb(value) for value in ("script", "viewer", "unpacked", "whole"))
    _say(LINE.format(name, f"{paint:.0f}", *sizes))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
