"""A voter reads that a vote counts; staff exclude it; the board and the voter's pages follow."""

from __future__ import annotations

import re

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

PASSWORD = "pine-kettle-ninety"


def n_counted(site):
    """Return how many votes the text board counts."""
    return site.rows(
        "SELECT coalesce(sum(wins_low + wins_high + ties + both_bad), 0) FROM boards_tally t "
        "JOIN arenas_arena a ON a.id = t.arena_id WHERE a.slug = 'text' AND t.slice = ''"
    )[0][0]


def test_a_vote_counts_until_staff_exclude_it_and_everybody_sees_so(ada, visit, site):
    before = n_counted(site)
    page = ada.page
    battle = start_battle(page, "text", "How do I merge two dictionaries?")
    wait_until_voteable(page)
    vote_button(page, "a").click()
    wait_for_reveal(page)
    verdict = page.locator("[data-reveal] [data-verdict]")
    expect(verdict).to_have_text("Your vote counts.")
    wait_until(lambda: n_counted(site) == before + 1, "the count of the vote")
    check_accessibility(page)

    (vote_id,) = site.rows("SELECT id::text FROM votes_vote WHERE battle_id = %s", battle)[0]
    site.manage(
        "createsuperuser", "--noinput", "--username", "vera", "--email", "vera@example.org",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )  # fmt: skip
    vera = visit().open("/staff/integrity/verdict/add/")
    vera.get_by_label("Username").fill("vera")
    vera.get_by_label("Password").fill(PASSWORD)
    vera.get_by_role("button", name="Log in").click()
    vera.locator("#id_vote").fill(vote_id)
    vera.locator("#id_status").select_option("excluded")
    vera.locator("#id_note").fill("Cast by a test.")
    vera.get_by_role("button", name="Save", exact=True).click()
    expect(vera.locator(".success")).to_contain_text("was added successfully")
    wait_until(lambda: n_counted(site) == before, "the board without the vote")

    page.reload()
    expect(verdict).to_have_text("Your vote does not count:")
    page.goto("/you/")
    expect(page.locator(f"#vote-{vote_id} .tag")).to_have_text("Not counted")
    check_accessibility(page)
    page.goto(f"/ledger/receipts/{vote_id}/")
    expect(page.locator("[data-verdict]")).to_have_text("Your vote does not count:")

    page.goto("/boards/text/how/")
    expect(page.locator("main")).to_contain_text("because it is held or excluded")
    page.get_by_role("link", name="Why votes do not count").click()
    page.wait_for_url("**/integrity/")
    expect(page.get_by_role("rowheader", name="Decided by the operator")).to_be_visible()
    for width in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        check_accessibility(page)
    page.goto("/boards/text/?votes=all")
    expect(page.locator(".board-note")).to_contain_text("This is the raw board")
    foot = page.locator(".board-foot").inner_text()
    assert re.match(rf"{before + 1} votes?\b", foot), foot
    check_accessibility(page)
