"""One slope puts scores of any scale on the log-odds of pairwise votes, with honest noise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.calibration import CannotCalibrate, calibrate_to_pairs
from ratings.fitting.intervals import normal_interval
from ratings.fitting.plackett_luce import fit_plackett_luce
from ratings.fitting.rankings import Rankings
from ratings.fitting.ranklist import fit_ranklist
from ratings.fitting.tallies import Outcome, PairTallies

STRENGTHS = np.linspace(-1, 1, 8)


def lists(seed: int, n_lists: int, length: int = 4) -> Rankings:
    rng = np.random.default_rng(seed)
    items = np.argsort(rng.random((n_lists, STRENGTHS.size)), axis=1)[:, :length]
    order = np.argsort(-(STRENGTHS[items] + rng.gumbel(size=items.shape)), axis=1)
    items = np.take_along_axis(items, order, axis=1)
    ranks = np.tile(np.arange(1, length + 1), n_lists)
    return Rankings(STRENGTHS.size, items.ravel(), ranks, np.arange(n_lists + 1) * length)


def pairs(seed: int, n_votes: int, ties: float = 0.0) -> PairTallies:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, STRENGTHS.size, n_votes)
    second = (first + rng.integers(1, STRENGTHS.size, n_votes)) % STRENGTHS.size
    p_first = expit(STRENGTHS[first] - STRENGTHS[second])
    draw = rng.random(n_votes)
    outcome = np.where(draw < p_first, Outcome.FIRST, Outcome.SECOND)
    p_tie = ties * np.minimum(p_first, 1 - p_first)
    outcome = np.where(np.abs(draw - p_first) < p_tie / 2, Outcome.TIE, outcome)
    return PairTallies.from_votes(STRENGTHS.size, first, second, outcome)


def test_scores_of_the_votes_themselves_have_slope_one():
    votes = pairs(1, 800, ties=0.5)
    fit = fit_bradley_terry(votes, prior_ties=0)
    same = calibrate_to_pairs(fit, votes)
    assert same.parameters == {"slope": pytest.approx(1, abs=1e-7)}
    np.testing.assert_allclose(same.scores, fit.scores, atol=1e-7)
    assert same.log_likelihood == pytest.approx(fit.log_likelihood)


def test_ties_of_a_model_with_ties_stay_and_the_slope_comes_last():
    rankings = Rankings.from_orderings(
        8, [[0, 1, (2, 3)], [3, 2, 1, 0], *[[m, m + 1] for m in range(7)], [7, 0], [(4, 5)]]
    )
    fit = fit_plackett_luce(rankings)
    calibrated = calibrate_to_pairs(fit, PairTallies.from_votes(8, [3, 3, 3], [0, 0, 0], [0, 0, 1]))
    assert list(calibrated.parameters) == ["tie2", "slope"]
    assert calibrated.parameters["tie2"] == fit.parameters["tie2"]
    assert calibrated.parameter_errors["tie2"] == pytest.approx(fit.parameter_errors["tie2"])
    assert calibrated.joint_covariance.shape == (10, 10)
    assert calibrated.n_clusters == fit.n_clusters


@pytest.mark.parametrize("group", ["list", "skip", "anchor"])
def test_calibrated_intervals_cover_the_truth_though_the_loss_shrinks(group):
    """The noise of the lists and of the held votes are both in the covariance."""
    covered, slopes = [], []
    for seed in range(100):
        fit = fit_ranklist(lists(5000 + seed, 250), group=group)
        calibrated = calibrate_to_pairs(fit, pairs(9000 + seed, 600))
        low, high = normal_interval(calibrated.scores, calibrated.covariance, level=0.95)
        covered.append((low <= STRENGTHS) & (high >= STRENGTHS))
        slopes.append(calibrated.parameters["slope"])
    assert 0.91 < np.mean(covered) < 0.98
    assert np.median(slopes) > (1.2 if group == "list" else 1.1 if group == "skip" else 0.9)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.2, 5), st.integers(0, 50))
def test_the_scale_of_the_scores_given_does_not_matter(scale, seed):
    fit = fit_ranklist(lists(seed, 200), group="pair")
    held = pairs(seed, 300)
    stretched = calibrate_to_pairs(fit, held)
    scaled = replace(
        fit,
        scores=scale * fit.scores,
        joint_covariance=scale**2 * fit.joint_covariance,
        joint_fisher_covariance=scale**2 * fit.joint_fisher_covariance,
    )
    again = calibrate_to_pairs(scaled, held)
    np.testing.assert_allclose(again.scores, stretched.scores, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(again.covariance, stretched.covariance, rtol=1e-6, atol=1e-10)
    assert again.parameters["slope"] * scale == pytest.approx(stretched.parameters["slope"])


def test_the_slope_moves_with_the_scores_as_the_delta_method_says():
    fit, held = fit_ranklist(lists(3, 200), group="list"), pairs(4, 400, ties=0.4)
    base = calibrate_to_pairs(fit, held)
    step = 1e-5
    change = np.empty((9, 8))  # calibrated scores and the slope, by each score
    for model in range(8):
        ends = []
        for side in (-1, 1):
            moved = fit.scores + side * step * (np.arange(8) == model)
            end = calibrate_to_pairs(replace(fit, scores=moved), held)
            ends.append(np.array([*end.scores, end.parameters["slope"]]))
        change[:, model] = (ends[1] - ends[0]) / (2 * step)
    of_lists = change @ fit.covariance @ change.T
    exact = replace(
        fit,
        joint_covariance=0 * fit.covariance,
        joint_fisher_covariance=0 * fit.covariance,
    )
    of_votes = calibrate_to_pairs(exact, held).joint_covariance
    np.testing.assert_allclose(base.joint_covariance, of_lists + of_votes, rtol=1e-5, atol=1e-9)
    assert of_votes[8, 8] > 0


def test_the_noise_of_the_slope_is_that_of_one_vote_after_the_other():
    fit, held = fit_ranklist(lists(5, 200)), pairs(6, 500, ties=0.6)
    calibrated = calibrate_to_pairs(fit, held)
    slope, gap = calibrated.parameters["slope"], fit.scores[held.first] - fit.scores[held.second]
    p = expit(slope * gap)
    information = (held.votes * gap**2 * p * (1 - p)).sum()
    squares = held.wins_first * (1 - p) ** 2 + held.wins_second * p**2 + held.ties * (0.5 - p) ** 2
    noise = (gap**2 * squares).sum() / information**2
    still = fit_with_no_noise(fit)
    assert calibrate_to_pairs(still, held).parameter_errors["slope"] == pytest.approx(noise**0.5)


def fit_with_no_noise(fit):
    none = np.zeros_like(fit.joint_covariance)
    return replace(fit, joint_covariance=none, joint_fisher_covariance=none)


def test_both_bad_votes_count_as_asked():
    fit = fit_ranklist(lists(5, 200))
    first, second = np.zeros(30, int), np.full(30, 7)
    outcome = np.repeat([Outcome.FIRST, Outcome.SECOND, Outcome.BOTH_BAD], [5, 10, 15])
    votes = PairTallies.from_votes(8, second, first, np.where(outcome < 2, 1 - outcome, outcome))
    tie, ignore = (calibrate_to_pairs(fit, votes, both_bad=how) for how in ("tie", "ignore"))
    assert tie.parameters["slope"] < ignore.parameters["slope"]


def one_sided(first_wins: int, second_wins: int, n_models: int = 8) -> PairTallies:
    code = [Outcome.FIRST] * first_wins + [Outcome.SECOND] * second_wins
    n_votes = len(code)
    return PairTallies.from_votes(n_models, [7] * n_votes, [0] * n_votes, code)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (one_sided(0, 0), "no held vote compares models of different scores"),
        (one_sided(9, 0), "every held vote agrees with the scores"),
        (one_sided(2, 9), "do not agree with the order of the scores"),
    ],
)
def test_votes_that_give_no_slope_are_refused(votes, message):
    with pytest.raises(CannotCalibrate, match=message):
        calibrate_to_pairs(fit_ranklist(lists(5, 200)), votes)


def test_votes_that_belong_to_another_fit_are_refused():
    fit = fit_ranklist(lists(5, 200))
    with pytest.raises(ValueError, match="the votes are over 9 models, the fit 8"):
        calibrate_to_pairs(fit, one_sided(3, 1, n_models=9))
    with pytest.raises(ValueError, match="calibrated already"):
        calibrate_to_pairs(calibrate_to_pairs(fit, one_sided(3, 1)), one_sided(3, 1))
    apart = fit_ranklist(Rankings.from_orderings(8, [[0, 1], [1, 0], [7, 6], [6, 7]]))
    with pytest.raises(ValueError, match="models 0 and 7 are in different components"):
        calibrate_to_pairs(apart, one_sided(3, 1))
    with pytest.raises(ValueError, match="both_bad is 'loss'"):
        calibrate_to_pairs(fit, one_sided(3, 1), both_bad="loss")
