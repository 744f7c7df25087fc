"""Ada votes only on what she has heard and turned; the server decides that, the page says it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    battle_id,
    check_accessibility,
    examine,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_until_shown,
    wait_until_voteable,
)

MUSIC = "A calm evening by the sea"
OBJECT = "A castle on an island"

# A vote as a program sends it, past the page's disabled buttons.
VOTE = """async () => {
  const form = document.querySelector("form[data-vote]");
  const body = new FormData(form);
  body.set("choice", "a");
  const answer = await fetch(form.action, {
    method: "POST", body,
    headers: { Accept: "application/json", "X-CSRFToken": body.get("csrfmiddlewaretoken") },
  });
  return [answer.status, await answer.json()];
}"""


def pane(page, letter):
    return page.locator(f"answer-pane[letter={letter}]")


def gate(page, letter):
    return pane(page, letter).locator(".pane-gate")


def play(page, letter):
    pane(page, letter).get_by_role("button", name=f"Play Answer {letter}").click()


def engagement(site, battle):
    """The recorded events of a battle: number, kind, seat and the page's number."""
    return site.rows(
        "SELECT number, kind, seat, page_number, page FROM votes_engagement "
        f"WHERE battle_id = '{battle}' ORDER BY number"
    )


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_vote_on_music_waits_until_both_clips_were_heard(visit, site, width):
    ada = visit(width)
    page = ada.page
    battle = start_battle(page, "music", MUSIC)
    wait_until_shown(page)
    note = page.locator(".gate-note")
    expect(note).to_have_text("Before you vote: 4 more seconds of A · 4 more seconds of B")
    expect(gate(page, "A")).to_have_text("4 more seconds to go")
    expect(vote_button(page, "a")).to_be_disabled()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    check_accessibility(page)

    page.keyboard.press("a")  # too early: the page says why, and no more
    expect(page.locator("[data-vote-message]")).to_contain_text(
        "Listen to answer A for 4 more seconds."
    )
    check_accessibility(page)

    play(page, "A")
    expect(gate(page, "A")).to_be_empty()
    expect(gate(page, "B")).to_have_text("4 more seconds to go")
    expect(page.locator("[data-announce]")).to_have_text(
        "Before you vote: Listen to answer B for 4 more seconds."
    )
    ada.expects("409")
    status, refusal = page.evaluate(VOTE)
    assert (status, refusal["code"]) == (409, "gate_not_met")
    assert refusal["message"] == "Listen to answer B for 4 more seconds."
    assert battle not in site.votes()

    play(page, "B")
    expect(gate(page, "B")).to_be_empty()
    wait_until_voteable(page)
    expect(note).to_be_empty()
    expect(page.locator("[data-vote-message]")).to_be_empty()
    check_accessibility(page)
    page.keyboard.press("a")
    wait_for_reveal(page, "A is better")
    assert site.votes()[battle] == [1, 2]

    events = engagement(site, battle)
    assert [event[0] for event in events] == list(range(1, len(events) + 1))
    told = [event for event in events if event[4]]
    assert [event[3] for event in told] == sorted({event[3] for event in told})
    assert {"visible", "play", "playing", "pause"} <= {event[1] for event in told}


def test_what_was_heard_before_a_reload_and_a_lost_connection_still_counts(ada, site):
    page = ada.page
    battle = start_battle(page, "music", MUSIC)
    wait_until_shown(page)
    play(page, "A")
    expect(gate(page, "A")).to_be_empty()
    page.reload()
    wait_until_shown(page)
    expect(gate(page, "A")).to_have_count(1)
    expect(gate(page, "A")).to_be_empty()
    expect(gate(page, "B")).to_have_text("4 more seconds to go")

    play(page, "B")
    page.wait_for_function(
        "async () => (await import('/static/js/audio-deck.js')).deck.position > 1"
    )
    ada.context.set_offline(True)
    ada.expects("ERR_INTERNET_DISCONNECTED")
    page.wait_for_function(
        "async () => (await import('/static/js/audio-deck.js')).deck.position > 3"
    )
    ada.context.set_offline(False)
    wait_until_voteable(page)
    vote_button(page, "b").click()
    wait_for_reveal(page, "B is better")
    numbers = [event[3:] for event in engagement(site, battle) if event[4]]
    assert len(numbers) == len(set(numbers)), "an event was recorded twice"


def test_a_vote_on_objects_waits_until_both_were_turned(ada, site):
    page = ada.page
    battle = start_battle(page, "3d", OBJECT)
    wait_until_shown(page)
    expect(page.locator(".gate-note")).to_have_text(
        "Before you vote: turn A, seen from 1 of 3 sides · turn B, seen from 1 of 3 sides"
    )
    expect(gate(page, "B")).to_have_text("Seen from 1 of 3 sides")
    check_accessibility(page)
    page.keyboard.press("t")
    expect(page.locator("[data-vote-message]")).to_contain_text(
        "Turn answer A: it was seen from 1 of 3 sides."
    )
    examine(page)
    page.keyboard.press("t")
    wait_for_reveal(page, "A tie")
    assert site.votes()[battle] == [1, 1]
    assert {"orbit"} <= {event[1] for event in engagement(site, battle)}


def test_the_turntable_shows_enough_sides(ada, site):
    page = ada.page
    start_battle(page, "3d", OBJECT)
    wait_until_shown(page)
    page.locator("[data-turntable]").click()
    wait_until_voteable(page)
    for letter in "AB":
        expect(gate(page, letter)).to_be_empty()


def test_a_text_asks_for_nothing_and_what_happens_with_it_is_recorded(ada, site):
    page = ada.page
    frames = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda it: frames.append(it)))
    battle = start_battle(page, "text", "What are generators?")
    wait_until_voteable(page)
    expect(page.locator(".gate-note")).to_have_count(0)
    vote_button(page, "a").click()
    wait_for_reveal(page)
    kinds = {event[1] for event in engagement(site, battle)}
    assert {"shown", "visible"} <= kinds
    batches = [json.loads(frame) for frame in frames if "events" in frame]
    assert all(re.fullmatch(r"[a-z0-9]{8,22}", batch["page"]) for batch in batches)
    assert battle_id(page) == battle
