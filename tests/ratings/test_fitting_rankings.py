"""Ranked lists are read as they were given, whatever their order, or refused by name."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.fitting import rankings as rankings_module
from ratings.fitting.rankings import BadRanking, Rankings, lexical_keys

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
N_MODELS = 5
ARRAYS = ("items", "ranks", "offsets", "cluster", "weight")

rank_row = st.lists(st.integers(0, 4), min_size=N_MODELS, max_size=N_MODELS).filter(
    lambda row: sum(rank > 0 for rank in row) >= 2
)
rank_rows = st.lists(rank_row, max_size=15)


def matrix(rows) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, N_MODELS)


def rows_of(rankings: Rankings) -> list[list[int]]:
    rows = np.zeros((rankings.n_lists, rankings.n_models), dtype=int)
    owner = np.repeat(np.arange(rankings.n_lists), rankings.sizes)
    rows[owner, rankings.items] = rankings.ranks
    return rows.tolist()


def assert_identical(one: Rankings, other: Rankings) -> None:
    for name in ARRAYS:
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None), name
        assert mine is None or mine.tobytes() == theirs.tobytes(), name


@unhurried
@given(rank_rows)
def test_every_list_is_kept_with_its_ranks(rows):
    assert sorted(rows_of(Rankings.from_matrix(matrix(rows)))) == sorted(rows)


@unhurried
@given(rank_rows, st.randoms(use_true_random=False))
def test_neither_the_order_of_lists_nor_that_inside_a_list_changes_a_bit(rows, random):
    votes = [(row, random.randrange(3), random.choice([0.0, 0.5, 1.0])) for row in rows]
    shuffled = random.sample(votes, len(votes))
    entries, sizes = [], []
    for row, _, _ in shuffled:
        places = [(item, rank) for item, rank in enumerate(row) if rank]
        random.shuffle(places)
        entries.extend(places)
        sizes.append(len(places))
    items, ranks = np.array(entries, dtype=int).reshape(-1, 2).T
    also = ([vote[place] for vote in shuffled] for place in (1, 2))
    mixed = Rankings(N_MODELS, items, ranks, np.cumsum([0, *sizes]), *map(np.array, also))
    given_ = {"cluster": [vote[1] for vote in votes], "weight": [vote[2] for vote in votes]}
    assert_identical(Rankings.from_matrix(matrix(rows), **given_), mixed)


def test_orderings_read_a_sequence_inside_as_a_tie():
    rankings = Rankings.from_orderings(4, [[2, (3, 0)], [1, 0], [(1, 2, 3)]])
    assert rows_of(rankings) == [[2, 1, 0, 0], [0, 1, 1, 1], [2, 0, 1, 2]]
    assert rankings.n_lists == 3
    assert rankings.sizes.tolist() == [2, 3, 3]


def test_ranks_may_leave_numbers_out_and_start_late():
    assert rows_of(Rankings.from_matrix([[7, 3, 0, 9]])) == [[7, 3, 0, 9]]


def test_lists_of_weight_zero_are_left_out():
    rankings = Rankings.from_matrix([[1, 2], [2, 1]], weight=[0, 0.5], cluster=[4, 9])
    assert rows_of(rankings) == [[2, 1]]
    assert (rankings.cluster.tolist(), rankings.weight.tolist()) == ([9], [0.5])


def test_lists_come_back_by_length():
    rankings = Rankings.from_orderings(4, [[0, 1, 2], [3, 1], [2, 0], [3, 2, 1, 0]])
    found = [(start, items.tolist(), ranks.tolist()) for start, items, ranks in rankings.by_size()]
    assert found == [
        (0, [[2, 0], [3, 1]], [[1, 2], [1, 2]]),
        (2, [[0, 1, 2]], [[1, 2, 3]]),
        (3, [[3, 2, 1, 0]], [[1, 2, 3, 4]]),
    ]


def test_no_lists_are_an_empty_set_of_rankings():
    for empty in (Rankings.from_orderings(3, []), Rankings.from_matrix(np.zeros((0, 3), int))):
        assert (empty.n_models, empty.n_lists, list(empty.by_size())) == (3, 0, [])


def test_rankings_cannot_be_changed_after_the_fact():
    weight = np.array([2.0])
    rankings = Rankings.from_matrix([[1, 2]], weight=weight)
    weight[0] = 99
    assert rankings.weight.tolist() == [2.0]
    with pytest.raises(ValueError, match="read-only"):
        rankings.items[0] = 1


@unhurried
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1, max_size=20))
def test_keys_compare_as_rows_do_even_where_they_would_overflow(rows):
    order = sorted(range(len(rows)), key=rows.__getitem__)
    with pytest.MonkeyPatch.context() as patch:
        for most in (1 << 62, 1 << 8):
            patch.setattr(rankings_module, "_KEY_MAX", most)
            keys = lexical_keys(np.array(rows), 10)
            for before, after in pairwise(order):
                assert (keys[before] < keys[after]) == (rows[before] < rows[after])
                assert (keys[before] == keys[after]) == (rows[before] == rows[after])


@pytest.mark.parametrize(
    ("items", "ranks", "offsets", "row", "message"),
    [
        ([0, 1, 2], [1, 2, 1], [0, 2, 3], 1, "ranks 1 models; a ranking needs two or more"),
        ([0, 1], [1, 2], [0, 2, 2], 1, "ranks 0 models"),
        ([0, 1, 2, 0, 2], [1, 2, 1, 2, 3], [0, 2, 5], 1, "ranks model 2 twice"),
        ([0, 3], [1, 2], [0, 2], 0, "ranks model 3; models are numbered 0 to 2"),
        ([0, -1], [1, 2], [0, 2], 0, "ranks model -1"),
        ([0, 1], [0, 1], [0, 2], 0, "has a rank 0; ranks are 1 to"),
        ([0, 1], [1, 1 << 31], [0, 2], 0, "has a rank 2147483648"),
    ],
)
def test_a_list_that_is_no_ranking_is_refused_by_its_number(items, ranks, offsets, row, message):
    with pytest.raises(BadRanking, match=f"list {row} {message}") as refusal:
        Rankings(3, np.array(items), np.array(ranks), np.array(offsets))
    assert refusal.value.row == row


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_models": -1}, "n_models is -1"),
        ({"items": [[0, 1]]}, "expected one dimension"),
        ({"items": [0.0, 1.0]}, "items has type float64; expected integers"),
        ({"ranks": [1]}, r"ranks have shape \(1,\) and items \(2,\)"),
        ({"offsets": []}, "offsets run from None to None"),
        ({"offsets": [0, 1]}, "offsets run from 0 to 1; expected 0 to 2"),
        ({"cluster": [1, 2]}, r"cluster has shape \(2,\); expected \(1,\)"),
        ({"cluster": [1.5]}, "cluster has type float64"),
        ({"weight": [1.0, 2.0]}, r"weight has shape \(2,\); expected \(1,\)"),
        ({"weight": [np.nan]}, r"weight\[0\] is nan; a weight is finite and not negative"),
        ({"weight": [-1.0]}, r"weight\[0\] is -1.0"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(change, message):
    arrays = {"n_models": 2, "items": [0, 1], "ranks": [1, 2], "offsets": [0, 2], **change}
    with pytest.raises(ValueError, match=message):
        Rankings(**{k: v if k == "n_models" else np.array(v) for k, v in arrays.items()})


@pytest.mark.parametrize(
    ("ranks", "message"), [([1, 2], r"shape \(2,\)"), ([[0.5, 1.0]], "type float64")]
)
def test_a_matrix_that_holds_no_ranks_is_refused(ranks, message):
    with pytest.raises(ValueError, match=message):
        Rankings.from_matrix(ranks)
