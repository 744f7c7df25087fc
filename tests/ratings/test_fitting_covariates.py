"""The fit with covariates obeys its equations and symmetries, and agrees with a dense fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import expit, log_expit

from ratings.fitting import covariate_design, covariate_fit
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.covariate_fit import fit_with_covariates
from ratings.fitting.covariate_kernels import exp_of_negative
from ratings.fitting.covariates import Covariate, VotesByPair, contrasts, design, scaling
from ratings.fitting.errors import NoFiniteEstimate, NotIdentified
from ratings.fitting.side import OrderedTallies, fit_bradley_terry_with_side
from ratings.fitting.tallies import Outcome, PairTallies

unhurried = settings(deadline=None, max_examples=25)
NAMES = ("length", "headers", "lists")
POINTS = np.array([1.0, 0.0, 0.5, 0.5])
SWAP = np.array([Outcome.SECOND, Outcome.FIRST, Outcome.TIE, Outcome.BOTH_BAD])
COEFFICIENTS = np.array([0.5, -0.3, 0.1])


def simulated(seed: int, n_votes: int, n_models: int = 6, k: int = 3, side: float = 0.2):
    """Votes whose expected points follow the model: seats, outcomes and contrasts."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 0.6, n_models)
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    x = rng.uniform(-1, 1, (n_votes, k)) + 0.1
    p = expit(scores[first] - scores[second] + side + x @ COEFFICIENTS[:k])
    p_tie, draw = 0.6 * np.minimum(p, 1 - p), rng.random(n_votes)
    kinds = [draw < p_tie / 2, draw < p_tie, draw < p + p_tie / 2]
    outcome = np.select(kinds, [Outcome.TIE, Outcome.BOTH_BAD, Outcome.FIRST], Outcome.SECOND)
    return first, second, outcome, x


def grouped(votes, n_models: int = 6, **options) -> VotesByPair:
    options.setdefault("dtype", np.float64)
    options.setdefault("covariates", NAMES[: votes[3].shape[1]])
    return VotesByPair.from_votes(n_models, *votes, **options)


def dense_design(votes, scales, n_models: int = 6) -> np.ndarray:
    """One row per vote: e_first - e_second, 1, standardised contrasts."""
    first, second, _, x = votes
    matrix = np.zeros((len(first), n_models + 1 + x.shape[1]))
    rows = np.arange(len(first))
    matrix[rows, first], matrix[rows, second], matrix[:, n_models] = 1, -1, 1
    matrix[:, n_models + 1 :] = x / scales
    return matrix


def dense_fit(votes, weights=None, clusters=None, n_models: int = 6):
    """Estimates, Fisher covariance and sandwich (CR1 with clusters) by the textbook, no prior."""
    weights = np.ones(len(votes[0])) if weights is None else weights
    matrix = dense_design(votes, scaling(votes[3], weights), n_models)
    points, estimates = POINTS[votes[2]], np.zeros(matrix.shape[1])
    anchor = np.zeros((matrix.shape[1],) * 2)
    anchor[:n_models, :n_models] = 1.0
    for _ in range(30):
        p = expit(matrix @ estimates)
        information = (matrix.T * (weights * p * (1 - p))) @ matrix + anchor
        estimates += np.linalg.solve(information, matrix.T @ (weights * (points - p)))
    bread = np.linalg.inv(information)
    bread[:n_models, :n_models] -= 1 / n_models**2  # of the anchor: (1 1^T) / n^2
    scores = matrix * (weights * (points - expit(matrix @ estimates)))[:, None]
    if clusters is not None:
        found = np.unique(clusters)
        scores = np.array([scores[clusters == c].sum(axis=0) for c in found])
        scores *= np.sqrt(found.size / (found.size - 1))
    return estimates, bread, bread @ scores.T @ scores @ bread


def estimates_of(fit) -> np.ndarray:
    return np.concatenate([fit.scores, list(fit.parameters.values())])


# --- against the same model written out ---------------------------------------------------------


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("is_clustered", [False, True])
def test_the_fit_is_that_of_a_dense_newton_fit_with_its_sandwich(is_weighted, is_clustered):
    votes, rng = simulated(1, 900), np.random.default_rng(9)
    weights = rng.uniform(0.2, 2, 900) if is_weighted else None
    clusters = rng.integers(0, 70, 900) * 3 if is_clustered else None
    fit = fit_with_covariates(
        grouped(votes, weights=weights, clusters=clusters), prior_ties=0, tolerance=1e-8
    )
    estimates, fisher, sandwich = dense_fit(votes, weights, clusters)
    assert list(fit.parameters) == ["side", *NAMES]
    np.testing.assert_allclose(estimates_of(fit), estimates, atol=1e-8)
    np.testing.assert_allclose(fit.joint_fisher_covariance, fisher, atol=1e-9)
    np.testing.assert_allclose(fit.joint_covariance, sandwich, atol=1e-9)
    assert fit.n_clusters == (len(np.unique(clusters)) if is_clustered else None)
    np.testing.assert_allclose(list(fit.scales.values()), scaling(votes[3], weights), rtol=1e-12)


def test_contrasts_in_single_precision_move_no_estimate_by_a_millionth():
    votes = simulated(2, 4000)
    fit = fit_with_covariates(grouped(votes, dtype=np.float32), prior_ties=0)
    np.testing.assert_allclose(estimates_of(fit), dense_fit(votes)[0], atol=1e-6)


def test_the_start_from_a_sample_leads_to_the_same_maximum(monkeypatch):
    votes = grouped(simulated(3, 30_000), dtype=np.float32)
    cold = fit_with_covariates(votes)
    monkeypatch.setattr(covariate_fit, "_SAMPLE_FROM", 1)
    for longest in (1, 1 << 30):  # a part of each segment, some of the segments
        monkeypatch.setattr(covariate_design, "_LONG_SEGMENT", longest)
        warm = fit_with_covariates(votes)
        assert warm.iterations < cold.iterations
        np.testing.assert_allclose(estimates_of(warm), estimates_of(cold), atol=1e-7)
        np.testing.assert_allclose(warm.standard_errors, cold.standard_errors, rtol=1e-3)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_gradient_is_the_slope_of_the_log_likelihood(is_weighted):
    votes = simulated(4, 300)
    weights = np.random.default_rng(0).uniform(0.5, 2, 300) if is_weighted else None
    layout = grouped(votes, weights=weights)
    rows = covariate_design.entering(layout, "tie")
    scales = scaling(votes[3], weights)
    places = covariate_design.Design.of(rows, layout, scales, side=True, prior_ties=0.3)
    objective = covariate_design.QuasiLikelihood(rows, places)
    at = np.random.default_rng(5).normal(0, 0.5, places.size)
    slope = approx_fprime(at, objective.log_likelihood, 1e-6)
    gradient, information = objective.derivatives(at)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-3)
    step = np.zeros(places.size)
    step[[0, 1, -1, -4]] = (
        1e-5,
        -1e-5,
        1e-5,
        2e-5,
    )  # of sum zero over models: the anchor adds nothing
    change = objective.derivatives(at + step)[0] - objective.derivatives(at - step)[0]
    np.testing.assert_allclose(-change / 2, information @ step, rtol=1e-3, atol=1e-6)


def test_the_log_likelihood_is_that_of_the_votes():
    votes = simulated(5, 500)
    fit = fit_with_covariates(grouped(votes))
    h = dense_design(votes, list(fit.scales.values())) @ estimates_of(fit)
    points = POINTS[votes[2]]
    expected = np.sum(points * log_expit(h) + (1 - points) * log_expit(-h))
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-10)


def test_the_exponential_agrees_with_the_library_over_its_range():
    x = -np.concatenate([np.linspace(0, 2, 2001), np.geomspace(2, 700, 2001)])
    found = np.array([exp_of_negative(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x), rtol=2e-13)


# --- against the other fits ---------------------------------------------------------------------


@pytest.mark.parametrize("prior_ties", [0.0, 0.1, 5.0])
@pytest.mark.parametrize("both_bad", ["tie", "ignore"])
def test_without_covariates_and_side_it_is_bradley_terry(prior_ties, both_bad):
    first, second, outcome, _ = simulated(6, 400)
    votes = grouped((first, second, outcome, np.zeros((400, 0))))
    ours = fit_with_covariates(
        votes, side=False, prior_ties=prior_ties, both_bad=both_bad, tolerance=1e-9
    )
    tallies = PairTallies.from_votes(6, first, second, outcome)
    plain = fit_bradley_terry(tallies, prior_ties=prior_ties, both_bad=both_bad)
    np.testing.assert_allclose(ours.scores, plain.scores, atol=1e-9)
    np.testing.assert_allclose(ours.covariance, plain.covariance, atol=1e-9)
    np.testing.assert_allclose(ours.fisher_covariance, plain.fisher_covariance, atol=1e-9)
    np.testing.assert_array_equal(ours.n_votes, plain.n_votes)
    np.testing.assert_array_equal(ours.insufficient, plain.insufficient)
    assert ours.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("both_bad", ["tie", "ignore"])
def test_with_the_side_alone_it_is_the_fit_of_a_seats_advantage(both_bad):
    first, second, outcome, _ = simulated(6, 400)
    votes = grouped((first, second, outcome, np.zeros((400, 0))))
    ours = fit_with_covariates(votes, prior_ties=0.5, both_bad=both_bad, tolerance=1e-9)
    ordered = OrderedTallies.from_votes(6, first, second, outcome)
    other = fit_bradley_terry_with_side(ordered, prior_ties=0.5, both_bad=both_bad)
    np.testing.assert_allclose(estimates_of(ours), estimates_of(other), atol=1e-8)
    np.testing.assert_allclose(ours.joint_covariance, other.joint_covariance, atol=1e-8)


def test_two_components_and_a_model_without_votes_keep_apart():
    first, second, outcome, x = simulated(7, 600, n_models=4)
    votes = (np.append(first, first + 4), np.append(second, second + 4), np.tile(outcome, 2))
    fit = fit_with_covariates(grouped((*votes, np.tile(x, (2, 1))), n_models=9))
    assert fit.component.tolist() == [0] * 4 + [1] * 4 + [2]
    np.testing.assert_allclose(fit.scores[:4], fit.scores[4:8], atol=1e-9)
    np.testing.assert_allclose([fit.scores[:4].sum(), fit.scores[8]], 0, atol=1e-12)
    assert not fit.covariance[:4, 4:].any()
    assert fit.insufficient.tolist() == [False] * 8 + [True]


# --- symmetries ---------------------------------------------------------------------------------


@unhurried
@given(st.integers(0, 1000), st.permutations(range(6)))
def test_renaming_the_models_only_renames_the_results(seed, names):
    first, second, outcome, x = simulated(seed, 300)
    place = np.array(names)
    fit = fit_with_covariates(grouped((first, second, outcome, x)))
    renamed = fit_with_covariates(grouped((place[first], place[second], outcome, x)))
    np.testing.assert_allclose(renamed.scores[place], fit.scores, atol=1e-7)
    for name, value in fit.parameters.items():
        assert renamed.parameters[name] == pytest.approx(value, abs=1e-7)
    np.testing.assert_allclose(renamed.covariance[np.ix_(place, place)], fit.covariance, atol=1e-7)


@unhurried
@given(st.integers(0, 1000))
def test_swapping_the_seats_only_changes_the_sign_of_side(seed):
    first, second, outcome, x = simulated(seed, 300)
    fit = fit_with_covariates(grouped((first, second, outcome, x)))
    swapped = fit_with_covariates(grouped((second, first, SWAP[outcome], -x)))
    np.testing.assert_allclose(swapped.scores, fit.scores, atol=1e-7)
    signs = np.array([-1, 1, 1, 1])
    np.testing.assert_allclose(
        list(swapped.parameters.values()), signs * list(fit.parameters.values()), atol=1e-7
    )


@unhurried
@given(st.integers(0, 1000), st.integers(0, 300))
def test_the_order_and_the_batches_of_votes_do_not_matter(seed, cut):
    votes = simulated(seed, 300)
    order = np.random.default_rng(seed).permutation(300)
    parts = [tuple(a[order][piece] for a in votes) for piece in (slice(cut), slice(cut, None))]
    whole, joined = grouped(votes), grouped(parts[0]) + grouped(parts[1])
    assert joined.n_votes == whole.n_votes
    assert joined.n_bytes == whole.n_bytes
    np.testing.assert_array_equal(joined.starts, whole.starts)
    one, other = fit_with_covariates(whole), fit_with_covariates(joined)
    np.testing.assert_allclose(estimates_of(other), estimates_of(one), atol=1e-8)


def test_a_contrast_in_another_unit_changes_only_its_scale():
    first, second, outcome, x = simulated(8, 500)
    fit = fit_with_covariates(grouped((first, second, outcome, x)))
    other = fit_with_covariates(grouped((first, second, outcome, x * [1000, 1, 1])))
    np.testing.assert_allclose(estimates_of(other), estimates_of(fit), atol=1e-9)
    assert other.scales["length"] == pytest.approx(1000 * fit.scales["length"])


def test_weights_equal_repetition():
    votes = simulated(9, 400)
    copies = np.random.default_rng(1).integers(1, 4, 400)
    weighted = fit_with_covariates(
        grouped(votes, weights=copies, clusters=np.arange(400)), tolerance=1e-8
    )
    vote = np.repeat(np.arange(400), copies)
    repeated = fit_with_covariates(
        grouped(tuple(a[vote] for a in votes), clusters=vote), tolerance=1e-8
    )
    np.testing.assert_allclose(estimates_of(weighted), estimates_of(repeated), atol=1e-8)
    np.testing.assert_allclose(weighted.joint_covariance, repeated.joint_covariance, atol=1e-9)
    np.testing.assert_allclose(
        weighted.joint_fisher_covariance, repeated.joint_fisher_covariance, atol=1e-9
    )
    np.testing.assert_allclose(weighted.n_votes, repeated.n_votes)


def test_known_coefficients_come_back():
    votes = simulated(10, 200_000, side=0.2)
    fit = fit_with_covariates(grouped(votes, dtype=np.float32))
    truth = np.concatenate([[0.2], COEFFICIENTS * list(fit.scales.values())])
    errors = np.array(list(fit.parameter_errors.values()))
    assert np.all(np.abs(list(fit.parameters.values()) - truth) < 4 * errors)
    assert errors.max() < 0.02


# --- contrasts and layout -----------------------------------------------------------------------


def test_a_relative_contrast_is_the_share_and_zero_where_nobody_has_any():
    np.testing.assert_allclose(contrasts([3, 0, 0, 5], [1, 0, 2, 5], "relative"), [0.5, 0, -1, 0])
    np.testing.assert_allclose(contrasts([3.0, -1], [1.0, 2], "difference"), [2, -3])


def test_a_design_compares_each_covariate_in_its_own_kind():
    registry = [Covariate("length", "Length"), Covariate("direct", "Direct", "difference")]
    found = design(registry, [[300, 1], [100, 0]], [[100, 0], [100, 1]])
    np.testing.assert_allclose(found, [[0.5, 1], [0, -1]])


def test_rows_of_a_pair_lie_together_with_their_seats():
    votes = ([2, 0, 1, 2, 0], [0, 2, 0, 0, 2], [0, 1, 2, 3, 0], np.arange(5.0)[:, None])
    layout = grouped(tuple(map(np.asarray, votes)), n_models=3)
    assert layout.row_first.tolist() == [1, 0, 0, 2, 2]
    assert layout.row_second.tolist() == [0, 2, 2, 0, 0]
    assert layout.contrasts[0].tolist() == [2, 1, 4, 0, 3]
    assert layout.outcome.tolist() == [2, 1, 0, 0, 3]
    assert (layout.n_segments, layout.n_rated_segments) == (4, 3)


def test_very_many_models_are_grouped_alike(monkeypatch):
    votes = simulated(11, 200)
    table = grouped(votes)
    monkeypatch.setattr("ratings.fitting.covariates._CELLS_MAX", 0)
    sorted_ = grouped(votes)
    np.testing.assert_array_equal(sorted_.contrasts, table.contrasts)
    np.testing.assert_array_equal(sorted_.starts, table.starts)


def test_a_vote_costs_seventeen_bytes_with_four_covariates():
    first, second, outcome, _ = simulated(12, 10_000)
    x = np.zeros((10_000, 4), dtype=np.float32)
    layout = grouped((first, second, outcome, x), covariates="abcd", dtype=np.float32)
    assert layout.n_bytes == pytest.approx(17 * 10_000, rel=0.02)


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_contrast_that_is_not_finite_is_refused(value):
    first, second, outcome, x = simulated(13, 50)
    x[7, 1] = value
    with pytest.raises(ValueError, match="'headers' of vote 7"):
        grouped((first, second, outcome, x), dtype=np.float32)


def test_a_covariate_that_is_always_zero_is_named_and_can_be_left_out():
    first, second, outcome, x = simulated(14, 200)
    x[:, 1] = 0
    votes = grouped((first, second, outcome, x))
    with pytest.raises(NotIdentified, match="'headers' is 0 in every vote") as error:
        fit_with_covariates(votes)
    fit = fit_with_covariates(votes.without([error.value.parameter]))
    assert list(fit.parameters) == ["side", "length", "lists"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_covariates_that_say_the_same_are_refused(dtype):
    first, second, outcome, x = simulated(15, 300)
    x[:, 2] = 2 * x[:, 0]
    with pytest.raises(NotIdentified, match="'length' and 'lists'"):
        fit_with_covariates(grouped((first, second, outcome, x), dtype=dtype))


def test_a_covariate_that_only_names_the_models_is_refused():
    first, second, outcome, x = simulated(16, 300)
    x[:, 0] = 0.3 * (first - second)
    with pytest.raises(NotIdentified, match="'length'"):
        fit_with_covariates(grouped((first, second, outcome, x), dtype=np.float32), prior_ties=0)


def test_a_covariate_that_decides_every_vote_is_refused():
    first, second, _, x = simulated(17, 300)
    outcome = np.where(x[:, 0] > 0, Outcome.FIRST, Outcome.SECOND)
    with pytest.raises(NotIdentified, match="'length'"):
        fit_with_covariates(grouped((first, second, outcome, x)))


def test_a_model_that_won_everything_needs_a_prior():
    first, second, outcome, x = simulated(18, 300)
    outcome = np.select([first == 0, second == 0], [Outcome.FIRST, Outcome.SECOND], outcome)
    votes = grouped((first, second, outcome, x))
    with pytest.raises(NoFiniteEstimate):
        fit_with_covariates(votes, prior_ties=0)
    assert fit_with_covariates(votes).insufficient.tolist() == [True] + [False] * 5


def test_no_votes_tell_nothing_of_the_side():
    none = np.zeros(0, dtype=int)
    votes = grouped((none, none, none, np.zeros((0, 0))))
    with pytest.raises(NotIdentified, match="'side'"):
        fit_with_covariates(votes)
    assert fit_with_covariates(votes, side=False).insufficient.all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first": [9]}, r"first\[0\] is 9"),
        ({"second": [0]}, "with itself"),
        ({"outcome": [4]}, r"outcome\[0\] is 4"),
        ({"outcome": [0, 1]}, "outcome has shape"),
        ({"contrasts": [[1.0, 2.0]]}, "contrasts have shape"),
        ({"covariates": ["side"]}, "use different names"),
        ({"weights": [0.0]}, r"weights\[0\] is 0"),
        ({"clusters": [-1]}, r"clusters\[0\] is -1"),
    ],
)
def test_votes_that_make_no_sense_are_refused(change, message):
    good = {"first": [0], "second": [1], "outcome": [0], "contrasts": [[1.0]], "covariates": ["x"]}
    with pytest.raises(ValueError, match=message):
        VotesByPair.from_votes(3, **{**good, **change})


def test_options_out_of_range_are_refused():
    votes = grouped(simulated(19, 50))
    for options in ({"prior_ties": -1.0}, {"both_bad": "win"}, {"tolerance": 0.0}):
        with pytest.raises(ValueError):
            fit_with_covariates(votes, **options)
    one_voter = grouped(simulated(19, 50), clusters=np.zeros(50, dtype=int))
    with pytest.raises(ValueError, match="1 cluster"):
        fit_with_covariates(one_voter)
    with pytest.raises(ValueError, match="no covariate"):
        votes.without(["colour"])
    with pytest.raises(ValueError, match="another name"):
        Covariate("side", "Side")
    with pytest.raises(ValueError, match="at least 0"):
        contrasts([-1.0], [1.0], "relative")
