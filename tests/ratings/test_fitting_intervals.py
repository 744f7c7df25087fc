"""Intervals, ranks and the Elo scale say what they promise, and nothing more."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ratings.fitting.elo import elo_half_width, to_elo
from ratings.fitting.intervals import normal_interval, rank_by_score, rank_interval_by_overlap

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
finite = st.floats(-5, 5)
# Multiples of 1/64 add and subtract without rounding.
exact = st.integers(-320, 320).map(lambda steps: steps / 64)
exact_boards = st.lists(
    st.tuples(exact, exact.map(abs), st.integers(0, 2)), min_size=1, max_size=12
)
boards = st.lists(st.tuples(finite, st.floats(0, 3), st.integers(0, 2)), min_size=1, max_size=12)


def board_of(rows):
    middle, half, component = (np.array(column) for column in zip(*rows, strict=True))
    return middle - half, middle + half, component


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_interval_holds_its_level_of_a_normal_distribution(level):
    low, high = normal_interval(np.array([1.0, -1.0]), np.diag([0.04, 0.25]), level)
    for score, error, ends in ((1.0, 0.2, (low[0], high[0])), (-1.0, 0.5, (low[1], high[1]))):
        inside = np.diff(stats.norm(score, error).cdf(ends))
        assert inside == pytest.approx(level, abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_that_is_no_probability_is_refused(level):
    with pytest.raises(ValueError, match=r"level is .*; use a probability"):
        normal_interval(np.zeros(1), np.eye(1), level)


@pytest.mark.parametrize(
    ("scores", "covariance", "message"),
    [
        (np.zeros(2), np.eye(3), "scores have shape"),
        (np.zeros(2), np.ones(2), "expected a square matrix"),
        (np.zeros(1), -np.eye(1), "negative or not finite"),
        (np.zeros(1), np.full((1, 1), np.nan), "negative or not finite"),
    ],
)
def test_a_covariance_that_does_not_fit_is_refused(scores, covariance, message):
    with pytest.raises(ValueError, match=message):
        normal_interval(scores, covariance)


def test_equal_scores_share_a_rank_and_the_next_one_is_skipped():
    scores = np.array([1.0, 2.0, 1.0, 0.0, 2.0 + 1e-12])
    assert rank_by_score(scores, np.zeros(5, dtype=np.int64)).tolist() == [3, 1, 3, 5, 1]


def test_ranks_are_counted_inside_each_component():
    ranks = rank_by_score(np.array([0.5, -0.5, 9.0, -9.0]), np.array([0, 0, 1, 1]))
    assert ranks.tolist() == [1, 2, 1, 2]


def test_rank_intervals_follow_from_which_intervals_overlap():
    low = np.array([2.0, 1.0, 0.5, -1.0])
    high = np.array([3.0, 2.0, 1.5, 0.0])
    rank, best, worst = rank_interval_by_overlap(low, high, np.zeros(4, dtype=np.int64))
    assert rank.tolist() == [1, 2, 3, 4]
    assert best.tolist() == [1, 1, 2, 4]  # touching intervals overlap
    assert worst.tolist() == [2, 3, 3, 4]


@unhurried
@given(boards)
def test_a_rank_lies_between_the_best_and_the_worst_one_left_open(rows):
    low, high, component = board_of(rows)
    ranks = rank_interval_by_overlap(low, high, component)
    size = np.array([(component == mine).sum() for mine in component])
    assert (ranks.best >= 1).all()
    assert (ranks.best <= ranks.rank).all()
    assert (ranks.rank <= ranks.worst).all()
    assert (ranks.worst <= size).all()


@unhurried
@given(exact_boards, exact.map(abs))
def test_wider_intervals_never_narrow_the_ranks(rows, more):
    low, high, component = board_of(rows)
    narrow = rank_interval_by_overlap(low, high, component)
    wide = rank_interval_by_overlap(low - more, high + more, component)
    assert (wide.best <= narrow.best).all()
    assert (wide.worst >= narrow.worst).all()


def test_an_interval_upside_down_is_refused():
    with pytest.raises(ValueError, match="low end above its high end"):
        rank_interval_by_overlap(np.ones(1), np.zeros(1), np.zeros(1, dtype=np.int64))


def test_a_score_that_is_no_number_gets_no_rank():
    with pytest.raises(ValueError, match="scores has a value that is not finite"):
        rank_by_score(np.array([0.0, np.nan]), np.zeros(2, dtype=np.int64))


def test_four_hundred_elo_points_are_odds_of_ten_to_one():
    elo = to_elo(np.array([math.log(10), 0.0]), anchor=1200)
    np.testing.assert_allclose(elo, [1600, 1200], rtol=1e-14)


def test_elo_half_widths_are_the_interval_on_the_elo_scale():
    scores, covariance = np.array([0.3, -0.3]), np.array([[0.02, -0.02], [-0.02, 0.02]])
    low, high = normal_interval(scores, covariance, 0.9)
    half = elo_half_width(covariance, 0.9)
    np.testing.assert_allclose(to_elo(scores) - half, to_elo(low), rtol=1e-14)
    np.testing.assert_allclose(to_elo(scores) + half, to_elo(high), rtol=1e-14)
