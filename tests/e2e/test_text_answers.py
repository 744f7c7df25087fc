"""Text answers: as they will look from the first word, read together, in any script, by anyone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    check_accessibility,
    start_battle,
    tab_to,
    wait_for_stream,
    wait_until_voteable,
)
from tests.e2e.writers import writers

MARKS = r"\*\*|`|##|\]\(|\$\$|\\sum|:---"
NOTE_ENGAGED = """window.engaged = [];
document.addEventListener("agon:engaged", ({ detail }) => window.engaged.push(detail));"""


@pytest.fixture(scope="module", autouse=True)
def only_writers(site):
    with writers(site):
        yield


def open_battle(visitor, key):
    start_battle(visitor.page, "text", f"Write: {key}")
    return visitor.page


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_rich_answer_shows_no_mark_and_is_not_replaced_at_the_end(visit, width):
    page = open_battle(visit(width), "rich")
    wait_for_stream(page, 300)
    page.evaluate("window.firstBlocks = [...document.querySelectorAll('.answer > :first-child')]")
    for pane in page.locator("answer-pane .stream").all():
        assert not re.search(MARKS, pane.evaluate("(it) => it.textContent"))
    check_accessibility(page)
    wait_until_voteable(page)
    assert page.evaluate("window.firstBlocks.every((block) => block.isConnected)")
    streamed = page.locator("answer-pane .answer").evaluate_all(
        "(all) => all.map((it) => it.innerText)"
    )
    assert not is_too_wide(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
    page.reload()
    wait_until_voteable(page)
    assert (
        page.locator("answer-pane .answer").evaluate_all("(all) => all.map((it) => it.innerText)")
        == streamed
    )
    first = page.locator("answer-pane .answer").first
    expect(first.locator("math")).to_have_count(4)
    expect(first).to_contain_text("$5 or even $10")
    expect(first.locator("li li li")).to_have_text("but keep a note of how many there were")


def test_code_is_copied_by_keyboard_and_wide_blocks_can_be_reached(visit):
    ada = visit(PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = open_battle(ada, "rich and plain")
    wait_until_voteable(page)
    copy = page.get_by_role("button", name="Copy code")
    expect(copy).to_have_count(1)
    tab_to(page, copy)
    page.keyboard.press("Enter")
    expect(copy).to_have_text("Copied")
    expect(page.get_by_role("status").get_by_text("Copied", exact=True)).to_have_count(1)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import numpy as np\n\ndef fit(x, y):\n    b = np.cov")
    for name in ("Code, python", "Table"):
        wide = page.get_by_role("group", name=name)
        tab_to(page, wide)
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.activeElement.scrollLeft > 0")
    check_accessibility(page)


def test_nothing_in_an_answer_runs_loads_or_leads_into_the_site(ada):
    page = open_battle(ada, "markup")
    wait_until_voteable(page)  # the visitor fails on any request to another origin
    shown = page.locator("answer-pane .answer", has_text="a cat")
    expect(shown).to_contain_text("<script>alert(1)</script>")
    assert shown.locator("img, script, a").count() == 0


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_arabic_hebrew_chinese_and_japanese_lie_as_they_are_read(visit, width):
    page = open_battle(visit(width), "arabic and cjk")
    wait_until_voteable(page)
    direction = "(all) => all.map((it) => getComputedStyle(it).direction)"
    arabic = page.locator("answer-pane .answer", has_text="عنوان")
    for block in ("h3", "p", "ul", "ul > li", "ol", "blockquote", "div.table", "td"):
        assert set(arabic.locator(block).evaluate_all(direction)) == {"rtl"}, block
    for block in ("pre", "code"):
        assert set(arabic.locator(block).evaluate_all(direction)) == {"ltr"}, block
    # The bullets, the rule of the quote and the table are on the right.
    edges = arabic.evaluate("""(it) => ["ul", "blockquote", "table"].map((name) =>
      it.getBoundingClientRect().right - it.querySelector(name).getBoundingClientRect().right)""")
    assert all(abs(edge) < 1 for edge in edges), edges
    padding = arabic.locator("ul").evaluate("(it) => getComputedStyle(it).paddingRight")
    assert padding != "0px"
    cjk = page.locator("answer-pane .answer", has_text="最小二乗法")
    assert set(cjk.locator("h3, p").evaluate_all(direction)) == {"ltr"}
    assert cjk.locator("p").evaluate_all("(all) => all.map((it) => it.lang)") == ["ja", "zh", "ko"]
    assert not is_too_wide(page)
    assert cjk.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    check_accessibility(page)


def test_long_answers_scroll_together_by_their_share_and_apart_again(ada):
    ada.context.add_init_script(NOTE_ENGAGED)
    page = open_battle(ada, "long")
    wait_until_voteable(page)
    button = page.get_by_role("button", name="Scroll together")
    expect(button).to_have_attribute("aria-pressed", "false")
    tab_to(page, button)
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "true")
    check_accessibility(page)
    windows = [page.get_by_role("region", name=f"Answer {letter}, scrolls") for letter in "AB"]
    share = "(it) => it.scrollTop / (it.scrollHeight - it.clientHeight)"
    for moved, other in (windows, windows[::-1]):
        tab_to(page, moved)
        page.keyboard.press("End")
        expect_share(page, other, 1)
        page.keyboard.press("Home")
        expect_share(page, other, 0)
    windows[0].evaluate("(it) => { it.scrollTop = 0.5 * (it.scrollHeight - it.clientHeight) }")
    expect_share(page, windows[1], 0.5)
    assert abs(windows[0].evaluate(share) - 0.5) < 0.02
    page.wait_for_function(
        "() => [0, 1].every((seat) => window.engaged.some((one) => one.kind === 'scroll' && "
        "one.seat === seat && one.share > 0.9))"
    )
    shares = page.evaluate("window.engaged.filter((it) => it.seat === 0).map((it) => it.share)")
    assert shares == sorted(shares)
    page.keyboard.press("s")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(windows[0]).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.locator("body").press("s")
    expect(button).to_have_attribute("aria-pressed", "false")


def expect_share(page, window, share):
    page.wait_for_function(
        "([it, wanted]) => "
        "Math.abs(it.scrollTop / (it.scrollHeight - it.clientHeight) - wanted) < 0.02",
        arg=[window.element_handle(), share],
    )


def test_on_a_phone_one_tap_leads_to_the_same_place_of_the_other_answer(visit):
    page = open_battle(visit(PHONE), "long")
    wait_until_voteable(page)
    expect(page.get_by_role("button", name="Scroll together")).to_have_count(0)
    to_b = page.get_by_role("button", name="Go to answer B, as far down")
    box = to_b.bounding_box()
    assert box["height"] >= 44
    to_b.click()
    expect(page.get_by_role("button", name="Go to answer A, as far down")).to_be_focused()
    expect(page.locator("answer-pane[letter=B] .pane-head")).to_be_in_viewport()
    check_accessibility(page)


def test_short_answers_offer_nothing_to_scroll(ada):
    page = open_battle(ada, "arabic and cjk")
    wait_until_voteable(page)
    expect(page.get_by_role("button", name="Scroll together")).to_have_count(0)
