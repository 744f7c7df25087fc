"""Ada asks the same two models more, votes once on all of it, and shows it to a friend."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.visitor import (
    PHONE,
    battle_id,
    check_accessibility,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

FIRST = "What is the difference between a list and a tuple?"
SECOND = "And when should I use a set?"


def test_a_follow_up_is_voted_on_with_what_came_before_and_shared_without_a_name(visit, site):
    ada = visit(PHONE)
    page = ada.page
    start_battle(page, "text", FIRST)
    first = battle_id(page)
    wait_until_voteable(page)

    box = page.get_by_label("Ask both a follow-up")
    expect(box).to_be_visible()
    check_accessibility(page)
    box.click()
    page.keyboard.type(SECOND)  # while one writes, a letter is no vote
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/battles/" in url and first not in url)
    expect(page.locator(".turn .prompt-text")).to_contain_text(FIRST)
    expect(page.locator(".turn .pane")).to_have_count(2)
    wait_until_voteable(page)
    check_accessibility(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{overflow} px wider than the screen"
    second = battle_id(page)
    assert site.rows("SELECT continues_id::text FROM battles_battle WHERE id = %s", second) == [
        (first,)
    ]

    page.goto(f"/battles/{first}/")  # what was continued leads on to where it went
    page.wait_for_url(f"**/battles/{second}/")
    wait_until_voteable(page)
    vote_button(page, "a").click()
    wait_for_reveal(page, "A is better")
    votes = site.votes()
    assert first not in votes
    assert votes[second] == [1, 2]

    page.get_by_role("button", name="Share this battle").click()
    address = page.locator("#share a")
    expect(address).to_be_visible()
    check_accessibility(page)
    path = address.get_attribute("href")
    friend = visit()
    shown = friend.open(path)
    expect(shown.locator(".prompt-text")).to_contain_text([FIRST, SECOND])
    expect(shown.locator("answer-pane [data-pane-name]").first).not_to_be_empty()
    expect(shown.get_by_text("They voted")).to_contain_text("A is better")
    check_accessibility(shown)

    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("button", name="Share this battle")).to_be_visible()
    friend.expects("404")
    shown.reload()
    expect(shown.get_by_text("Nothing is shared here, or not any more.")).to_be_visible()
