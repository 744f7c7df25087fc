"""Votes are counted by voter and pair, in one canonical form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.fitting.tallies import Outcome, PairTallies
from ratings.fitting.voter_tallies import VoterTallies
from tests.ratings.test_fitting_clustering import COLUMNS, N_MODELS, counted, unhurried, vote_lists

SWAP = np.array([Outcome.SECOND, Outcome.FIRST, Outcome.TIE, Outcome.BOTH_BAD])


def test_votes_are_counted_by_voter_and_pair():
    votes = VoterTallies.from_votes(
        3, [9, -4, 9, 9, -4], [1, 0, 0, 1, 2], [0, 1, 1, 2, 1], [0, 0, 0, 3, 2]
    )
    assert [getattr(votes, name).tolist() for name in COLUMNS] == [
        [-4, -4, 9, 9],
        [0, 1, 0, 1],
        [1, 2, 1, 2],
        [1, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
    ]
    assert votes.n_voters == 2
    assert votes.votes_of_voter.tolist() == [2, 3]


@unhurried
@given(vote_lists, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_votes_and_of_seats_changes_no_bit_of_the_counts(rows, random, weighted):
    weight = [random.choice([0.1, 1 / 3, 2.7]) if weighted else 1.0 for _ in rows]
    mixed = list(zip(rows, weight, strict=True))
    random.shuffle(mixed)
    turned = [
        ((u, j, i, int(SWAP[o])), w) if random.random() < 0.5 else ((u, i, j, o), w)
        for (u, i, j, o), w in mixed
    ]
    one = counted(rows, weight)
    other = counted([row for row, _ in turned], [w for _, w in turned])
    rebuilt = VoterTallies(N_MODELS, *(getattr(one, name)[::-1] for name in COLUMNS))
    for name in COLUMNS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
        assert getattr(one, name).tobytes() == getattr(rebuilt, name).tobytes(), name


@unhurried
@given(vote_lists)
def test_adding_the_voters_up_is_counting_without_them(rows):
    plain = PairTallies.from_votes(N_MODELS, *np.array(rows).T[1:])
    summed = counted(rows).pair_tallies()
    for name in COLUMNS[1:]:
        np.testing.assert_array_equal(getattr(summed, name), getattr(plain, name))


def test_voters_far_apart_in_number_are_counted_alike():
    near = VoterTallies.from_votes(2, [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 0])
    far = VoterTallies.from_votes(2, [-(2**62), 2**62, -(2**62)], [0, 0, 1], [1, 1, 0], [0, 1, 0])
    assert far.voter.tolist() == [-(2**62), 2**62]
    for name in COLUMNS[1:]:
        np.testing.assert_array_equal(getattr(near, name), getattr(far, name))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"voter": [0.5]}, "voter has type float64; expected integers"),
        ({"voter": [[1]]}, "voter has shape"),
        ({"first": [0, 1]}, r"first has shape \(2,\); expected \(1,\)"),
        ({"first": [3]}, r"first\[0\] is 3; expected 0 to 2"),
        ({"second": [0]}, "row 0 compares model 0 with itself"),
        ({"outcome": [4]}, r"outcome\[0\] is 4; expected 0 to 3"),
        ({"weight": [-1.0]}, r"weight\[0\] is -1.0; a count is finite and not negative"),
        ({"n_models": -1}, "n_models is -1"),
    ],
)
def test_votes_that_make_no_sense_are_refused(changed, message):
    votes = {"n_models": 3, "voter": [5], "first": [0], "second": [1], "outcome": [0]} | changed
    with pytest.raises(ValueError, match=message):
        VoterTallies.from_votes(**votes)
