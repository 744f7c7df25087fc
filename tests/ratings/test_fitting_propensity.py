"""Weighted boards: unbiased for an even draw, with the covariance of weighted votes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.propensity import (
    BadPropensity,
    fit_inverse_propensity,
    fit_weighted,
    inverse_propensity_weights,
    pair_frequency_weights,
)
from ratings.fitting.tallies import PairTallies

unhurried = settings(deadline=None, max_examples=30)
N_MODELS = 5
PAIRS = np.array([(i, j) for i in range(N_MODELS) for j in range(i + 1, N_MODELS)])


def drawn_pairs(rng, probability: np.ndarray, n_votes: int):
    """Pairs drawn with `probability` (n_pairs,), seats at random; and each vote's propensity."""
    pair = rng.choice(len(PAIRS), n_votes, p=probability)
    swap = rng.random(n_votes) < 0.5
    first, second = np.where(swap, PAIRS[pair].T[::-1], PAIRS[pair].T)
    return first, second, probability[pair]


def simulated(seed: int, n_votes: int = 3000, log_odds=None):
    """Votes with unevenly drawn pairs; `log_odds` (n_models, n_models) or Bradley-Terry's own."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.ones(len(PAIRS))) * 0.8 + 0.2 / len(PAIRS)
    first, second, propensity = drawn_pairs(rng, probability, n_votes)
    if log_odds is None:
        strengths = np.linspace(-0.6, 0.6, N_MODELS)
        log_odds = strengths[:, None] - strengths
    won = rng.random(n_votes) < expit(log_odds[first, second])
    outcome = np.where(rng.random(n_votes) < 0.2, rng.integers(2, 4, n_votes), np.where(won, 0, 1))
    return first, second, outcome, propensity


def white_covariance(first, second, outcome, weights, fit) -> np.ndarray:
    """The sandwich from one gradient per vote, without any counting."""
    gradient = np.zeros((first.size, N_MODELS))
    points = np.choose(outcome, [1.0, 0.0, 0.5, 0.5])
    surplus = points - expit(fit.scores[first] - fit.scores[second])
    votes = np.arange(first.size)
    gradient[votes, first], gradient[votes, second] = surplus, -surplus
    weighted = gradient * weights[:, None]
    return fit.fisher_covariance @ (weighted.T @ weighted) @ fit.fisher_covariance


@unhurried
@given(st.integers(0, 10_000))
def test_the_covariance_is_that_of_one_gradient_per_vote(seed):
    first, second, outcome, propensity = simulated(seed, 200)
    found = fit_inverse_propensity(N_MODELS, first, second, outcome, propensity)
    weights = inverse_propensity_weights(propensity)
    expected = white_covariance(first, second, outcome, weights, found.fit)
    np.testing.assert_allclose(found.fit.covariance, expected, atol=1e-9)


def test_equal_propensities_change_nothing_and_cost_nothing():
    first, second, outcome, _ = simulated(1)
    found = fit_inverse_propensity(N_MODELS, first, second, outcome, np.full(first.size, 0.1))
    plain = fit_bradley_terry(PairTallies.from_votes(N_MODELS, first, second, outcome))
    np.testing.assert_allclose(found.fit.scores, plain.scores, atol=1e-9)
    np.testing.assert_allclose(found.fit.covariance, plain.covariance, atol=1e-12)
    np.testing.assert_allclose(found.plain.scores, plain.scores)
    assert found.fit.log_likelihood == pytest.approx(plain.log_likelihood)
    assert found.variance_price == pytest.approx(1)
    assert found.effective_votes == pytest.approx(first.size)


def test_where_bradley_terry_holds_the_price_is_real_and_covers():
    """Over 150 boards: the spread of weighted scores is their standard error, wider than plain."""
    truth = np.linspace(-0.6, 0.6, N_MODELS) * 1.0
    rng = np.random.default_rng(7)
    probability = rng.dirichlet(np.full(len(PAIRS), 0.7)) * 0.8 + 0.2 / len(PAIRS)
    inside, prices = [], []
    for seed in range(150):
        draws = np.random.default_rng(1000 + seed)
        first, second, propensity = drawn_pairs(draws, probability, 2000)
        won = draws.random(2000) < expit(truth[first] - truth[second])
        found = fit_inverse_propensity(N_MODELS, first, second, np.where(won, 0, 1), propensity)
        error = np.abs(found.fit.scores - truth)
        inside.append(error <= 1.96 * found.fit.standard_errors)
        prices.append(found.variance_price)
        assert found.effective_votes < 2000
    assert 0.92 <= np.mean(inside) <= 0.98
    assert np.mean(prices) > 1.1


def test_where_it_does_not_hold_the_weighted_board_does_not_depend_on_the_draw():
    cycle = np.zeros((N_MODELS, N_MODELS))
    for i in range(N_MODELS):
        cycle[i, (i + 1) % N_MODELS], cycle[(i + 1) % N_MODELS, i] = 1.5, -1.5
    even = np.zeros(N_MODELS)  # each beats one and loses to one alike
    first, second, outcome, propensity = simulated(3, 60_000, cycle)
    found = fit_inverse_propensity(N_MODELS, first, second, outcome, propensity)
    assert np.max(np.abs(found.plain.scores - even)) > 0.15
    np.testing.assert_allclose(found.fit.scores, even, atol=0.06)


def test_frequency_weights_give_every_frequent_pair_the_same_say():
    first = np.repeat([0, 1, 0, 2], [400, 200, 60, 30])
    second = np.repeat([1, 0, 2, 1], [400, 200, 60, 30])
    weights = pair_frequency_weights(3, first, second)
    assert weights.mean() == pytest.approx(1)
    of_pairs = [weights[:600].sum(), weights[600:660].sum(), weights[660:].sum()]
    assert of_pairs[0] == pytest.approx(of_pairs[1])
    assert of_pairs[2] == pytest.approx(of_pairs[0] * 30 / 50)
    found = fit_weighted(3, first, second, np.arange(690) % 2, weights)
    assert found.variance_price > 1.2
    assert found.effective_votes < 300


def test_cut_weights_bound_what_one_vote_can_do():
    propensity = np.array([0.5] * 99 + [0.001])
    assert inverse_propensity_weights(propensity).max() > 80
    cut = inverse_propensity_weights(propensity, weight_max=5)
    assert cut.mean() == pytest.approx(1)
    assert cut.max() / np.median(cut) < 50


def test_ignored_votes_have_no_weight():
    first, second, outcome, propensity = simulated(5)
    kept = outcome != 3
    every = fit_inverse_propensity(
        N_MODELS, first, second, outcome, propensity, both_bad="ignore", prior_ties=0
    )
    only = fit_inverse_propensity(
        N_MODELS, first[kept], second[kept], outcome[kept], propensity[kept], prior_ties=0
    )
    np.testing.assert_allclose(every.fit.scores, only.fit.scores, atol=1e-9)
    np.testing.assert_allclose(every.fit.covariance, only.fit.covariance, atol=1e-9)
    assert every.n_votes == kept.sum()
    assert every.effective_votes == pytest.approx(only.effective_votes)


@unhurried
@given(st.integers(0, 10_000), st.permutations(range(N_MODELS)))
def test_renaming_models_only_renames_the_scores(seed, names):
    first, second, outcome, propensity = simulated(seed, 300)
    place = np.array(names)
    one = fit_inverse_propensity(N_MODELS, first, second, outcome, propensity)
    other = fit_inverse_propensity(N_MODELS, place[first], place[second], outcome, propensity)
    np.testing.assert_allclose(other.fit.scores[place], one.fit.scores, atol=1e-8)
    assert other.variance_price == pytest.approx(one.variance_price, rel=1e-6)


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.5, np.nan, np.inf])
def test_impossible_propensities_are_refused_by_vote(wrong):
    with pytest.raises(BadPropensity, match="votes 2 is") as refused:
        inverse_propensity_weights([0.1, 0.2, wrong, 1.0])
    assert refused.value.votes == (2,)


def test_tiny_propensities_do_not_overflow():
    weights = inverse_propensity_weights([5e-324, 5e-324])
    np.testing.assert_array_equal(weights, [1, 1])


def test_bad_weights_and_options_are_refused():
    one_vote = (2, [0], [1], [0])
    for wrong in ([0.0], [np.nan], [-1.0]):
        with pytest.raises(ValueError, match=r"weights\[0\]"):
            fit_weighted(*one_vote, wrong)
    with pytest.raises(ValueError, match="shape"):
        fit_weighted(*one_vote, [1.0, 1.0])
    with pytest.raises(ValueError, match="no vote enters"):
        fit_weighted(2, [0], [1], [3], [1.0], both_bad="ignore")
    with pytest.raises(ValueError, match="weight_max"):
        inverse_propensity_weights([0.5], weight_max=0.5)
    with pytest.raises(ValueError, match="floor"):
        pair_frequency_weights(2, [0], [1], floor=0)
    with pytest.raises(ValueError, match="dimensions"):
        inverse_propensity_weights([[0.5]])
