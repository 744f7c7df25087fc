"""Verdicts and boards: only counted votes count, in whatever order votes and verdicts come."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.integrity.judging import give_verdict
from arena.votes.models import DimensionOutcome, Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards import counting
from ratings.boards.analysis import analyse
from ratings.boards.counting import (
    count_details,
    count_missed,
    count_verdict,
    count_vote,
    recount_arena,
)
from ratings.boards.models import EVERY_VOTE, LEFT_OUT, TalliedVote, Tally
from ratings.boards.selectors import live_board
from ratings.boards.votes import counted_votes
from ratings.releases.services import build_release
from tests import cast
from tests.arena.integrity.conftest import mia, pair_vote

__all__ = ["mia"]
STATUSES = ("counted", "held", "excluded")


def say(vote: Vote, status: str) -> None:
    """Give a verdict of this status."""
    reason = "" if status == "counted" else "too_fast"
    give_verdict(vote_id=vote.pk, status=status, method="too_fast", method_version=1, reason=reason)


def tallies(arena: Arena) -> dict[tuple[str, int, int], tuple[int, ...]]:
    """Every tally with a vote, of every slice."""
    return {
        (one.slice, one.low_id, one.high_id): cells
        for one in Tally.objects.filter(arena=arena)
        if any(cells := (one.wins_low, one.wins_high, one.ties, one.both_bad))
    }


def n_left_out(arena: Arena) -> int:
    found = tallies(arena)
    return sum(sum(cells) for (key, _, _), cells in found.items() if key == LEFT_OUT)


def test_a_held_vote_leaves_the_board_and_comes_back(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    votes = [cast.vote(cast.shown_battle(arena, ada), "a") for _ in range(3)]
    cast.carry_events()
    before = tallies(arena)
    assert live_board(arena).n_votes == 3
    say(votes[0], "held")
    assert "boards.count_verdict" in cast.carry_events()
    assert (live_board(arena).n_votes, n_left_out(arena)) == (2, 1)
    assert live_board(arena, "live", EVERY_VOTE).n_votes == 3
    assert counted_votes(arena, "live").n_votes == 2
    assert not count_verdict(str(votes[0].pk))
    say(votes[0], "counted")
    cast.carry_events()
    assert tallies(arena) == before


def test_a_vote_that_was_held_before_it_was_counted_is_left_out(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    say(vote, "held")
    assert not count_verdict(str(vote.pk))
    assert count_vote(str(vote.pk))
    assert (live_board(arena).n_votes, n_left_out(arena)) == (0, 1)


def test_a_board_mends_a_verdict_whose_event_was_lost(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    count_vote(str(vote.pk))
    say(vote, "excluded")
    assert count_missed(arena) == 1
    assert count_missed(arena) == 0
    assert live_board(arena).n_votes == 0


def test_answers_to_questions_of_a_held_vote_do_not_count(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    correct = Dimension.objects.create(arena=arena, key="correct", name="Correct", question="?")
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    count_vote(str(vote.pk))
    say(vote, "held")
    count_verdict(str(vote.pk))
    DimensionOutcome.objects.create(vote=vote, dimension=correct, ranks=[1, 2])
    count_details(str(vote.pk))
    assert {key for key, _, _ in tallies(arena)} == {LEFT_OUT}
    held = tallies(arena)
    recount_arena(arena.pk)
    assert tallies(arena) == held
    say(vote, "counted")
    count_verdict(str(vote.pk))
    assert {key for key, _, _ in tallies(arena)} >= {"", "dimension-correct"}
    counted = tallies(arena)
    recount_arena(arena.pk)
    assert tallies(arena) == counted


@pytest.fixture
def pair_of_models(db: None) -> list[Revision]:
    return [cast.bens_model(name) for name in ("Alder", "Birch", "Cedar")]


VOTE_NUMBER = st.integers(0, 9)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([(1, 2), (2, 1), (1, 1)]),  # vote so
            st.tuples(st.sampled_from(STATUSES), VOTE_NUMBER),
            st.tuples(st.sampled_from(["withdraw", "count", "heed"]), VOTE_NUMBER),
        ),
        max_size=14,
    )
)
def test_any_order_of_votes_verdicts_and_withdrawals_counts_like_counting_anew(
    ada: Voter, arena: Arena, pair_of_models: list[Revision], steps: list[Any]
) -> None:
    before = transaction.savepoint()
    votes: list[Vote] = []
    for one, two in steps:
        if isinstance(one, int):
            left, right = (pair_of_models[(len(votes) + i) % 3] for i in (0, 1))
            votes.append(pair_vote(arena, ada, left, right, (one, two)))
        elif votes:
            vote = votes[two % len(votes)]
            if one in STATUSES:
                say(vote, one)
            elif one == "withdraw":
                withdraw_vote(vote_id=str(vote.pk), voter=ada)
            else:
                {"count": count_vote, "heed": count_verdict}[one](str(vote.pk))
    count_missed(arena)
    incremental = tallies(arena)
    standing = Vote.objects.filter(withdrawal__isnull=True)
    newest = {vote.pk: vote.verdicts.order_by("-pk").first() for vote in standing}
    counted = {key for key, verdict in newest.items() if not verdict or verdict.status == "counted"}
    marked = TalliedVote.objects.filter(is_counted=True)
    assert set(marked.values_list("pk", flat=True)) == counted
    assert sum(sum(cells) for (key, *_), cells in incremental.items() if not key) == len(counted)
    assert n_left_out(arena) == len(newest) - len(counted)
    assert recount_arena(arena.pk) == len(newest)
    assert tallies(arena) == incremental
    transaction.savepoint_rollback(before)


@pytest.mark.django_db(transaction=True)
def test_a_verdict_that_comes_while_an_arena_is_counted_anew_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, _ = cast.ada()
    arena = cast.text_arena()
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    cast.vote(cast.shown_battle(arena, ada), "b")
    counted = counting.tallied_votes

    def with_a_verdict_in_between(arena: Arena) -> Iterator[Any]:
        def run() -> None:
            say(vote, "held")
            connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive(), "it waited for the count"
        return counted(arena)

    monkeypatch.setattr(counting, "tallied_votes", with_a_verdict_in_between)
    recount_arena(arena.pk)
    monkeypatch.undo()
    assert count_verdict(str(vote.pk))
    after_events = tallies(arena)
    assert n_left_out(arena) == 1
    recount_arena(arena.pk)
    assert tallies(arena) == after_events


# ── pages ────────────────────────────────────────────────────────────────────────────────────


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


@pytest.fixture
def held_vote(ada: Voter, arena: Arena, models: list[Revision]) -> Vote:
    """One vote of five is held."""
    votes = [cast.vote(cast.shown_battle(arena, ada), "a") for _ in range(5)]
    cast.carry_events()
    say(votes[0], "held")
    cast.carry_events()
    return votes[0]


def test_the_board_shows_counted_votes_and_on_request_all(
    held_vote: Vote, client: Client, arena: Arena
) -> None:
    counted = page(client, f"/boards/{arena.slug}/")
    assert "4 votes" in counted
    assert "1 vote on record does not count" in counted
    assert f"/boards/{arena.slug}/?votes=all" in counted
    raw = page(client, f"/boards/{arena.slug}/?votes=all")
    assert "5 votes" in raw
    assert "This is the raw board" in raw
    how = page(client, f"/boards/{arena.slug}/how/")
    assert "1 vote cast here is not among them" in how
    assert "Too fast (1)" in how
    assert "/integrity/" in how
    data = json.loads(client.get(f"/boards/{arena.slug}/?votes=all&format=json").content)
    assert (data["votes"], data["n_votes"]) == ("all", 5)
    data = json.loads(client.get(f"/boards/{arena.slug}/?format=json").content)
    assert ("votes" not in data, data["n_votes"]) == (True, 4)


def test_all_votes_have_one_board(held_vote: Vote, client: Client, arena: Arena) -> None:
    analyse(arena, "live")
    for query in ("votes=all&slice=script-latin", "votes=all&method=nothing"):
        assert client.get(f"/boards/{arena.slug}/?{query}").status_code == 404


def test_a_board_without_verdicts_says_so_where_it_is_explained(
    ada: Voter, arena: Arena, models: list[Revision], client: Client
) -> None:
    cast.vote(cast.shown_battle(arena, ada), "a")
    cast.carry_events()
    assert "raw board" not in page(client, f"/boards/{arena.slug}/")
    assert "No vote is held or excluded." in page(client, f"/boards/{arena.slug}/how/")


def test_the_reveal_says_whether_the_vote_counts_and_what_it_did(
    ada: Voter, arena: Arena, models: list[Revision], client: Client
) -> None:
    from arena.accounts.middleware import COOKIE

    client.cookies[COOKIE] = cast.cookie_of(ada)
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    address = f"/battles/{vote.battle_id}/standing"
    assert "Your vote counts." in page(client, address)
    Arena.objects.update(min_look_s=10)  # the vote waits to be judged
    text = page(client, address)
    assert "Your vote is held and does not count for now:" in text
    assert "It came sooner than anybody could have looked at the answers." in text
    cast.carry_events()
    assert "Your vote is held" in page(client, address)
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    assert "You took this vote back." in page(client, address)


# ── releases ─────────────────────────────────────────────────────────────────────────────────


def test_a_release_has_counted_votes_only_and_says_how_many_are_kept_out(
    held_vote: Vote, arena: Arena, store: object
) -> None:
    release = build_release(arena)
    facts = release.manifest
    assert (facts["n_votes"], facts["left_out"]) == (4, {"held: too_fast": 1})
    say(held_vote, "counted")
    assert build_release(arena).manifest["n_votes"] == 5


def test_a_released_vote_that_no_longer_counts_is_left_out_of_the_next_and_may_come_back(
    ada: Voter, arena: Arena, models: list[Revision], store: object
) -> None:
    votes = [cast.vote(cast.shown_battle(arena, ada), "a") for _ in range(3)]
    assert build_release(arena).manifest["n_votes"] == 3
    say(votes[0], "excluded")
    facts = build_release(arena).manifest
    assert (facts["n_votes"], facts["n_withdrawn"]) == (2, 1)
    say(votes[0], "counted")
    say(votes[1], "held")  # as many as before, but others
    facts = build_release(arena).manifest
    assert (facts["n_votes"], facts["n_withdrawn"]) == (2, 1)
    say(votes[1], "counted")
    assert build_release(arena).manifest["n_votes"] == 3


def test_the_card_of_a_release_says_it_too(
    held_vote: Vote, arena: Arena, store: object, client: Client, mia: User
) -> None:
    release = build_release(arena)
    assert "held: too_fast 1" in page(client, f"/releases/{release.name}/")
