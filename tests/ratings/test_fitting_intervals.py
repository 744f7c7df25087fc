"""Intervals, ranks and the Elo scale say what they promise, and nothing more."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ratings.fitting.elo import elo_half_width, to_elo
from ratings.fitting.intervals import (
    normal_interval,
    rank_by_score,
    rank_interval_by_overlap,
    rank_interval_simultaneous,
    t_half_width,
    t_interval,
)

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


@pytest.mark.parametrize("degrees", [1.0, 3.5, 30.0])
def test_the_t_interval_holds_its_level_of_a_t_distribution(degrees):
    low, high = t_interval(np.array([1.0]), np.array([[0.04]]), degrees, 0.9)
    inside = np.diff(stats.t(degrees, 1.0, 0.2).cdf([low[0], high[0]]))
    assert inside == pytest.approx(0.9, abs=1e-9)


def test_with_endless_degrees_of_freedom_t_is_the_normal():
    scores, covariance = np.array([0.5, -0.5]), np.diag([0.04, 0.25])
    ends = t_interval(scores, covariance, np.array([np.inf, np.inf]))
    np.testing.assert_allclose(ends, normal_interval(scores, covariance), rtol=1e-9)


def test_each_score_may_have_its_own_degrees_of_freedom():
    half = t_half_width(np.eye(2), np.array([1.0, 9.0]))
    np.testing.assert_allclose(half, stats.t.ppf(0.975, [1, 9]), rtol=1e-9)


@pytest.mark.parametrize("degrees", [0.0, -1.0, math.nan, np.ones(3)])
def test_degrees_of_freedom_that_make_no_sense_are_refused(degrees):
    with pytest.raises(ValueError, match="degrees_of_freedom has"):
        t_interval(np.zeros(2), np.eye(2), degrees)
    with pytest.raises(ValueError, match="scores have shape"):
        t_interval(np.zeros(3), np.eye(2), 5.0)


# --- ranks that hold all at once --------------------------------------------------------------


@pytest.mark.parametrize(("n_models", "level"), [(2, 0.95), (5, 0.9), (20, 0.95), (60, 0.99)])
def test_for_equal_independent_errors_the_critical_value_is_tukeys(n_models, level):
    ranks = rank_interval_simultaneous(
        np.zeros(n_models), np.eye(n_models), np.zeros(n_models, dtype=np.int64), level, 20_000
    )
    tukey = stats.studentized_range.ppf(level, n_models, np.inf) / math.sqrt(2)
    assert ranks.critical == pytest.approx(tukey, rel=0.02)


def random_board(seed: int, n_models: int):
    rng = np.random.default_rng(seed)
    factor = rng.normal(0, 0.1, (n_models, n_models + 2))
    return rng.normal(0, 0.6, n_models), factor @ factor.T


@pytest.mark.parametrize("seed", range(5))
def test_simultaneous_ranks_contain_those_of_pairs_tested_one_by_one(seed):
    scores, covariance = random_board(seed, 12)
    ranks = rank_interval_simultaneous(scores, covariance, np.zeros(12, dtype=np.int64))
    variance = np.diagonal(covariance)
    errors = np.sqrt(variance[:, None] + variance - 2 * covariance + np.eye(12))
    above = scores - scores[:, None] > 1.96 * errors
    assert ranks.critical > 1.96
    assert (ranks.best <= 1 + above.sum(axis=1)).all()
    assert (ranks.worst >= 12 - above.sum(axis=0)).all()
    assert (ranks.best <= ranks.rank).all()
    assert (ranks.rank <= ranks.worst).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_higher_level_never_narrows_simultaneous_ranks(seed):
    scores, covariance = random_board(seed, 8)
    component = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    low, high = (
        rank_interval_simultaneous(scores, covariance, component, level) for level in (0.5, 0.99)
    )
    assert high.critical > low.critical
    assert (high.best <= low.best).all()
    assert (high.worst >= low.worst).all()


def test_simultaneous_ranks_hold_for_all_models_at_once():
    """Errors drawn from the covariance: at 80 % all ranks hold in at least 80 % of 300 boards."""
    rng = np.random.default_rng(11)
    truth, covariance = random_board(12, 10)
    component = np.zeros(10, dtype=np.int64)
    rank = rank_by_score(truth, component)
    root = np.linalg.cholesky(covariance)
    held = []
    for _ in range(300):
        ranks = rank_interval_simultaneous(
            truth + root @ rng.normal(size=10), covariance, component, 0.8, 500
        )
        held.append(((ranks.best <= rank) & (rank <= ranks.worst)).all())
    assert np.mean(held) > 0.75


def test_models_far_apart_have_their_rank_alone():
    scores = np.array([3.0, -3.0, 0.0])
    ranks = rank_interval_simultaneous(scores, 0.01 * np.eye(3), np.zeros(3, dtype=np.int64))
    assert ranks.best.tolist() == ranks.worst.tolist() == ranks.rank.tolist() == [1, 3, 2]


def test_simultaneous_ranks_stay_inside_each_component():
    scores = np.array([9.0, 8.0, -8.0, -9.0])
    ranks = rank_interval_simultaneous(scores, 0.01 * np.eye(4), np.array([0, 1, 0, 1]))
    assert ranks.best.tolist() == ranks.worst.tolist() == [1, 1, 2, 2]


def test_scores_without_a_known_error_are_never_told_apart():
    covariance = np.array([[0.01, 0.01, 0], [0.01, 0.01, 0], [0, 0, 0.01]])
    ranks = rank_interval_simultaneous(
        np.array([1.0, 0.5, -5.0]), covariance, np.zeros(3, dtype=np.int64)
    )
    assert ranks.best.tolist() == [1, 1, 3]
    assert ranks.worst.tolist() == [2, 2, 3]
    nothing = rank_interval_simultaneous(np.arange(3.0), np.zeros((3, 3)), np.zeros(3, dtype=int))
    assert nothing.best.tolist() == [1, 1, 1]


def test_the_seed_alone_decides_the_draws():
    scores, covariance = random_board(1, 6)
    component = np.zeros(6, dtype=np.int64)
    one, same, other = (
        rank_interval_simultaneous(scores, covariance, component, seed=seed).critical
        for seed in (1, 1, 2)
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"level": 1.0}, "level is"),
        ({"n_draws": 0}, "n_draws is 0"),
        ({"covariance": np.eye(3)}, "scores have shape"),
        ({"covariance": -np.eye(2)}, "negative or not finite"),
        ({"scores": np.array([np.nan, 0])}, "scores has a value that is not finite"),
    ],
)
def test_simultaneous_ranks_refuse_what_makes_no_sense(changed, message):
    given_ = {"scores": np.zeros(2), "covariance": np.eye(2), "component": np.zeros(2, dtype=int)}
    with pytest.raises(ValueError, match=message):
        rank_interval_simultaneous(**(given_ | changed))


def test_four_hundred_elo_points_are_odds_of_ten_to_one():
    elo = to_elo(np.array([math.log(10), 0.0]), anchor=1200)
    np.testing.assert_allclose(elo, [1600, 1200], rtol=1e-14)


def test_elo_half_widths_are_the_interval_on_the_elo_scale():
    scores, covariance = np.array([0.3, -0.3]), np.array([[0.02, -0.02], [-0.02, 0.02]])
    low, high = normal_interval(scores, covariance, 0.9)
    half = elo_half_width(covariance, 0.9)
    np.testing.assert_allclose(to_elo(scores) - half, to_elo(low), rtol=1e-14)
    np.testing.assert_allclose(to_elo(scores) + half, to_elo(high), rtol=1e-14)
