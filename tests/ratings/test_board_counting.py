"""Tallies: a cache of the votes that is never wrong, whatever comes twice or in between."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.common.hashing import sha256_hex
from arena.common.tasks import Skipped
from arena.votes.ballot import PAIR_CHOICES
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards import counting
from ratings.boards.counting import (
    count_missed,
    count_vote,
    pair_outcomes,
    recount_arena,
    uncount_vote,
)
from ratings.boards.models import ALL_VOTES, Snapshot, TalliedVote, Tally
from ratings.boards.selectors import live_board, pair_counts_around
from ratings.boards.services import refresh_boards
from ratings.boards.standing import standing
from tests import cast
from tests.ratings.board_votes import Said, write_votes

Counts = dict[tuple[str, int, int], tuple[int, int, int, int]]


def tallies(arena: Arena) -> Counts:
    """All tallies that hold a vote: (origin, low, high) → wins low, wins high, ties, both bad."""
    return {
        (t.origin, t.low_id, t.high_id): cells
        for t in Tally.objects.filter(arena=arena, slice=ALL_VOTES)
        if any(cells := (t.wins_low, t.wins_high, t.ties, t.both_bad))
    }


def cast_and_count(arena: Arena, voter: Voter, choice: str) -> Vote:
    vote = cast.vote(cast.shown_battle(arena, voter), choice)
    assert count_vote(str(vote.pk))
    return vote


def withdraw(vote: Vote) -> None:
    assert vote.voter is not None
    withdraw_vote(vote_id=str(vote.pk), voter=vote.voter)


@pytest.mark.parametrize(
    ("revisions", "ranks", "is_acceptable", "expected"),
    [
        ([1, 2], [1, 2], True, [(1, 2, "wins_low")]),
        ([2, 1], [1, 2], True, [(1, 2, "wins_high")]),
        ([2, 1], [2, 1], True, [(1, 2, "wins_low")]),
        ([1, 2], [1, 1], True, [(1, 2, "ties")]),
        ([2, 1], [1, 1], False, [(1, 2, "both_bad")]),
        ([5, 1, 3], [1, 2, 3], True,
         [(1, 5, "wins_high"), (3, 5, "wins_high"), (1, 3, "wins_low")]),
        ([5, 1, 3], [2, 1, 2], True,
         [(1, 5, "wins_low"), (3, 5, "ties"), (1, 3, "wins_low")]),
        ([1, 2, 3, 4], [1, 1, 2, 2], False,
         [(1, 2, "both_bad"), (1, 3, "wins_low"), (1, 4, "wins_low"),
          (2, 3, "wins_low"), (2, 4, "wins_low"), (3, 4, "both_bad")]),
    ],
)  # fmt: skip
def test_a_ranking_is_one_outcome_for_each_pair(
    revisions: list[int], ranks: list[int], is_acceptable: bool, expected: list[Any]
) -> None:
    assert pair_outcomes(revisions, ranks, is_acceptable=is_acceptable) == expected


@given(st.permutations(range(4)), st.lists(st.integers(1, 3), min_size=4, max_size=4))
def test_the_order_of_the_seats_does_not_change_the_outcomes(
    order: list[int], ranks: list[int]
) -> None:
    revisions = [10, 20, 30, 40]
    expected = pair_outcomes(revisions, ranks, is_acceptable=True)
    seated = pair_outcomes(
        [revisions[i] for i in order], [ranks[i] for i in order], is_acceptable=True
    )
    assert sorted(seated) == sorted(expected)


def test_seats_and_ranks_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        pair_outcomes([1, 2, 3], [1, 2], is_acceptable=True)


def test_counting_a_vote_twice_counts_it_once(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = cast_and_count(arena, ada, "a")
    before = tallies(arena)
    assert sum(map(sum, before.values())) == 1
    assert not count_vote(str(vote.pk))
    assert tallies(arena) == before


def test_a_withdrawn_vote_leaves_once(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    kept, taken_back = (cast_and_count(arena, ada, "tie") for _ in range(2))
    withdraw(taken_back)
    assert uncount_vote(str(taken_back.pk))
    assert not uncount_vote(str(taken_back.pk))
    assert sum(map(sum, tallies(arena).values())) == 1
    assert list(TalliedVote.objects.values_list("vote_id", flat=True)) == [kept.pk]


def test_a_vote_that_was_withdrawn_before_it_was_counted_never_counts(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    withdraw(vote)
    # The events may also arrive in the other order.
    assert not uncount_vote(str(vote.pk))
    assert not count_vote(str(vote.pk))
    assert tallies(arena) == {}


def test_the_events_of_a_vote_and_its_withdrawal_reach_the_board(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), "b")
    assert "boards.count_vote" in cast.carry_events()
    assert live_board(arena).n_votes == 1
    withdraw(vote)
    assert "boards.uncount_vote" in cast.carry_events()
    assert live_board(arena).n_votes == 0


@pytest.fixture
def pair_of_models(db: None) -> list[Revision]:
    return [cast.bens_model(name) for name in ("Alder", "Birch", "Cedar")]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(sorted(PAIR_CHOICES)),  # vote so
            st.tuples(st.just("withdraw"), st.integers(0, 9)),
            st.tuples(st.sampled_from(["count", "uncount"]), st.integers(0, 9)),
        ),
        max_size=10,
    )
)
def test_any_sequence_of_votes_and_withdrawals_counts_like_counting_anew(
    ada: Voter, arena: Arena, pair_of_models: list[Revision], steps: list[Any]
) -> None:
    before = transaction.savepoint()
    votes: list[Vote] = []
    for step in steps:
        if isinstance(step, str):
            votes.append(_plain_vote(arena, ada, pair_of_models, len(votes), step))
        elif votes:
            verb, number = step
            vote = votes[number % len(votes)]
            {"withdraw": withdraw, "count": _count, "uncount": _uncount_if_withdrawn}[verb](vote)
    count_missed(arena)
    incremental, marked = tallies(arena), set(TalliedVote.objects.values_list("pk", flat=True))
    standing_votes = Vote.objects.filter(withdrawal__isnull=True)
    assert marked == set(standing_votes.values_list("pk", flat=True))
    assert recount_arena(arena.pk) == len(marked)
    assert tallies(arena) == incremental
    transaction.savepoint_rollback(before)


def _plain_vote(
    arena: Arena, voter: Voter, models: list[Revision], number: int, choice: str
) -> Vote:
    """A vote between two models that the test chooses, without the outputs around it."""
    shown = cast.opened_battle(arena, voter)
    battle = Battle.objects.create(
        arena=arena, prompt=shown.prompt, voter=voter, consent=shown.consent, p_draw=0.5,
        sampler="test", sampler_version=1, ending="voted", ended_at=shown.opened_at,
        revealed_at=shown.opened_at,
    )  # fmt: skip
    one, two = models[number % 3], models[(number + 1) % 3]
    Seat.objects.create(battle=battle, position=0, revision=one)
    Seat.objects.create(battle=battle, position=1, revision=two)
    return Vote.objects.create(
        battle=battle, voter=voter, ranks=list(PAIR_CHOICES[choice].ranks), cast_at=shown.opened_at,
        is_acceptable=PAIR_CHOICES[choice].is_acceptable, idempotency_key=uuid.uuid4(),
    )  # fmt: skip


def _count(vote: Vote) -> None:
    count_vote(str(vote.pk))


def _uncount_if_withdrawn(vote: Vote) -> None:
    if Vote.objects.filter(pk=vote.pk, withdrawal__isnull=False).exists():
        uncount_vote(str(vote.pk))


def test_counting_anew_leaves_other_arenas_alone(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    other = cast.text_arena("other")
    cast_and_count(other, ada, "a")
    before = tallies(other)
    cast_and_count(arena, ada, "b")
    recount_arena(arena.pk)
    assert tallies(other) == before
    assert TalliedVote.objects.count() == 2


def test_counting_anew_mends_a_wrong_tally(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    cast_and_count(arena, ada, "a")
    right = tallies(arena)
    Tally.objects.update(wins_low=41, both_bad=3)
    assert recount_arena(arena.pk) == 1
    assert tallies(arena) == right


def in_another_session(work: Any) -> Any:
    """Run `work` on a connection of its own; return what it returns, or raise after 10 s."""
    found: list[Any] = []

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            found.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=10)
    assert found, "it failed, or waited for a lock"
    return found[0]


@pytest.mark.django_db(transaction=True)
def test_a_vote_and_a_withdrawal_that_come_while_an_arena_is_counted_anew_are_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, _ = cast.ada()
    arena = cast.text_arena()
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    taken_back = cast.vote(cast.shown_battle(arena, ada), "a")
    cast.vote(cast.shown_battle(arena, ada), "b")
    late: list[Vote] = []
    counted = counting.tallied_votes

    def with_news_in_between(arena: Arena) -> Iterator[Any]:
        late.append(in_another_session(lambda: cast.vote(cast.shown_battle(arena, ada), "tie")))
        in_another_session(lambda: withdraw_vote(vote_id=str(taken_back.pk), voter=ada))
        return counted(arena)

    monkeypatch.setattr(counting, "tallied_votes", with_news_in_between)
    recount_arena(arena.pk)
    monkeypatch.undo()
    assert count_vote(str(late[0].pk))
    assert uncount_vote(str(taken_back.pk))
    after_events = tallies(arena)
    assert sum(map(sum, after_events.values())) == 2
    recount_arena(arena.pk)
    assert tallies(arena) == after_events


@pytest.mark.django_db(transaction=True)
def test_counting_anew_and_counting_one_vote_never_wait_for_each_other() -> None:
    ada, _ = cast.ada()
    arena = cast.text_arena()
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    votes = [cast.vote(cast.shown_battle(arena, ada), "a") for _ in range(12)]
    errors: list[Exception] = []

    def run(work: Any, *arguments: Any) -> None:
        try:
            for argument in arguments:
                work(argument)
        except Exception as error:  # noqa: BLE001 - a deadlock is what this test looks for
            errors.append(error)
        finally:
            connection.close()

    ids = [str(vote.pk) for vote in votes]
    threads = [
        threading.Thread(target=run, args=(count_vote, *ids)),
        threading.Thread(target=run, args=(count_vote, *reversed(ids))),
        threading.Thread(target=run, args=(recount_arena, *[arena.pk] * 6)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert sum(map(sum, tallies(arena).values())) == 12


def test_a_refresh_counts_what_was_missed_and_publishes(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    counted = cast_and_count(arena, ada, "a")
    cast.vote(cast.shown_battle(arena, ada), "b")
    withdraw(counted)
    assert refresh_boards() == "votes counted late: 2, snapshots published: 1"
    assert live_board(arena).n_votes == 1
    snapshot = Snapshot.objects.get()
    board = live_board(arena).as_dict()
    assert (snapshot.board, snapshot.n_votes, snapshot.origin) == (board, 1, "live")
    assert snapshot.sha256 == sha256_hex(json.dumps(board, sort_keys=True))


def test_an_unchanged_board_is_published_once(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    with pytest.raises(Skipped):
        refresh_boards()
    cast_and_count(arena, ada, "tie")
    assert "snapshots published: 1" in refresh_boards()
    with pytest.raises(Skipped, match="no board has changed"):
        refresh_boards()
    cast_and_count(arena, ada, "tie")
    refresh_boards()
    assert Snapshot.objects.count() == 2


def test_an_operator_counts_an_arena_anew(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    vote = cast_and_count(arena, ada, "a")
    TalliedVote.objects.filter(vote=vote).update(slices=[])  # as counted by an older version
    out = StringIO()
    call_command("recount", "text", stdout=out)
    assert out.getvalue() == "1 votes of 'text' were counted anew.\n"
    assert "length-short" in TalliedVote.objects.get(vote=vote).slices
    with pytest.raises(CommandError, match="There is no arena 'chess'"):
        call_command("recount", "chess")


def test_many_missed_votes_are_counted_anew_at_once(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_ONE_BY_ONE", 1)
    monkeypatch.setattr(counting, "count_vote", None)  # would fail when called
    for _ in range(2):
        cast.vote(cast.shown_battle(arena, ada), "a")
    assert count_missed(arena) == 2
    assert live_board(arena).n_votes == 2
    assert count_missed(arena) == 0


def test_the_command_counts_what_no_worker_has_counted(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    cast.vote(cast.shown_battle(arena, ada), "a")
    out = StringIO()
    call_command("board", "text", json=True, stdout=out)
    data = json.loads(out.getvalue())
    assert (data["arena"], data["source"], data["n_votes"]) == ("text", "live", 1)
    board = json.loads(json.dumps(live_board(arena).as_dict()))
    assert data == {"arena": "text", "source": "live", **board}


def test_what_a_vote_did_is_the_difference_of_two_refits(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    for choice in ("a", "b", "tie", "a", "both_bad", "b", "a"):
        cast_and_count(arena, ada, choice)
    before = {row.model: row for row in live_board(arena).rows}
    battle = cast.shown_battle(arena, ada)
    vote = cast.vote(battle, "a")
    not_counted_yet = standing(battle, vote)
    count_vote(str(vote.pk))
    assert standing(battle, vote) == not_counted_yet
    after = {row.model: row for row in live_board(arena).rows}
    for seat, shown in zip(battle.seats.all(), not_counted_yet["seats"], strict=True):
        label = seat.revision.label
        assert shown["letter"] == seat.letter
        assert (shown["rating"], shown["rank"]) == (
            f"{after[label].rating:.0f}",
            after[label].rank,
        )
        if label in before:
            change = round(after[label].rating) - round(before[label].rating)
            assert shown["change"] == change
    total = sum(
        c.wins_first + c.wins_second + c.ties + c.both_bad
        for c in pair_counts_around(vote, arena, "live")[0]
        if {c.first, c.second} == {seat.revision.label for seat in battle.seats.all()}
    )
    expected = f"Of {total - 1} other" if total > 1 else "Yours is the first vote"
    assert not_counted_yet["others_text"].startswith(expected)


@pytest.mark.parametrize("counted_after", [1, 2, 3, 4, 5])
def test_a_vote_that_is_counted_while_its_standing_is_read_stands_once(
    arena: Arena, models: list[Revision], ada: Voter, counted_after: int
) -> None:
    battle = cast.shown_battle(arena, ada)
    vote = cast.vote(battle, "a")
    expected = standing(battle, vote)
    asked = 0

    def count_in_between(execute: Any, *query: Any) -> Any:
        nonlocal asked
        answer = execute(*query)
        asked += 1
        if asked == counted_after:
            count_vote(str(vote.pk))
        return answer

    with connection.execute_wrapper(count_in_between):
        assert standing(battle, vote) == expected


def test_the_first_vote_between_two_models_says_so(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    shown = standing(battle, cast.vote(battle, "tie"))
    assert shown["others_text"] == "Yours is the first vote between these two."
    assert {seat["change_text"] for seat in shown["seats"]} == {"first rating"}


def test_counting_anew_reads_few_rows_also_where_postgresql_takes_its_tables_for_empty(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    n_votes = 400
    write_votes(arena, [Said(ada, models[:2], "ab"[i % 2]) for i in range(n_votes)])
    tables = ["votes_vote", "battles_battle", "battles_seat", "boards_talliedvote"]
    with connection.cursor() as cursor:
        # As after a vacuum between two tests, or before the first look after a large import.
        cursor.execute(
            "UPDATE pg_class SET relpages = 9, reltuples = 0 WHERE relname = ANY(%s)", [tables]
        )
        assert recount_arena(arena.pk) == n_votes  # with nothing tallied
        assert recount_arena(arena.pk) == n_votes  # with everything tallied
        cursor.execute(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables "
            "WHERE relname = ANY(%s)",
            [tables],
        )
        (n_read,) = cursor.fetchone()
    assert n_read < 100 * n_votes
