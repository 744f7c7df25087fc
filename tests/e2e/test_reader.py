"""A reader follows the boards: they move by themselves, open as data, and print."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.site import wait_until
from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    check_accessibility,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

# Less than the 30 s after which an open page asks by itself: the change must come by the socket.
MOVED_MS = 25_000


def votes_on(page):
    """Return how many votes the board's foot names."""
    return int(re.match(r"([\d,]+) vote", page.locator(".board-foot").inner_text())[1])


def cast_one(visitor, arena="text", choice="a"):
    start_battle(visitor.page, arena, "When should I use a with statement?")
    wait_until_voteable(visitor.page)
    vote_button(visitor.page, choice).click()
    wait_for_reveal(visitor.page)


@pytest.fixture
def voted(ada, site):
    """Somebody has voted in the text arena, as most readers will find it."""
    if not site.rows(
        "SELECT 1 FROM boards_tally t JOIN arenas_arena a ON a.id = t.arena_id "
        "WHERE a.slug = 'text'"
    ):
        cast_one(ada)
        wait_until(lambda: site.rows("SELECT 1 FROM boards_tally"), "the count of the vote")


def test_an_open_board_moves_when_somebody_votes_elsewhere(ada, visit, voted):
    ben = visit()
    page = ben.open("/boards/text/")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "open")
    before = votes_on(page)
    page.evaluate("window.isStillThisPage = true")
    cast_one(ada, choice="b")
    expect(page.locator(".board-foot")).to_contain_text(f"{before + 1} votes", timeout=MOVED_MS)
    expect(page.locator("[data-live]")).to_contain_text("updated")
    assert page.evaluate("window.isStillThisPage"), "the page was loaded again"
    check_accessibility(page)


def test_a_board_is_the_same_on_the_page_as_in_its_data_and_names_its_method(visit, voted):
    page = visit().open("/boards/text/")
    answer = page.request.get("/boards/text/?format=json")
    assert answer.headers["content-type"] == "application/json"
    data = answer.json()
    ratings = page.locator(".board .rating-now").all_inner_texts()
    assert ratings == [f"{row['rating']:.0f}" for row in data["rows"]]
    assert len(ratings) >= 2
    assert votes_on(page) == data["n_votes"]

    for source, wanted in (("all", "source=all"), ("imported", "source=imported")):
        page.get_by_label("Votes").select_option(label=source)
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(f"**/boards/text/?{wanted}*")
        expect(page.get_by_label("Votes")).to_have_value(source)
    expect(page.locator(".empty h2")).to_have_text("No votes yet")
    page.goto("/boards/text/")
    page.locator(".board-foot").get_by_role("link", name="method").click()
    page.wait_for_url("**/boards/text/how/")
    page.get_by_role("link", name="The method in full").click()
    page.wait_for_url("**/method/")
    expect(page.locator("article h1")).not_to_be_empty()
    check_accessibility(page)


@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_every_page_of_a_board_is_reached_from_it_and_accessible(visit, voted, width, scheme):
    ben = visit(width, color_scheme=scheme)
    page = ben.open("/boards/text/")
    links = page.get_by_role("navigation", name="Pages of this board").get_by_role("link")
    addresses = [link.get_attribute("href") for link in links.all()]
    assert len(addresses) == 5
    addresses.append(page.locator(".board-name a").first.get_attribute("href"))
    for address in addresses:
        page = ben.open(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        check_accessibility(page)
    drawn = ben.open("/boards/text/pairs/").locator("figure.chart")
    drawn.first.get_by_text("As a table").click()
    expect(drawn.first.get_by_role("table")).to_be_visible()


def test_a_printed_board_is_the_table_without_the_site_around_it(visit, voted):
    page = visit().open("/boards/text/")
    page.emulate_media(media="print")
    expect(page.locator("table.board")).to_be_visible()
    expect(page.locator(".board-foot")).to_be_visible()
    for around in (".nav-wide", "[data-theme-toggle]", "[data-live]", ".site-foot ul"):
        expect(page.locator(around)).to_be_hidden()
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert max(map(int, re.findall(r"\d+", ink)[:3])) < 64, f"printed in {ink}"


def test_a_board_on_a_phone_needs_no_sideways_scroll(visit, voted):
    ben = visit(PHONE, color_scheme="dark")
    for path in ("/", "/boards/", "/boards/text/", "/boards/3d/"):
        page = ben.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        check_accessibility(page)
    ben.page.locator("[data-menu] summary").click()
    expect(ben.page.get_by_role("navigation", name="Menu")).to_be_visible()
    check_accessibility(ben.page)
    ben.page.keyboard.press("Escape")
    expect(ben.page.locator("[data-menu] summary")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_without_data_reads_well_and_stands_alone(visit, scheme):
    reader = visit(color_scheme=scheme)
    for path in (
        *("/", "/arenas/", "/arenas/music/", "/boards/", "/boards/music/", "/about/", "/method/"),
        *("/docs/", "/docs/releases", "/docs/decisions/0005-one-consent", "/terms/", "/you/"),
    ):
        page = reader.open(path)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("h1")).not_to_be_empty()
        check_accessibility(page)
    reader.open("/terms/")
    expect(reader.page.locator("article")).to_contain_text("What is recorded")

    reader.expects(r"status of 404")
    reader.open("/no-such-page")
    expect(reader.page.locator("h1")).to_have_text("There is nothing here")
    check_accessibility(reader.page)


def test_the_theme_is_the_readers_choice_and_is_kept(visit):
    page = visit(color_scheme="light").open("/")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.goto("/boards/")
    assert page.evaluate(paper) == dark
    check_accessibility(page)
