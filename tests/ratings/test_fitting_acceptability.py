"""Four outcomes with "both bad": their fit, the level that it identifies, and its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.acceptability import FourOutcomes, acceptability, fit_acceptability
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import NoFiniteEstimate, NotIdentified
from ratings.fitting.intervals import normal_interval
from ratings.fitting.tallies import Outcome, PairTallies
from tests.ratings.outcome_votes import (
    SAME,
    ByHand,
    assert_derivatives_are_those_of_the_formula,
    assert_fit_is_the_one_by_hand,
    estimates_of,
    four_counts,
    four_outcomes_log_p,
    simulated_counts,
    simulated_tallies,
    tallied,
    unhurried,
)

WIN, LOSS, TIE, BAD = Outcome
STRENGTHS = np.array([0.9, 0.4, 0.1, -0.5, -0.9])
PARAMETERS = [-0.5, -0.8, 1.2]  # tie, both_bad, quality
seeds = st.integers(0, 10**6)


def votes(seed: int, n_votes: int = 1500, strengths=STRENGTHS, parameters=PARAMETERS):
    return simulated_tallies(four_outcomes_log_p, seed, strengths, parameters, n_votes)


@unhurried
@given(
    st.floats(-4, 4),
    st.floats(-4, 4),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3)),
    st.lists(st.integers(0, 20), min_size=4, max_size=4),
)
def test_the_derivatives_are_those_of_the_formula(gap, total, parameters, counts):
    assert_derivatives_are_those_of_the_formula(
        FourOutcomes(), four_outcomes_log_p, gap, total, parameters, counts
    )


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(1, 3, 300), (2, 6, 800), (3, 12, 5000)])
def test_estimates_and_covariances_are_those_summed_vote_by_vote(seed, n_models, n_votes):
    strengths = np.random.default_rng(seed).normal(0, 0.6, n_models)
    tallies = votes(seed, n_votes, strengths)
    by_hand = ByHand(four_outcomes_log_p, tallies, four_counts(tallies), 3)
    fit = fit_acceptability(tallies, prior_ties=0)
    start = np.array([*(strengths - strengths.mean()), *PARAMETERS])
    assert_fit_is_the_one_by_hand(fit, by_hand, start)


@unhurried
@given(seeds, st.sampled_from([-1.5, -0.3, 0.0, 0.5, 3.0]))
def test_it_climbs_to_the_maximum_that_scipy_finds_from_the_truth(seed, quality):
    parameters = [-0.5, -0.8, quality]
    tallies = votes(seed, 600, parameters=parameters)
    fit = fit_acceptability(tallies, prior_ties=0)
    by_hand = ByHand(four_outcomes_log_p, tallies, four_counts(tallies), 3)
    best = by_hand.optimum(np.array([*STRENGTHS, *parameters]))
    at_best = (by_hand.row_log_p(best @ by_hand.basis) * by_hand.counts).sum()
    assert fit.log_likelihood >= at_best - 1e-8


@unhurried
@given(seeds, st.permutations(range(5)))
def test_renaming_the_models_only_renames_the_results(seed, names):
    tallies, place = votes(seed), np.array(names)
    renamed = PairTallies(5, place[tallies.first], place[tallies.second], *four_counts(tallies))
    fit, again = fit_acceptability(tallies), fit_acceptability(renamed)
    np.testing.assert_allclose(again.scores[place], fit.scores, **SAME)
    np.testing.assert_allclose(
        list(again.parameters.values()), list(fit.parameters.values()), **SAME
    )
    np.testing.assert_allclose(
        acceptability(again).standard_error[place], acceptability(fit).standard_error, **SAME
    )


@unhurried
@given(seeds)
def test_turning_winners_around_and_quality_with_them_is_a_symmetry(seed):
    """Strengths and quality change sign together; the level of each model stays."""
    tallies = votes(seed)
    turned = PairTallies(5, tallies.second, tallies.first, *four_counts(tallies))
    fit, reverse = fit_acceptability(tallies), fit_acceptability(turned)
    np.testing.assert_allclose(reverse.scores, -fit.scores, **SAME)
    assert reverse.parameters["quality"] == pytest.approx(-fit.parameters["quality"], abs=1e-6)
    levels, same = acceptability(fit), acceptability(reverse)
    np.testing.assert_allclose(same.probability, levels.probability, **SAME)
    np.testing.assert_allclose(same.standard_error, levels.standard_error, **SAME)


@unhurried
@given(seeds, st.integers(2, 9))
def test_many_times_the_votes_shrink_only_the_covariance(seed, times):
    tallies = votes(seed)
    many = PairTallies(5, tallies.first, tallies.second, *(times * four_counts(tallies)))
    once, more = (fit_acceptability(t, prior_ties=0) for t in (tallies, many))
    np.testing.assert_allclose(estimates_of(more), estimates_of(once), **SAME)
    np.testing.assert_allclose(more.joint_covariance * times, once.joint_covariance, **SAME)


def test_islands_that_never_met_are_fitted_as_if_alone():
    here = votes(1)
    first, second, counts = simulated_counts(four_outcomes_log_p, 2, STRENGTHS, PARAMETERS, 900)
    both = PairTallies(
        11,
        np.concatenate([here.first, first + 5]),
        np.concatenate([here.second, second + 5]),
        *np.concatenate([four_counts(here), counts], axis=1),
    )
    fit, alone = fit_acceptability(both), fit_acceptability(here)
    other = fit_acceptability(PairTallies(5, first, second, *counts))
    assert list(fit.parameters)[3:] == ["tie[1]", "both_bad[1]", "quality[1]"]
    kept = [*range(5), 11, 12, 13]
    np.testing.assert_allclose(estimates_of(fit)[kept], estimates_of(alone), atol=1e-7)
    joint = fit.joint_covariance
    np.testing.assert_allclose(joint[np.ix_(kept, kept)], alone.joint_covariance, atol=1e-7)
    assert not joint[np.ix_(kept, [*range(5, 11), 14, 15, 16])].any()
    levels = acceptability(fit)
    expected = [acceptability(one) for one in (alone, other)]
    for name in ("probability", "standard_error"):
        apart = np.concatenate([getattr(one, name) for one in expected])
        np.testing.assert_allclose(getattr(levels, name)[:10], apart, atol=1e-7)
    assert (levels.probability[10], levels.standard_error[10]) == (0.5, 0.5)


# --- the level --------------------------------------------------------------------------------


def level(strengths, parameters):
    """The share of votes between two equals that are not both bad, from the four outcomes."""
    strengths = np.asarray(strengths)
    return 1 - np.exp(four_outcomes_log_p(0 * strengths, 2 * strengths, parameters)[3])


def test_the_level_is_the_share_of_votes_between_equals_that_are_not_both_bad():
    fit = fit_acceptability(votes(3))
    expected = level(fit.scores, list(fit.parameters.values()))
    np.testing.assert_allclose(acceptability(fit).probability, expected, rtol=1e-12)


def test_the_error_of_the_level_is_that_of_the_delta_method():
    fit = fit_acceptability(votes(4))
    estimates, step = estimates_of(fit), 1e-6
    slope = np.array(
        [
            (level(up[:5], up[5:]) - level(down[:5], down[5:])) / (2 * step)
            for unit in step * np.eye(8)
            for up, down in [(estimates + unit, estimates - unit)]
        ]
    ).T
    variance = np.diagonal(slope @ fit.joint_covariance @ slope.T)
    np.testing.assert_allclose(acceptability(fit).standard_error ** 2, variance, rtol=1e-6)


def test_two_arenas_with_equal_gaps_differ_in_level_only():
    """What a half-win board cannot see: all models of the second arena are worse by one."""
    high, low = (
        fit_acceptability(votes(5, 200_000, parameters=[-0.5, both_bad, 1.2]))
        for both_bad in (-0.8, 0.4)
    )
    np.testing.assert_allclose(high.scores, low.scores, atol=0.05)
    assert (acceptability(high).probability - acceptability(low).probability > 0.1).all()


def test_intervals_cover_strengths_parameters_and_levels_as_often_as_they_say():
    covered, of_parameters, of_levels = [], [], []
    true_level = level(STRENGTHS, PARAMETERS)
    for seed in range(150):
        fit = fit_acceptability(votes(500 + seed, 1500))
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= STRENGTHS) & (high >= STRENGTHS))
        errors = np.array(list(fit.parameters.values())) - PARAMETERS
        of_parameters.append(np.abs(errors) <= 1.96 * np.array(list(fit.parameter_errors.values())))
        found = acceptability(fit)
        of_levels.append(np.abs(found.probability - true_level) <= 1.96 * found.standard_error)
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.92 < np.mean(of_parameters) < 0.98
    assert 0.92 < np.mean(of_levels) < 0.98


def test_both_bad_votes_sharpen_the_strengths():
    """Two bad models lose to each other half the time but are called bad far more often."""
    tallies = votes(6, 4000)
    fit = fit_acceptability(tallies)
    folded = fit_bradley_terry(tallies, both_bad="tie")
    z = np.ptp(fit.scores) / np.sqrt(np.diagonal(fit.covariance).mean())
    z_folded = np.ptp(folded.scores) / np.sqrt(np.diagonal(folded.covariance).mean())
    assert z > z_folded


# --- what votes cannot tell -------------------------------------------------------------------

PAIR = [(0, 1, outcome) for outcome in Outcome]


@pytest.mark.parametrize("prior_ties", [0, 0.1])
@pytest.mark.parametrize(
    ("rows", "parameter", "reason"),
    [
        ([], "both_bad", "there are no votes; collect votes first"),
        ([(0, 1, WIN), (0, 1, LOSS), (0, 1, TIE)], "both_bad", "both bad; use fit_davidson"),
        ([(0, 1, BAD), (0, 1, TIE)], "quality", "none of their votes has a winner; collect"),
        ([(0, 1, BAD), (0, 1, WIN), (1, 0, WIN)], "tie", "is a tie; offer ties to voters"),
        (PAIR, "quality", "all their pairs have the same mean strength; collect votes on more"),
    ],
)
def test_votes_that_do_not_identify_a_parameter_are_refused(rows, parameter, reason, prior_ties):
    with pytest.raises(NotIdentified, match=reason) as refusal:
        fit_acceptability(tallied(rows, 2), prior_ties=prior_ties)
    assert refusal.value.parameter == parameter


def test_both_bad_votes_that_strength_alone_tells_are_refused_without_a_prior():
    rows = [
        (0, other, outcome)
        for other, wins in ((1, 6), (2, 9))
        for outcome in [WIN] * wins + [LOSS, TIE, TIE]
    ]
    perfect = rows + [(1, 2, BAD)] * 4
    with pytest.raises(NotIdentified, match="a bound of strength parts the votes"):
        fit_acceptability(tallied(perfect, 3), prior_ties=0)
    held = fit_acceptability(tallied(perfect, 3))
    assert np.isfinite(estimates_of(held)).all()


def test_a_model_that_never_lost_is_refused_without_the_prior_and_flagged_with_it():
    tallies = votes(7)
    once = PairTallies(
        6,
        np.append(tallies.first, 5),
        np.append(tallies.second, 0),
        *np.column_stack([four_counts(tallies), [2, 0, 0, 1]]),
    )
    with pytest.raises(NoFiniteEstimate, match="models 0, 1, 2, 3, 4, 5"):
        fit_acceptability(once, prior_ties=0)
    fit = fit_acceptability(once)
    assert fit.insufficient.tolist() == [False] * 5 + [True]
    assert np.isfinite(acceptability(fit).standard_error).all()


def test_the_level_of_another_fit_is_refused():
    with pytest.raises(ValueError, match="use one of fit_acceptability"):
        acceptability(fit_bradley_terry(votes(8)))


def test_an_option_that_cannot_be_honoured_is_refused():
    with pytest.raises(ValueError, match="prior_ties is inf"):
        fit_acceptability(votes(9), prior_ties=float("inf"))
    with pytest.raises(ValueError, match="max_iterations is 0"):
        fit_acceptability(votes(9), max_iterations=0)


def test_no_quality_means_that_strength_says_nothing_of_both_bad():
    fit = fit_acceptability(votes(10, 100_000, parameters=[-0.5, -0.8, 0.0]))
    assert abs(fit.parameters["quality"]) < 4 * fit.parameter_errors["quality"] < 0.2
    same = expit(np.logaddexp(np.log(2), -0.5) + 0.8)
    np.testing.assert_allclose(acceptability(fit).probability, same, atol=0.03)
