"""A board from counts: plain numbers in, ranks and intervals out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.boards.table import Board, PairCounts, board_text, make_board, tallied

RING = [
    PairCounts("alder@1", "birch@1", 30, 10, 4, 1),
    PairCounts("birch@1", "cedar@1", 25, 15, 0, 0),
    PairCounts("cedar@1", "alder@1", 12, 28, 2, 0),
]
NAMES = ("alder@1", "birch@1", "cedar@1", "dogwood@1")
counts = st.lists(
    st.builds(
        PairCounts,
        first=st.sampled_from(NAMES[:2]),
        second=st.sampled_from(NAMES[2:]),
        wins_first=st.integers(0, 30),
        wins_second=st.integers(0, 30),
        ties=st.integers(0, 10),
        both_bad=st.integers(0, 10),
    ),
    max_size=6,
)


def board_of(counts: Iterable[PairCounts], **widening: float) -> Board:
    return make_board(*tallied(counts), {f"{name}@1": factor for name, factor in widening.items()})


def swapped(pair: PairCounts) -> PairCounts:
    return PairCounts(
        pair.second, pair.first, pair.wins_second, pair.wins_first, pair.ties, pair.both_bad
    )


def test_no_votes_give_an_empty_board() -> None:
    assert board_of([]) == Board()
    assert board_of([PairCounts("a@1", "b@1", 0, 0, 0, 0)]) == Board()
    assert board_text(Board().as_dict(), {}) == "No votes yet."


def test_the_rows_are_in_order_with_intervals_around_the_rating() -> None:
    board = board_of(RING)
    assert [row.model for row in board.rows] == ["alder@1", "birch@1", "cedar@1"]
    assert [row.rank for row in board.rows] == [1, 2, 3]
    assert (board.n_votes, board.n_groups) == (127, 1)
    assert [row.votes for row in board.rows] == [87, 85, 82]
    for row in board.rows:
        assert row.low < row.rating < row.high
        assert row.rank_low <= row.rank <= row.rank_high
        assert not row.is_provisional
    assert sum(row.rating for row in board.rows) / 3 == pytest.approx(1000, abs=0.01)


def test_a_lead_of_400_points_is_odds_of_ten_to_one() -> None:
    board = board_of([PairCounts("a@1", "b@1", 10_000, 1_000, 0, 0)])
    assert board.rows[0].rating - board.rows[1].rating == pytest.approx(400, abs=0.2)


def test_both_bad_counts_as_a_tie() -> None:
    as_ties = board_of([PairCounts("a@1", "b@1", 9, 4, 6, 0)])
    as_both_bad = board_of([PairCounts("a@1", "b@1", 9, 4, 0, 6)])
    assert as_ties == as_both_bad
    assert as_ties != board_of([PairCounts("a@1", "b@1", 9, 4, 0, 0)])


def test_models_that_never_met_are_two_groups_with_their_own_ranks() -> None:
    board = board_of(
        [PairCounts("a@1", "b@1", 30, 10, 0, 0), PairCounts("c@1", "d@1", 10, 30, 0, 0)]
    )
    assert board.n_groups == 2
    assert [(row.model, row.rank) for row in board.rows] == [
        ("a@1", 1),
        ("b@1", 2),
        ("d@1", 1),
        ("c@1", 2),
    ]
    assert max(row.rank_high for row in board.rows) == 2
    assert "2 groups of models never met each other" in board_text(board.as_dict(), {})


def test_a_model_that_never_lost_is_provisional_and_may_have_any_rank() -> None:
    board = board_of([*RING, PairCounts("dogwood@1", "cedar@1", 3, 0, 0, 0)])
    newcomer = next(row for row in board.rows if row.model == "dogwood@1")
    assert newcomer.is_provisional
    assert (newcomer.rank_low, newcomer.rank_high) == (1, 4)
    assert "too few votes  " in board_text(board.as_dict(), {})


def test_a_newcomer_with_two_votes_moves_nobodys_rating_and_settles_nobodys_rank() -> None:
    before = {row.model: row for row in board_of(RING).rows}
    after = {
        row.model: row
        for row in board_of([*RING, PairCounts("dogwood@1", "cedar@1", 2, 0, 0, 0)]).rows
    }
    for model, row in before.items():
        assert after[model].rating == pytest.approx(row.rating, abs=2)
        assert after[model].high - after[model].low == pytest.approx(row.high - row.low, abs=2)
        assert after[model].rank_low == row.rank_low  # it is surely above nobody
        assert after[model].rank_high == row.rank_high + 1  # nor surely below


@pytest.mark.parametrize("n_ties", [1, 2, 50])
def test_ties_alone_never_give_an_interval_without_width(n_ties: int) -> None:
    board = board_of([PairCounts("a@1", "b@1", 0, 0, n_ties, 0)])
    assert all(row.is_provisional for row in board.rows)
    assert {(row.rank_low, row.rank_high) for row in board.rows} == {(1, 2)}


@given(counts)
def test_the_order_and_the_seats_in_which_pairs_come_change_no_digit(
    pairs: list[PairCounts],
) -> None:
    expected = json.dumps(board_of(pairs).as_dict())
    assert json.dumps(board_of(list(reversed(pairs))).as_dict()) == expected
    assert json.dumps(board_of([swapped(pair) for pair in pairs]).as_dict()) == expected


@given(counts)
def test_every_board_is_finite_and_its_ranks_are_those_of_its_ratings(
    pairs: list[PairCounts],
) -> None:
    board = board_of(pairs)
    assert board.n_votes * 2 == sum(row.votes for row in board.rows)
    for row in board.rows:
        assert all(map(math.isfinite, (row.rating, row.low, row.high)))
        assert row.is_provisional or row.low < row.rating < row.high
        group = [other for other in board.rows if other.group == row.group]
        assert 1 <= row.rank_low <= row.rank_high <= len(group)
        if row.is_provisional:
            assert row.rank is None
        else:
            ranked = [other for other in group if not other.is_provisional]
            assert row.rank == 1 + sum(other.rating > row.rating for other in ranked)
            assert row.rank <= row.rank_high


def test_the_text_shows_each_number_of_the_board() -> None:
    board = board_of(RING)
    lines = board_text(board.as_dict(), {"alder@1": "Alder", "birch@1": "birch@1"}).splitlines()
    assert len(lines) == 1 + 3 + 1
    for row, line in zip(board.rows, lines[1:4], strict=True):
        assert f"{row.rating:.2f}" in line
        assert f"{row.low:.2f} … {row.high:.2f}" in line
        assert f"{row.rank} ({row.rank_low}–{row.rank_high})" in line
    assert lines[1].endswith("  Alder")
    assert lines[2].endswith("  birch@1")
    assert lines[-1].startswith("127 votes; bradley-terry")


def test_models_that_share_a_name_are_told_apart() -> None:
    names = {row.model: "Same" for row in board_of(RING).rows}
    lines = board_text(board_of(RING).as_dict(), names).splitlines()
    assert lines[1].endswith("Same (alder@1)")


def test_a_provisional_model_has_no_rank_and_stands_last() -> None:
    newcomer = PairCounts("yew@1", "alder@1", 1, 0, 0, 0)
    last = board_of([*RING, newcomer]).rows[-1]
    assert (last.model, last.is_provisional, last.rank) == ("yew@1", True, None)
    assert [row.rank for row in board_of([*RING, newcomer]).rows[:3]] == [1, 2, 3]


def test_two_votes_never_look_like_knowledge() -> None:
    # A win and a tie: the votes agree with the fit, and the sandwich alone would be a few points.
    rows = board_of([PairCounts("a@1", "b@1", 1, 1, 1, 0), *RING]).rows
    newcomers = [row for row in rows if row.model in ("a@1", "b@1")]
    assert all(row.high - row.low > 200 for row in newcomers)
    lone = board_of([PairCounts("a@1", "b@1", 1, 0, 1, 0)]).rows
    assert all(row.is_provisional or row.high - row.low > 200 for row in lone)


def test_an_interval_is_stretched_by_its_own_factor_and_opens_ranks() -> None:
    plain = {row.model: row for row in board_of(RING).rows}
    wide = {row.model: row for row in board_of(RING, birch=3.0).rows}
    for model, row in plain.items():
        factor = 3.0 if model == "birch@1" else 1.0
        assert wide[model].rating == row.rating
        assert wide[model].high - wide[model].rating == pytest.approx(
            factor * (row.high - row.rating), abs=0.02
        )
        assert wide[model].rank_low <= row.rank_low
        assert wide[model].rank_high >= row.rank_high
    assert board_of(RING, birch=3.0).widening == {"birch@1": 3.0}
