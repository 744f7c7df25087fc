"""What goes wrong at a voter's desk loses nothing and doubles nothing."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.visitor import (
    GENERATION_MS,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_for_stream,
    wait_until_voteable,
)

PROMPT = "How does exception handling with try, except and finally work?"
OFFLINE = r"ERR_INTERNET_DISCONNECTED"
WRITTEN = "SELECT text FROM generation_output o JOIN battles_seat s ON s.id = o.seat_id "
WRITTEN += "WHERE s.battle_id = %s ORDER BY s.position"


def without_spaces(text: str) -> str:
    return "".join(text.split())


def check_streamed_once(site, page, battle):
    """What was streamed is the beginning of what was written: nothing left out, nothing twice."""
    written = [without_spaces(text) for (text,) in site.rows(WRITTEN, battle)]
    for streamed, whole in zip(page.evaluate("window.streamed"), written, strict=True):
        assert streamed
        assert whole.startswith(without_spaces(streamed))


def check_shown_as_kept(page):
    """What is on the screen is what the server shows to a page that is loaded anew."""
    shown = page.locator("answer-pane .answer").all_inner_texts()
    page.reload()
    assert page.locator("answer-pane .answer").all_inner_texts() == shown
    assert all(shown)


def test_a_reload_in_the_middle_goes_on_where_it_was_and_doubles_nothing(ada, site):
    page = ada.page
    battle = start_battle(page, "text", PROMPT)
    wait_for_stream(page, 60)
    page.reload()
    wait_until_voteable(page)
    check_streamed_once(site, page, battle)
    check_shown_as_kept(page)


def test_seconds_without_a_network_lose_neither_the_answers_nor_the_vote(ada, site):
    ada.expects(OFFLINE)
    page = ada.page
    battle = start_battle(page, "text", PROMPT)
    wait_for_stream(page, 40)
    with page.expect_websocket() as again:
        ada.context.set_offline(True)
        expect(page.locator("[data-progress-text]")).to_contain_text("Connection lost")
        page.wait_for_timeout(1500)
        ada.context.set_offline(False)
    assert not again.value.url.endswith("after=0"), "the stream began anew"
    wait_until_voteable(page)
    check_streamed_once(site, page, battle)
    check_shown_as_kept(page)
    wait_until_voteable(page)

    ada.context.set_offline(True)
    vote_button(page, "tie").click()
    expect(page.locator("[data-vote-message]")).to_contain_text("Your vote is not recorded yet")
    assert battle not in site.votes()
    ada.context.set_offline(False)
    wait_for_reveal(page, "A tie")
    assert site.votes()[battle] == [1, 1]


def test_two_clicks_are_one_vote_and_going_back_shows_what_became_of_it(ada, site):
    page = ada.page
    battle = start_battle(page, "text", PROMPT)
    wait_until_voteable(page)
    sent = []
    page.on("request", lambda request: request.url.endswith("/vote") and sent.append(request.url))
    vote_button(page, "b").dblclick()
    wait_for_reveal(page, "B is better")
    assert len(sent) == 1
    assert site.votes()[battle] == [2, 1]

    page.get_by_role("link", name="Next battle").click()
    page.wait_for_url("**/arenas/text/")
    page.go_back()
    wait_for_reveal(page, "B is better")
    expect(page.locator("[data-vote]")).to_have_count(0)
    assert page.locator("[data-pane-name]").first.inner_text() != ""


def test_another_choice_in_another_tab_is_told_of_the_vote_that_stands(ada, visit, site):
    ada.expects(r"status of 409")
    first = ada.page
    battle = start_battle(first, "text", PROMPT)
    second = ada.context.new_page()
    second.goto(first.url)
    wait_until_voteable(first)
    wait_until_voteable(second)
    vote_button(first, "a").click()
    wait_for_reveal(first, "A is better")
    vote_button(second, "b").click()
    expect(second.locator("[data-vote-message]")).to_contain_text(
        "Your vote on this battle was 'A is better'. It stands"
    )
    assert site.votes()[battle] == [1, 2]
    second.reload()
    wait_for_reveal(second, "A is better")

    stranger = visit()
    stranger.expects(r"status of 404")
    answer = stranger.page.goto(first.url)
    assert answer is not None
    assert answer.status == 404
    expect(stranger.page.locator("main")).to_contain_text("There is no such battle of yours.")


def test_a_reload_before_the_first_word_keeps_the_battle(ada, site):
    page = ada.page
    battle = start_battle(page, "image", "A calm blue sea under a starry night")
    page.reload()
    expect(page.locator("answer-pane img")).to_have_count(2, timeout=GENERATION_MS)
    wait_until_voteable(page)
    ((n_jobs,),) = site.rows(
        "SELECT count(*) FROM generation_generationjob j JOIN battles_seat s ON s.id = j.seat_id "
        "WHERE s.battle_id = %s",
        battle,
    )
    assert n_jobs == 2
