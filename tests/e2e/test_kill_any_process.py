"""Whatever process is killed in the middle of a battle, `up` heals and no vote is lost."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.site import wait_until
from tests.e2e.visitor import (
    GENERATION_MS,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_for_stream,
)

TEXT = "How does exception handling with try, except and finally work?"
PICTURE = "Golden hills at sunset with distant mountains"
# What a browser rightly says of a server that is gone, and our own calm answer to it.
SERVER_GONE = r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)|WebSocket|status of 50"
RUNNING = (
    "SELECT 1 FROM generation_generationjob j JOIN battles_seat s ON s.id = j.seat_id "
    "WHERE s.battle_id = %s AND j.state = 'running'"
)
# A text battle needs each of them, at its beginning or while it streams.
BEFORE_THE_FIRST_WORD = ("relay", "worker-cpu", "scheduler")
WHILE_IT_STREAMS = ("web", "postgres", "valkey")


def kill_and_wait(site, *names):
    """Kill processes at the same time; return when `up` has started each of them again."""
    killed = {name: site.kill(name) for name in names}
    for name, pid in killed.items():
        wait_until(lambda name=name, pid=pid: site.pids()[name] != pid, f"{name} to run again")
        assert f"{name} was ended by SIGKILL" in site.said()


def finish_and_count(site, votes_before, battles):
    """Vote on each page; all the votes of before and these are there, and no others."""
    for page, battle in battles.items():
        finish(page, site, battle)
    assert site.votes() == {**votes_before, **{battle: [1, 2] for battle in battles.values()}}


@pytest.mark.parametrize("name", BEFORE_THE_FIRST_WORD + WHILE_IT_STREAMS)
def test_a_battle_survives_the_death_of(ada, site, name):
    ada.expects(SERVER_GONE)
    votes_before = site.votes()
    battle = start_battle(ada.page, "text", TEXT)
    if name in WHILE_IT_STREAMS:
        wait_for_stream(ada.page, 40)
    kill_and_wait(site, name)
    finish_and_count(site, votes_before, {ada.page: battle})


def test_battles_survive_the_death_of_everything_that_generates(ada, site):
    votes_before, text, picture = site.votes(), ada.page, ada.context.new_page()
    battles = {text: start_battle(text, "text", TEXT)}
    wait_for_stream(text, 40)
    battles[picture] = start_battle(picture, "image", PICTURE)
    wait_until(lambda: site.rows(RUNNING, battles[picture]), "a worker to take the picture")
    # On a slow machine a side may be complete by now.
    killed_at = site.rows("SELECT clock_timestamp()")[0][0]
    kill_and_wait(site, "gateway", "worker-media")
    finish_and_count(site, votes_before, battles)
    jobs = site.rows(
        "SELECT j.attempt, j.started_at < %s AND j.finished_at > %s + interval '1 second' "
        "FROM generation_generationjob j JOIN battles_seat s ON s.id = j.seat_id "
        "WHERE s.battle_id = ANY(%s)",
        killed_at,
        killed_at,
        list(battles.values()),
    )
    assert len(jobs) == 4
    for attempt, was_cut_off in jobs:
        assert attempt == (2 if was_cut_off else 1)


def finish(page, site, battle):
    """Vote as soon as the page allows it; an honest end without a result is an end, too."""
    voteable = vote_button(page, "a")
    void = page.locator(".void")
    expect(voteable.and_(page.locator(":enabled")).or_(void)).to_be_visible(timeout=GENERATION_MS)
    if void.count():
        expect(void).to_contain_text("This battle could not be finished")
        ((reason, n_late),) = site.rows(
            "SELECT b.void_reason, (SELECT count(*) FROM generation_generationjob j "
            "JOIN battles_seat s ON s.id = j.seat_id WHERE s.battle_id = b.id "
            "AND j.finished_at > j.deadline_at + interval '10 seconds') "
            "FROM battles_battle b WHERE b.id = %s",
            battle,
        )
        assert (reason, n_late) == ("generation_failed", 0)
        pytest.fail(f"void although every retry was left: {reason}")
    voteable.click()
    wait_for_reveal(page, "A is better")


def test_nothing_survives_a_killed_up_and_the_next_one_finds_every_vote(ada, site):
    ada.expects(SERVER_GONE)
    page = ada.page
    if not site.votes():
        finish(page, site, start_battle(page, "text", TEXT))
    votes_before = site.votes()
    battle = start_battle(page, "text", TEXT)
    wait_for_stream(page, 40)

    site.kill_up()
    site.wait_for_the_end()
    site.start()

    assert site.votes() == votes_before
    finish_and_count(site, votes_before, {page: battle})
    board = json.loads(site.manage("board", "text", "--json", "--source", "live"))
    ((n_votes,),) = site.rows(
        "SELECT count(*) FROM votes_vote v JOIN battles_battle b ON b.id = v.battle_id "
        "JOIN arenas_arena a ON a.id = b.arena_id WHERE a.slug = 'text'"
    )
    assert board["n_votes"] == n_votes
