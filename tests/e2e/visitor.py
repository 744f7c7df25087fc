"""One person's browser, which notices everything that a page must not do."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

# Generous: software WebGL and two workers share two cores with other tests.
PATIENCE_MS = 60_000
GENERATION_MS = 120_000
DESKTOP, PHONE = 1440, 390

# Runs before any script of a page: refused content is an error, and what streams is written down.
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI}`));
addEventListener("DOMContentLoaded", () => {
  window.streamed = [...document.querySelectorAll("answer-pane")].map(() => "");
  window.streamedLengths = [];
  document.addEventListener("agon:streamed", ({ detail }) => {
    window.streamed[detail.seat] = detail.source;
    window.streamedLengths.push(window.streamed.map((text) => [...text].length));
  });
});
"""


class Visitor:
    """A browser with its own cookies. `check` fails when a page did what none may do."""

    def __init__(self, browser: Browser, url: str, width: int, **options: Any) -> None:
        self.url = url
        self.problems: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        self.context = browser.new_context(
            base_url=url, viewport={"width": width, "height": 900}, **options
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(WATCH)
        self.context.on("console", self._note_console)
        self.context.on("weberror", lambda error: self.problems.append(f"page: {error.error}"))
        self.context.on("request", self._note_request)
        self.page = self.context.new_page()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location.get("url", "")
            self.problems.append(f"console: {message.text} ({place})")

    def _note_request(self, request: Request) -> None:
        own = urlsplit(self.url).netloc
        address = urlsplit(request.url)
        if address.netloc != own and address.scheme not in {"data", "blob"}:
            self.problems.append(f"request to another origin: {request.url}")

    def expects(self, pattern: str) -> None:
        """Allow an error that the test itself brings about, such as a page that is not there."""
        self._expected.append(re.compile(pattern))

    def check(self) -> None:
        """Fail with every problem that was not expected."""
        found = [
            problem
            for problem in self.problems
            if not any(pattern.search(problem) for pattern in self._expected)
        ]
        assert not found, "\n".join(found)

    def open(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(path)
        return self.page


def check_accessibility(page: Page) -> None:
    """Fail with each violation that axe finds on the page as it is now."""
    # Finished, so that no colour is measured in the middle of a fade.
    page.evaluate("document.getAnimations().forEach((each) => { try { each.finish() } catch {} })")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def start_battle(page: Page, arena: str, prompt: str) -> str:
    """Write a prompt in an arena and start; return the battle's id."""
    page.goto(f"/arenas/{arena}/")
    terms = page.locator("input[name=accept_terms]")
    if terms.count():
        terms.check()
    page.locator("textarea[name=prompt]").fill(prompt)
    page.get_by_role("button", name="Start a battle").click()
    page.wait_for_url("**/battles/*/")
    return battle_id(page)


def battle_id(page: Page) -> str:
    """Return the id in the address of a battle's page."""
    return urlsplit(page.url).path.split("/")[2]


def wait_until_shown(page: Page) -> None:
    """Wait until all answers are on the screen; the arena may ask to hear or turn them first."""
    line = page.locator("[data-progress-text]")
    expect(line).to_contain_text("answers are here", timeout=GENERATION_MS)


def examine(page: Page) -> None:
    """Hear or turn each answer until the arena asks no more, as a voter does."""
    wait_until_shown(page)
    for pane in page.locator("answer-pane").all():
        if pane.locator("audio-clip").count():
            pane.get_by_role("slider").focus()
            page.keyboard.press("Home")  # from the beginning, so that it does not end meanwhile
            pane.get_by_role("button", name=re.compile("^Play")).click()
            expect(pane.locator(".pane-gate:not(:empty)")).to_have_count(0)
            pane.get_by_role("button", name=re.compile("^Pause")).click()
        elif pane.locator("mesh-view").count():
            pane.locator(".mesh-canvas").focus()
            while pane.locator(".pane-gate:not(:empty)").count():
                page.keyboard.press("ArrowLeft")
    wait_until_voteable(page)


def wait_until_voteable(page: Page) -> None:
    """Wait until the server takes a vote: all is on the screen, and was heard or turned."""
    expect(vote_button(page, "a")).to_be_enabled(timeout=GENERATION_MS)


def vote_button(page: Page, choice: str) -> Locator:
    """Return the button of a choice: a, b, tie or both_bad."""
    return page.locator(f"button[name=choice][value={choice}]")


def wait_for_reveal(page: Page, label: str = "") -> None:
    """Go past what is asked, and wait for the names and what the vote did to the board."""
    said = page.locator("#details-title, #reveal-title")
    expect(said).to_contain_text(f"Your vote: {label}")
    asked = page.locator("[data-show-names]:not([data-pending])")  # pending: on its way already
    if asked.count():
        asked.click()
    expect(page.locator("#reveal-title")).to_contain_text(f"Your vote: {label}")
    expect(page.locator("#others")).not_to_have_text("Asking the board…")


def wait_for_stream(page: Page, characters: int) -> None:
    """Wait until both answers have streamed that many characters."""
    page.wait_for_function(
        "(least) => window.streamed?.length && window.streamed.every((one) => one.length >= least)",
        arg=characters,
        timeout=GENERATION_MS,
    )


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the element has the focus, as someone without a mouse does."""
    for _ in range(most):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with {most} presses of Tab")
