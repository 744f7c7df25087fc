"""A voter's own pages: find a vote again, see one's own board, take votes back, take a copy."""

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
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

N_MORE = 30  # with the one vote cast by hand, two pages
CAST_MORE = """
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from models_registry.models import Revision
from tests.ratings.board_votes import Said, write_votes
voter = Voter.objects.get(pk="{voter}")
for arena, n in ((Arena.objects.get(slug="text"), {n}), (Arena.objects.get(slug="image"), 1)):
    seats = list(Revision.objects.competing(arena.modality))[:3]
    pairs = seats[:2], seats[1:], seats[::2]
    said = [Said(voter, pairs[i % 3], "aaba"[i % 4]) for i in range(n)]  # each wins and loses
    write_votes(arena, said)
"""


@pytest.fixture
def voted(ada, site):
    """Ada's page, after one vote by hand and many more in two arenas; and her receipt."""
    start_battle(ada.page, "text", "What is a generator?")
    wait_until_voteable(ada.page)
    vote_button(ada.page, "a").click()
    wait_for_reveal(ada.page)
    receipt = ada.page.locator(".receipt code").inner_text()
    ((voter,),) = site.rows("SELECT voter_id FROM votes_vote WHERE id = %s", receipt)
    site.manage("shell", "-c", CAST_MORE.format(voter=voter, n=N_MORE))
    return ada.page, receipt


def standing(site, receipt):
    """How many votes of the voter of this receipt were not taken back."""
    ((n,),) = site.rows(
        "SELECT count(*) FROM votes_vote v JOIN votes_vote own USING (voter_id) "
        "LEFT JOIN votes_withdrawal w ON w.vote_id = v.id WHERE own.id = %s AND w.id IS NULL",
        receipt,
    )
    return n


def test_a_vote_is_found_by_its_receipt_and_taken_back_by_keyboard_alone(voted, site):
    page, receipt = voted
    tab_to(page, page.locator(".receipt").get_by_role("link", name="Your data"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/you/")
    expect(page.locator(".own-votes > li")).to_have_count(25)
    check_accessibility(page)
    tab_to(page, page.get_by_role("link", name="Text 31"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/you/?arena=text")
    older = page.get_by_role("link", name="Older")
    tab_to(page, older, most=200)
    page.keyboard.press("Enter")
    page.wait_for_url("**/you/?arena=text&page=2")

    row = page.locator(f"#vote-{receipt}")  # the oldest of all
    expect(row).to_contain_text("What is a generator?")
    expect(row).to_contain_text("A is better")
    expect(row).to_contain_text("Counts")
    tab_to(page, row.get_by_role("link", name=re.compile("^Withdraw")))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Withdraw this vote?")
    check_accessibility(page)
    assert standing(site, receipt) == N_MORE + 2
    tab_to(page, page.get_by_role("button", name="Withdraw this vote"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/you/?arena=text&page=2#vote-{receipt}")
    expect(
        page.get_by_role("status").filter(has_text="The vote was taken back")
    ).to_be_in_viewport()
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("Withdrawn")
    assert standing(site, receipt) == N_MORE + 1
    check_accessibility(page)


def test_ones_own_board_stands_beside_the_public_one(voted, visit):
    page, _ = voted
    for width, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        for path in ("/you/", "/you/leaderboard/", "/you/data/", "/you/withdraw"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            check_accessibility(page)
    page.goto("/you/leaderboard/")
    text = page.locator(".own-board").filter(has=page.get_by_role("heading", name="Text"))
    expect(text.locator(".board-foot")).to_contain_text("31 votes of yours")
    expect(text.locator(".own-board-notes")).to_contain_text("the public order in")
    ranks = text.locator(".col-rank .rank-now").all_inner_texts()
    assert ranks[:2] == ["1", "2"]

    stranger = visit(PHONE).open("/you/leaderboard/")
    expect(stranger.locator(".empty h2")).to_have_text("Nothing is recorded of you")
    check_accessibility(stranger)


def test_a_copy_of_everything_is_downloaded_and_then_everything_is_taken_back_without_script(
    ada, voted, visit, site
):
    page, receipt = voted
    page.goto("/you/data/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download your data").click()
    download = waiting.value
    assert download.suggested_filename.endswith(".json")
    # Read apart from the browser's own download, whose end can only be waited for without a limit.
    data = page.request.get(download.url).json()
    download.cancel()
    votes = {battle["vote"]["id"]: battle for battle in data["battles"]}
    assert len(votes) == N_MORE + 2
    assert votes[receipt]["prompt"]["text"] == "What is a generator?"
    assert all(seat["output"]["text"] for seat in votes[receipt]["seats"])
    engagement = votes[receipt]["engagement"]
    assert {one["seat"] for one in engagement if one["kind"] == "shown"} == {0, 1}
    assert [one["number"] for one in engagement] == [*range(1, len(engagement) + 1)]

    plain = visit(storage_state=ada.context.storage_state(), java_script_enabled=False).page
    plain.goto("/you/data/")
    plain.get_by_role("link", name="Withdraw every vote").click()
    expect(plain.locator("h1")).to_have_text(f"Withdraw all {N_MORE + 2} votes?")
    assert standing(site, receipt) == N_MORE + 2
    plain.get_by_role("button", name="Withdraw").click()
    plain.wait_for_url("**/you/data/")
    expect(plain.get_by_role("status")).to_contain_text(f"{N_MORE + 2} votes were taken back")
    assert standing(site, receipt) == 0
    page.goto("/you/leaderboard/")
    expect(page.locator(".empty h2")).to_have_text("No leaderboard of yours yet")
    check_accessibility(page)
