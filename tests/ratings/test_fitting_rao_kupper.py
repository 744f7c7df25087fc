"""Rao and Kupper's model of ties: its maximum, its covariance, its symmetries and its refusals."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.comparison_graph import connected_components
from ratings.fitting.errors import NoFiniteEstimate, NotIdentified
from ratings.fitting.intervals import normal_interval
from ratings.fitting.rao_kupper import RaoKupper, fit_rao_kupper
from ratings.fitting.tallies import Outcome, PairTallies
from tests.ratings.outcome_votes import (
    N_MODELS,
    RING,
    SAME,
    SWAP,
    ByHand,
    assert_derivatives_are_those_of_the_formula,
    assert_fit_is_the_one_by_hand,
    assert_renaming_only_renames,
    estimates_of,
    is_separable,
    rao_kupper_log_p,
    simulated_tallies,
    statistics_with_ties,
    tallied,
    three_counts,
    unhurried,
    vote,
    vote_lists,
)

WIN, LOSS, TIE, BAD = Outcome


@unhurried
@given(
    st.floats(-4, 4),
    st.floats(0.1, 3),
    st.lists(st.integers(0, 20), min_size=3, max_size=3),
)
def test_the_derivatives_are_those_of_the_formula(gap, threshold, counts):
    assert_derivatives_are_those_of_the_formula(
        RaoKupper(), rao_kupper_log_p, gap, 0.0, [threshold], counts
    )


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(1, 3, 60), (2, 6, 400), (3, 12, 3000)])
def test_estimates_and_covariances_are_those_summed_vote_by_vote(seed, n_models, n_votes):
    strengths = np.random.default_rng(seed).normal(0, 0.6, n_models)
    tallies = simulated_tallies(rao_kupper_log_p, seed, strengths, [0.4], n_votes)
    by_hand = ByHand(rao_kupper_log_p, tallies, three_counts(tallies), 1)
    fit = fit_rao_kupper(tallies, prior_ties=0)
    start = np.zeros(n_models + 1)
    start[-1] = 0.4
    assert_fit_is_the_one_by_hand(fit, by_hand, start)


@unhurried
@given(st.lists(vote, min_size=1, max_size=14))
def test_without_a_prior_it_refuses_what_a_linear_program_calls_infinite(rows):
    """Far out its log-likelihood falls as Davidson's does, so the same directions are infinite."""
    tallies = tallied(rows)
    component = connected_components(N_MODELS, tallies.first, tallies.second)
    if is_separable(tallies, partial(statistics_with_ties, component)):
        with pytest.raises((NotIdentified, NoFiniteEstimate)):
            fit_rao_kupper(tallies, prior_ties=0)
        held = fit_rao_kupper(tallies)
        assert np.isfinite(estimates_of(held)).all()
        assert np.isfinite(held.joint_covariance).all()
        assert min(held.parameters.values()) > 0
    else:
        fit = fit_rao_kupper(tallies, prior_ties=0)
        assert not fit.insufficient[fit.n_votes > 0].any()


@unhurried
@given(vote_lists, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    assert_renaming_only_renames(fit_rao_kupper, rows, names)


@unhurried
@given(vote_lists)
def test_turning_every_vote_around_turns_the_board_upside_down(rows):
    fit = fit_rao_kupper(tallied(rows))
    reverse = fit_rao_kupper(tallied([(i, j, int(SWAP[o])) for i, j, o in rows]))
    np.testing.assert_allclose(reverse.scores, -fit.scores, **SAME)
    np.testing.assert_allclose(
        list(reverse.parameters.values()), list(fit.parameters.values()), **SAME
    )
    np.testing.assert_allclose(reverse.covariance, fit.covariance, **SAME)


@unhurried
@given(vote_lists, vote, st.integers(1, 5))
def test_more_wins_never_make_the_next_win_less_likely(rows, pair, extra):
    winner, loser, _ = pair
    log_odds = []
    for more in (0, extra):
        fit = fit_rao_kupper(tallied(RING + rows + [(winner, loser, WIN)] * more), prior_ties=0)
        log_odds.append(fit.scores[winner] - fit.scores[loser] - fit.parameters["tie"])
    assert log_odds[1] >= log_odds[0] - 1e-9


@unhurried
@given(vote_lists, st.integers(2, 9))
def test_many_times_the_votes_shrink_only_the_covariance(rows, times):
    once = fit_rao_kupper(tallied(RING + rows), prior_ties=0)
    more = fit_rao_kupper(tallied((RING + rows) * times), prior_ties=0)
    np.testing.assert_allclose(estimates_of(more), estimates_of(once), **SAME)
    np.testing.assert_allclose(more.joint_covariance * times, once.joint_covariance, **SAME)


def test_islands_that_never_met_are_fitted_as_if_alone():
    here = [(0, 1, WIN), (1, 0, WIN), (0, 1, WIN), (0, 1, TIE), (1, 0, TIE)]
    there = [(2, 3, LOSS), (2, 3, WIN), (2, 3, TIE), (2, 3, LOSS)]
    fit = fit_rao_kupper(tallied(there + here))
    assert list(fit.parameters) == ["tie", "tie[1]"]
    alone = fit_rao_kupper(tallied(here, n_models=2))
    kept = [0, 1, 5]
    np.testing.assert_allclose(estimates_of(fit)[kept], estimates_of(alone), atol=1e-8)
    covariance = fit.joint_covariance
    np.testing.assert_allclose(covariance[np.ix_(kept, kept)], alone.joint_covariance, atol=1e-8)
    assert not covariance[np.ix_(kept, [2, 3, 4, 6])].any()


@unhurried
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_two_models_reach_their_exact_shares(wins, losses, ties):
    one, none = np.ones(1), np.zeros(1)
    counts = wins * one, losses * one, ties * one, none
    fit = fit_rao_kupper(PairTallies(2, np.array([0]), np.array([1]), *counts), prior_ties=0)
    votes = wins + losses + ties
    high, low = logit(wins / votes), logit(losses / votes)
    np.testing.assert_allclose(fit.scores[0] - fit.scores[1], (high - low) / 2, atol=1e-6)
    np.testing.assert_allclose(fit.parameters["tie"], -(high + low) / 2, rtol=1e-6)


def test_few_ties_lead_to_bradley_terry():
    """At threshold zero the model is Bradley-Terry of the decided votes."""
    decided = simulated_tallies(rao_kupper_log_p, 5, np.linspace(-1, 1, 6), [1e-12], 2000)
    one, none = np.full(1, 1e-3), np.zeros(1)
    a_tie = PairTallies(6, np.array([0]), np.array([5]), none, none, one, none)
    fit = fit_rao_kupper(decided + a_tie, prior_ties=0)
    assert 0 < fit.parameters["tie"] < 1e-5
    plain = fit_bradley_terry(decided, prior_ties=0)
    np.testing.assert_allclose(fit.scores, plain.scores, atol=1e-5)


def test_intervals_cover_strengths_and_threshold_as_often_as_they_say():
    strengths, threshold = np.linspace(-1, 1, 8), 0.4
    covered, tie_covered = [], []
    for seed in range(150):
        votes = simulated_tallies(rao_kupper_log_p, 300 + seed, strengths, [threshold], 1200)
        fit = fit_rao_kupper(votes)
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
        error = abs(fit.parameters["tie"] - threshold)
        tie_covered.append(error <= 1.96 * fit.parameter_errors["tie"])
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.88 < np.mean(tie_covered) <= 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "there are no votes"),
        ([(0, 1, WIN), (1, 0, WIN)], "none of their votes is a tie; use fit_bradley_terry"),
        ([(0, 1, TIE), (1, 0, TIE)], "all of their votes are ties; use prior_ties > 0"),
    ],
)
def test_votes_without_an_inner_maximum_are_refused_without_a_prior(rows, reason):
    with pytest.raises(NotIdentified, match=reason):
        fit_rao_kupper(tallied(rows, 2), prior_ties=0)


def test_an_option_that_cannot_be_honoured_is_refused():
    with pytest.raises(ValueError, match="prior_ties is -1"):
        fit_rao_kupper(tallied(RING), prior_ties=-1)
    with pytest.raises(ValueError, match="both_bad is 'x'"):
        fit_rao_kupper(tallied(RING), both_bad="x")
