"""Reports of a board: pairs, the course of ratings, and one model, as plain numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards.kept import Counts
from ratings.boards.models import Snapshot
from ratings.boards.reports import course as course_report
from ratings.boards.reports.course import Point, course
from ratings.boards.reports.model import LATEST, latest_votes, ratings_by_slice
from ratings.boards.reports.pairs import (
    PairRow,
    battle_counts,
    head_to_head,
    win_probabilities,
    win_probability,
)
from ratings.boards.selectors import live_board
from ratings.boards.table import Board, Row, make_board
from tests.ratings.board_votes import Said, people, write_votes

LABELS = {11: "cedar@1", 12: "alder@1", 13: "dogwood@1", 14: "birch@1"}
cells = st.lists(
    st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=6, max_size=6
)  # of the pairs of four


def counts_of(rows: list[list[int]]) -> Counts:
    table = np.zeros((4, 4, 4), dtype=np.int64)
    table[np.triu_indices(4, 1)] = rows
    return Counts((1,), sorted(LABELS), table)


def board_of(counts: Counts) -> Board:
    return make_board(*counts.tallies(LABELS))


def row_of(rating: float, *, group: int = 0, is_provisional: bool = False) -> Row:
    rank = None if is_provisional else 1
    return Row(rank, 1, 2, "m@1", rating, rating - 9, rating + 9, 40, group, is_provisional)


def test_a_lead_of_400_points_is_odds_of_ten_to_one() -> None:
    assert win_probability(row_of(1400), row_of(1000)) == pytest.approx(10 / 11)
    assert win_probability(row_of(1000), row_of(1400)) == pytest.approx(1 / 11)
    assert win_probability(row_of(1000), row_of(1000)) == 0.5


def test_what_cannot_be_compared_has_no_chance() -> None:
    assert win_probability(row_of(1400), row_of(1000, group=1)) is None
    assert win_probability(row_of(1400, is_provisional=True), row_of(1000)) is None
    assert win_probability(row_of(1400), row_of(1000, is_provisional=True)) is None


def test_a_pair_without_votes_has_no_share() -> None:
    assert PairRow("a@1", "b@1", 0, 0, 0, 0, None).share is None
    assert PairRow("a@1", "b@1", 3, 1, 1, 1, None).share == pytest.approx(4 / 6)


@given(cells)
def test_a_record_is_the_same_from_both_sides(rows: list[list[int]]) -> None:
    counts = counts_of(rows)
    board = board_of(counts)
    models = [row.model for row in board.rows]
    seen = {
        (pair.model, pair.opponent): pair
        for model in models
        for pair in head_to_head(board, counts, LABELS, model)
    }
    for (one, two), pair in seen.items():
        back = seen[two, one]
        assert (pair.wins, pair.losses) == (back.losses, back.wins)
        assert (pair.ties, pair.both_bad) == (back.ties, back.both_bad)
        assert pair.votes > 0
        assert pair.share is not None
        assert back.share is not None
        assert pair.share + back.share == pytest.approx(1)
    met = battle_counts(counts, LABELS, models)
    for (i, one), (j, two) in itertools.product(enumerate(models), repeat=2):
        expected = seen[one, two].votes if (one, two) in seen else 0
        assert met[i][j] == met[j][i] == expected
    for row in board.rows:
        assert row.votes == sum(pair.votes for (one, _), pair in seen.items() if one == row.model)
    assert sum(pair.votes for pair in seen.values()) == 2 * board.n_votes


@given(cells)
def test_the_chances_of_two_add_up_and_follow_the_order(rows: list[list[int]]) -> None:
    board = board_of(counts_of(rows))
    chances = win_probabilities(board)
    for (i, one), (j, two) in itertools.combinations(enumerate(board.rows), 2):
        chance, back = chances[i][j], chances[j][i]
        assert (chance is None) == (back is None)
        if chance is None or back is None:
            assert one.group != two.group or one.is_provisional or two.is_provisional
            continue
        assert chance + back == pytest.approx(1)
        assert (chance >= 0.5) == (one.rating >= two.rating)
    assert all(chances[i][i] is None for i in range(len(board.rows)))


# ── course ──────────────────────────────────────────────────────────────────────────────────

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def publish(arena: Arena, ratings: dict[str, float | None], origin: str = "live") -> Snapshot:
    """A snapshot with these ratings; None is a provisional model."""
    rows = [
        row_of(rating or 1000.0, is_provisional=rating is None).__dict__ | {"model": model}
        for model, rating in ratings.items()
    ]
    board = Board().as_dict() | {"rows": rows}
    return Snapshot.objects.create(
        arena=arena, origin=origin, n_votes=1, sha256="0" * 64, board=board
    )


@pytest.fixture
def clock() -> Iterator[None]:
    """An hour passes between two snapshots."""
    ticks = (BEGAN + timedelta(hours=hour) for hour in itertools.count())
    with patch("django.utils.timezone.now", lambda: next(ticks)):
        yield


@pytest.mark.usefixtures("clock")
def test_the_course_is_what_was_published_in_order_of_time(arena: Arena) -> None:
    ratings = (1010.0, 1020.0, 1015.0)
    times = [publish(arena, {"alder@1": one, "birch@1": None}).published_at for one in ratings]
    publish(arena, {"alder@1": 900.0}, "imported")
    found = course(arena, "live")
    assert found == {
        "alder@1": [
            Point(at, rating, rating - 9, rating + 9, 1)
            for at, rating in zip(times, ratings, strict=True)
        ]
    }  # without a provisional model, and without another origin
    assert list(course(arena, "imported")) == ["alder@1"]
    assert course(arena, "all") == {}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("n_published", "step"), [(10, 1), (11, 2), (20, 2), (21, 3), (37, 4)])
def test_a_long_course_is_thinned_evenly_and_keeps_the_newest(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, n_published: int, step: int
) -> None:
    monkeypatch.setattr(course_report, "MOST_POINTS", 10)
    for number in range(n_published):
        publish(arena, {"alder@1": 1000.0 + number})
    ratings = [point.rating for point in course(arena, "live")["alder@1"]]
    newest = 1000.0 + n_published - 1
    assert ratings == [newest - step * back for back in reversed(range(len(ratings)))]
    assert len(ratings) == -(-n_published // step) <= 10


def test_nothing_published_has_no_course(arena: Arena) -> None:
    assert course(arena, "live") == {}


# ── one model ───────────────────────────────────────────────────────────────────────────────


def test_a_model_is_strong_where_its_slice_says_so(arena: Arena, models: list[Revision]) -> None:
    alder, birch, cedar = models
    ada, eve = people(2)
    said = []
    for text, best, worst in (("Why?", alder, cedar), ("Почему?", cedar, alder)):
        for voter in (ada, eve):
            said += [Said(voter, [best, birch], "a", text)] * 10
            said += [Said(voter, [birch, worst], "a", text)] * 10
            said += [Said(voter, [birch, best], "a", text)] * 3
            said += [Said(voter, [worst, best], "a", text)] * 3
    write_votes(arena, said)
    everywhere = {row.model: row for row in live_board(arena).rows}
    found = {one.slice.key: one for one in ratings_by_slice(arena, "live", "alder@1")}
    assert found["script-latin"].difference > 50
    assert found["script-cyrillic"].difference < -50
    assert found["length-short"].difference == 0  # all of the votes
    for key, one in found.items():
        row = next(row for row in live_board(arena, "live", key).rows if row.model == "alder@1")
        own = everywhere["alder@1"].rating
        assert (one.difference, one.rank, one.votes) == (row.rating - own, row.rank, row.votes)
        assert (one.low, one.high) == (row.low - own, row.high - own)
        assert one.low < one.difference < one.high
    assert ratings_by_slice(arena, "live", "elm@1") == []


def test_a_model_with_few_votes_has_no_strengths(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, models[:2], "a")])
    assert ratings_by_slice(arena, "live", "alder@1") == []


def test_the_latest_votes_are_seen_from_the_model(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    alder, birch, cedar = models
    said = [
        Said(ada, [alder, birch], "a"),
        Said(ada, [birch, alder], "a"),
        Said(ada, [birch, alder], "tie"),
        Said(ada, [alder, birch], "both_bad"),
        Said(ada, [birch, cedar], "a"),
        Said(ada, models, ranks=[2, 1, 2]),
        Said(ada, models, ranks=[1, 1, 2]),
        Said(ada, [cedar, alder, birch], ranks=[2, 1, 2]),
    ]
    votes = write_votes(arena, said)
    results = [
        (vote.result, vote.opponents) for vote in reversed(latest_votes(arena, "live", alder))
    ]
    assert results == [
        ("win", ["Birch"]),
        ("loss", ["Birch"]),
        ("tie", ["Birch"]),
        ("both_bad", ["Birch"]),
        ("loss", ["Birch", "Cedar"]),
        ("tie", ["Birch", "Cedar"]),
        ("win", ["Cedar", "Birch"]),
    ]
    withdraw_vote(vote_id=str(votes[0].pk), voter=ada)
    assert len(latest_votes(arena, "live", alder)) == 6
    assert latest_votes(arena, "imported", alder) == []


def test_the_record_is_of_the_newest_votes(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, models[:2], "b")] * 5)
    write_votes(arena, [Said(ada, models[:2], "a")] * LATEST)
    assert [vote.result for vote in latest_votes(arena, "live", models[0])] == ["win"] * LATEST
