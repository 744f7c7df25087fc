"""Li reads Chinese and votes in French: the pages follow the browser first, and then the choice."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from arena.common.catalogues import catalogue_file, read_catalogue
from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    check_accessibility,
    vote_button,
    wait_until_voteable,
)

# Everything of the page that somebody reads or hears, but for what people and models wrote.
SAID = """() => {
  const foreign = "[dir=auto], .answer, .languages, code, script, style, [lang=en]";
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(foreign)) said.push(node.data);
  for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"])
    for (const element of document.querySelectorAll(`[${name}]`))
      if (!element.closest(foreign)) said.push(element.getAttribute(name));
  return said.map((text) => text.replace(/\\s+/g, " ").trim());
}"""


def words_of(locale: str) -> dict[str, str]:
    """Return what the catalogues of a language have for whole English words and sentences."""
    found: dict[str, str] = {}
    for domain in ("django", "djangojs"):
        for message in read_catalogue(catalogue_file(settings.CATALOGUES, locale, domain)):
            if isinstance(message.id, str) and message.id and not message.context:
                found[message.id] = message.string
    return found


def check_words(page, words: dict[str, str]) -> None:
    """Fail with English words that have a translation, and with two languages mixed."""
    own = set(words.values())
    english = {one for one, other in words.items() if other not in (one, "")} - own
    left = english & set(page.evaluate(SAID))
    assert not left, f"still in English on {page.url}: {sorted(left)}"


def filled(sentence: str, **values: str) -> str:
    """Return a translation with its places filled in."""
    return sentence % values


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_chinese_browser_gets_chinese_and_its_reader_may_choose_french(visit, site, width):
    chinese, french = words_of("zh_Hans"), words_of("fr")
    li = visit(width, locale="zh-CN")
    page = li.open("/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("h1")).to_have_text(chinese["Which one is better?"])
    check_words(page, chinese)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    page.locator(".languages button[value=fr]").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/arenas/text/")
    check_words(page, french)
    page.locator("input[name=accept_terms]").check()
    page.locator("textarea[name=prompt]").fill("What is a tuple in Python?")
    page.get_by_role("button", name=french["Start a battle"], exact=True).click()
    page.wait_for_url("**/battles/*/")
    wait_until_voteable(page)
    expect(page.locator("[data-progress-text]")).to_have_text(
        french["Both answers are here. You can vote now."]
    )
    check_words(page, french)
    check_accessibility(page)
    page.keyboard.press("?")
    expect(page.locator("[data-keys-list] caption").first).to_be_visible()
    check_words(page, french)
    page.keyboard.press("Escape")

    vote_button(page, "tie").click()
    label = filled(french["Your vote: %(choice)s"], choice=french["A tie"])
    expect(page.locator("#details-title, #reveal-title")).to_contain_text(label)
    check_words(page, french)
    asked = page.locator("[data-show-names]:not([data-pending])")
    if asked.count():
        asked.click()
    expect(page.locator("#reveal-title")).to_contain_text(label)
    expect(page.locator("#others")).not_to_have_text(french["Asking the board…"])
    check_words(page, french)
    check_accessibility(page)

    page.goto("/boards/text/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("h1")).to_have_text(filled(french["%(arena)s board"], arena=french["Text"]))
    expect(page.locator("[data-live]")).to_have_text(re.compile(re.escape(french["Live"])))
    check_words(page, french)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_an_english_browser_loads_no_catalogue(ada, site):
    loaded = []
    ada.page.on("request", lambda request: loaded.append(request.url))
    page = ada.open("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert any("words.js" in url for url in loaded)
    assert not [url for url in loaded if "/words/" in url]
