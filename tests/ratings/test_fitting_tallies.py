"""Votes become tallies without losing, doubling or reordering any of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.fitting import tallies as tallies_module
from ratings.fitting.tallies import Outcome, PairTallies

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
COLUMNS = ("first", "second", "wins_first", "wins_second", "ties", "both_bad")


def votes(n_models: int, min_size: int = 0):
    """Draw (first, second, outcome) triples of different models."""
    pairs = st.tuples(
        st.integers(0, n_models - 1), st.integers(0, n_models - 1), st.sampled_from(list(Outcome))
    ).filter(lambda vote: vote[0] != vote[1])
    return st.lists(pairs, min_size=min_size, max_size=40)


def tallied(n_models: int, rows) -> PairTallies:
    first, second, outcome = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return PairTallies.from_votes(n_models, first, second, outcome)


def tallies_of(n_models: int, rows) -> PairTallies:
    """Build tallies from rows of (first, second, wins_first, wins_second, ties, both_bad)."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    return PairTallies(n_models, *table[:2].astype(np.int64), *table[2:])


def assert_identical(one: PairTallies, other: PairTallies) -> None:
    for name in COLUMNS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def counted_one_by_one(rows) -> dict[tuple[int, int], list[int]]:
    counts: dict[tuple[int, int], list[int]] = {}
    for first, second, outcome in rows:
        cell = counts.setdefault((min(first, second), max(first, second)), [0, 0, 0, 0])
        if outcome in (Outcome.FIRST, Outcome.SECOND):
            winner = first if outcome == Outcome.FIRST else second
            cell[0 if winner == min(first, second) else 1] += 1
        else:
            cell[outcome] += 1
    return counts


@unhurried
@given(votes(5))
def test_every_vote_is_counted_once_in_its_pair_and_outcome(rows):
    tallies = tallied(5, rows)
    found = {
        (int(i), int(j)): [int(value) for value in counts]
        for i, j, *counts in zip(*(getattr(tallies, name) for name in COLUMNS), strict=True)
    }
    assert found == counted_one_by_one(rows)
    assert tallies.votes.sum() == len(rows)


@unhurried
@given(votes(5), st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_change_a_bit(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert_identical(tallied(5, rows), tallied(5, shuffled))


@unhurried
@given(votes(5))
def test_exchanging_the_seats_of_a_vote_does_not_change_a_bit(rows):
    swap = {Outcome.FIRST: Outcome.SECOND, Outcome.SECOND: Outcome.FIRST}
    swapped = [(second, first, swap.get(outcome, outcome)) for first, second, outcome in rows]
    assert_identical(tallied(5, rows), tallied(5, swapped))


@unhurried
@given(votes(5), votes(5))
def test_adding_tallies_counts_the_votes_of_both(rows, more):
    assert_identical(tallied(5, rows) + tallied(5, more), tallied(5, rows + more))


@unhurried
@given(votes(6))
def test_many_models_are_counted_as_few_are(rows):
    with pytest.MonkeyPatch.context() as patch:
        in_a_table = tallied(6, rows)
        patch.setattr(tallies_module, "_TABLE_CELLS_MAX", 0)
        assert_identical(in_a_table, tallied(6, rows))


@pytest.mark.parametrize("code_type", [np.int8, np.int16, np.uint16, np.int32, np.int64, ">i4"])
def test_a_long_list_of_votes_is_counted_whatever_the_type_of_its_codes(code_type):
    """Longer than a block of the counting loop, and not a multiple of one."""
    rng = np.random.default_rng(7)
    first = rng.integers(0, 30, 50_001)
    second = (first + rng.integers(1, 30, 50_001)) % 30
    outcome = rng.integers(0, 4, 50_001)
    codes = [column.astype(code_type) for column in (first, second, outcome)]
    tallies = PairTallies.from_votes(30, *codes)
    low, high = np.minimum(first, second), np.maximum(first, second)
    seen = np.where((first > second) & (outcome < 2), 1 - outcome, outcome)
    counts = np.bincount((low * 30 + high) * 4 + seen, minlength=3600).reshape(30, 30, 4)
    for name, column in zip(COLUMNS[2:], counts[tallies.first, tallies.second].T, strict=True):
        np.testing.assert_array_equal(getattr(tallies, name), column)
    assert tallies.votes.sum() == 50_001


def test_every_other_vote_of_a_list_is_counted_as_a_list_of_its_own():
    rows = np.array([(0, 1, 0), (2, 1, 1), (1, 2, 2), (0, 2, 3)], dtype=np.int16)
    first, second, outcome = rows.T  # columns of a table, not contiguous
    assert not first.flags.c_contiguous
    assert_identical(PairTallies.from_votes(3, first, second, outcome), tallied(3, rows))


@unhurried
@given(st.permutations(range(4)))
def test_fractional_counts_add_up_to_the_same_bits_in_any_order(order):
    rows = [(0, 1, 0.1, 0, 0, 0), (1, 0, 0, 0.2, 0, 0), (0, 1, 0.3, 0, 0, 0), (0, 1, 0.7, 0, 0, 0)]
    assert_identical(tallies_of(2, rows), tallies_of(2, [rows[place] for place in order]))


def test_repeated_and_reversed_pairs_become_one_row():
    tallies = tallies_of(3, [(2, 0, 5, 1, 2, 3), (0, 2, 10, 20, 0, 0), (0, 1, 0, 0, 0, 0)])
    assert [getattr(tallies, name).tolist() for name in COLUMNS] == [
        [0], [2], [11.0], [25.0], [2.0], [3.0],
    ]  # fmt: skip


def test_small_integer_types_do_not_overflow():
    first = np.array([120, 125], dtype=np.int8)
    second = np.array([125, 120], dtype=np.int8)
    tallies = PairTallies.from_votes(127, first, second, np.array([0, 0], dtype=np.uint8))
    assert (tallies.first.tolist(), tallies.second.tolist()) == ([120], [125])
    assert (tallies.wins_first.tolist(), tallies.wins_second.tolist()) == ([1.0], [1.0])


@unhurried
@given(votes(5))
def test_rows_in_their_order_are_taken_as_they_are_and_any_other_order_gives_the_same(rows):
    tallies = tallied(5, rows)
    columns = [getattr(tallies, name) for name in COLUMNS]
    assert_identical(PairTallies(5, *columns), tallies)
    assert_identical(PairTallies(5, *(column[::-1] for column in columns)), tallies)


def test_tallies_cannot_be_changed_after_the_fact():
    given_wins = np.array([3.0])
    index = np.array([0]), np.array([1])
    tallies = PairTallies(2, *index, given_wins, np.zeros(1), np.zeros(1), np.zeros(1))
    given_wins[0] = 99.0
    assert tallies.wins_first.tolist() == [3.0]
    with pytest.raises(ValueError, match="read-only"):
        tallies.wins_first[0] = 4.0


@pytest.mark.parametrize(
    ("first", "second", "outcome", "message"),
    [
        ([0], [0], [0], "row 0 compares model 0 with itself"),
        ([0, 0], [1, 3], [0, 0], r"second\[1\] is 3; expected 0 to 2"),
        ([-1], [1], [0], r"first\[0\] is -1; expected 0 to 2"),
        ([0], [1], [4], r"outcome\[0\] is 4; expected 0 to 3"),
        ([0], [1, 2], [0], "first has shape"),
        ([0], [1], [0, 0], "outcome has shape"),
        ([[0]], [[1]], [[0]], "expected one dimension"),
        ([0.0], [1.0], [0], "expected integers"),
        ([0], [1], [True], "expected integers"),
        ([0, 1, 2**40], [1, 0, 0], [0] * 3, r"first\[2\] is 1099511627776; expected 0 to 2"),
        ([0, 1], [1, 0], [0, 2**32], r"outcome\[1\] is 4294967296; expected 0 to 3"),
    ],
)
def test_a_vote_that_makes_no_sense_is_refused_by_name(first, second, outcome, message):
    with pytest.raises(ValueError, match=message):
        PairTallies.from_votes(3, np.array(first), np.array(second), np.array(outcome))


@pytest.mark.parametrize("count", [-1.0, np.nan, np.inf])
def test_a_count_that_is_no_count_is_refused(count):
    with pytest.raises(ValueError, match=r"ties\[0\] is .*; a count is finite and not negative"):
        tallies_of(2, [(0, 1, 1, 1, count, 0)])


def test_counts_of_the_wrong_length_are_refused():
    index, one, two = (np.array([0]), np.array([1])), np.ones(1), np.ones(2)
    with pytest.raises(ValueError, match=r"wins_second has shape \(2,\); expected \(1,\)"):
        PairTallies(2, *index, one, two, one, one)


def test_tallies_over_different_models_are_not_added():
    with pytest.raises(ValueError, match="over 2 and 3 models cannot be added"):
        tallied(2, [(0, 1, 0)]) + tallied(3, [(0, 1, 0)])
