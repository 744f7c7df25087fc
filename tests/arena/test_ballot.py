"""A ballot is read from what a page sends, and is never anything but a ranking of all seats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.votes.ballot import BadBallot, Ballot, dense_ranks, read_ballot

RANKS = st.lists(st.integers(0, 9), min_size=2, max_size=6).map(dense_ranks)


@given(RANKS)
def test_what_is_sent_is_read_back_as_the_same_ranking(ranks: tuple[int, ...]) -> None:
    ballot = Ballot(ranks)
    assert read_ballot(ballot.order, len(ranks)) == ballot


@given(st.text("abcdef>=tie_oh ", max_size=14), st.integers(2, 6))
def test_whatever_is_sent_is_a_dense_ranking_of_all_seats_or_refused(
    choice: str, n_seats: int
) -> None:
    try:
        ballot = read_ballot(choice, n_seats)
    except BadBallot:
        return
    assert len(ballot.ranks) == n_seats
    assert set(ballot.ranks) == set(range(1, max(ballot.ranks) + 1))


@pytest.mark.parametrize(
    ("choice", "n_seats", "ranks", "label"),
    [
        ("a", 2, (1, 2), "A is better"),
        ("b>a", 2, (2, 1), "B is better"),
        ("a=b", 2, (1, 1), "A tie"),
        ("c>a=b", 3, (2, 2, 1), "C, then A and B"),
        ("d>b>a=c", 4, (3, 2, 3, 1), "D, then B, then A and C"),
        ("tie", 4, (1, 1, 1, 1), "All are alike"),
    ],
)
def test_an_order_says_who_is_before_whom(
    choice: str, n_seats: int, ranks: tuple[int, ...], label: str
) -> None:
    ballot = read_ballot(choice, n_seats)
    assert (ballot.ranks, ballot.label) == (ranks, label)


@pytest.mark.parametrize(("n_seats", "label"), [(2, "Both are bad"), (3, "All are bad")])
def test_only_outputs_that_are_all_alike_can_be_bad(n_seats: int, label: str) -> None:
    ballot = read_ballot("both_bad", n_seats)
    assert (ballot.is_tie, ballot.is_acceptable, ballot.label) == (True, False, label)


@pytest.mark.parametrize("choice", ["", "c", "a>b>c", "a>a", "a>", "a", "b", "A>B>C>D", "a>b>c>c"])
def test_an_order_that_leaves_out_or_repeats_a_letter_is_refused(choice: str) -> None:
    with pytest.raises(BadBallot, match="an order of all letters, best first, such as 'a>b>c>d'"):
        read_ballot(choice, 4)
