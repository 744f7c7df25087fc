"""The Plackett-Luce fit obeys its definition, its symmetries, and the library choix."""

from itertools import combinations
from math import lgamma

import choix
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate
from ratings.fitting.intervals import normal_interval
from ratings.fitting.list_kernels import subset_excess, subset_moments
from ratings.fitting.plackett_luce import NoFiniteTies, fit_plackett_luce
from ratings.fitting.rankings import Rankings
from ratings.fitting.tallies import Outcome, PairTallies

# A busy machine may pause any example, so no example has a deadline.
# Each example is one or two whole fits.
unhurried = settings(deadline=None, max_examples=30)
N_MODELS = 5
SAME = {"rtol": 1e-7, "atol": 1e-7}

rank_row = st.lists(st.integers(0, 4), min_size=N_MODELS, max_size=N_MODELS).filter(
    lambda row: sum(rank > 0 for rank in row) >= 2
)
rank_rows = st.lists(rank_row, min_size=1, max_size=12)
both_ways = st.sampled_from(["model", "break"])


def ranked(rows, n_models: int = N_MODELS, **also) -> Rankings:
    return Rankings.from_matrix(np.array(rows, dtype=int).reshape(-1, n_models), **also)


def with_a_loop(rows):
    """Add lists that hold every score and every prevalence finite."""
    loop = [1, 2, 3, 4, 5]
    return [*rows, loop, loop[::-1], [1, 1, 1, 2, 2], [2, 1, 1, 3, 2]]


def gumbel_lists(seed: int, strengths, n_lists: int, length: int, **also) -> Rankings:
    """Draw lists without ties that follow Plackett-Luce."""
    rng = np.random.default_rng(seed)
    n_models = len(strengths)
    items = np.argsort(rng.random((n_lists, n_models)), axis=1)[:, :length]
    order = np.argsort(-(strengths[items] + rng.gumbel(size=items.shape)), axis=1)
    items = np.take_along_axis(items, order, axis=1)
    ranks = np.tile(np.arange(1, length + 1), n_lists)
    return Rankings(n_models, items.ravel(), ranks, np.arange(n_lists + 1) * length, **also)


def orderings(rankings: Rankings) -> list[list[int]]:
    return [row.tolist() for row in np.split(rankings.items, rankings.offsets[1:-1])]


def defined_log_likelihood(row, scores, log_delta: dict[int, float]) -> float:
    """Turner et al. 2020, eq. 2, over all subsets of what is left at each choice."""
    left, total = [item for item in range(len(row)) if row[item]], 0.0
    for rank in sorted({rank for rank in row if rank}):
        taken = [item for item in left if row[item] == rank]
        terms = [
            log_delta[size] + scores[list(subset)].mean()
            for size in log_delta
            for subset in combinations(left, size)
        ]
        total += log_delta[len(taken)] + scores[taken].mean() - np.logaddexp.reduce(terms)
        left = [item for item in left if item not in taken]
    return float(total)


def gradient_of(function, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    steps = step * np.eye(at.size)
    return np.array([(function(at + row) - function(at - row)) / (2 * step) for row in steps])


# --- the definition ---------------------------------------------------------------------------


@unhurried
@given(st.integers(2, 7), st.sets(st.integers(2, 6)), st.floats(-3, 3), st.randoms(), st.booleans())
def test_subset_moments_are_those_of_all_subsets(n, ties, spread, random, pairs):
    rng = np.random.default_rng(random.randrange(2**32))
    orders = np.array([1, *sorted(ties)])
    scores, log_delta = spread * rng.normal(size=(2, n)), rng.normal(size=orders.size)
    log_delta[0] = 0
    excess = subset_excess(scores, orders, log_delta)
    moments = subset_moments(scores, orders, log_delta, pairs=pairs)
    for row in range(2):
        weight, shares, sizes = [], [], []
        for place, order in enumerate(orders):
            for subset in combinations(range(n), int(order)):
                weight.append(np.exp(log_delta[place] + scores[row][list(subset)].mean()))
                shares.append(np.isin(np.arange(n), subset) / order)
                sizes.append(np.arange(orders.size) == place)
        p = np.array(weight) / np.sum(weight)
        shares, sizes = np.array(shares), np.array(sizes)
        np.testing.assert_allclose(excess[row] + scores[row].max(), np.log(np.sum(weight)))
        np.testing.assert_allclose(moments.item[row], p @ shares, rtol=1e-10)
        np.testing.assert_allclose(moments.order[row], p @ sizes, rtol=1e-10)
        of_both = (sizes * p[:, None]).T @ shares
        np.testing.assert_allclose(moments.item_order[row], of_both, rtol=1e-10)
        if moments.pair is not None:
            of_pairs = (shares * p[:, None]).T @ shares
            np.fill_diagonal(of_pairs, 0)
            np.testing.assert_allclose(moments.pair[row], of_pairs, rtol=1e-10, atol=1e-300)
    assert (moments.pair is None) == (not pairs or orders.size == 1)


@settings(deadline=None, max_examples=8)
@given(st.lists(rank_row, max_size=4))
def test_the_fit_is_a_maximum_of_the_defined_likelihood_with_its_exact_curvature(rows):
    rows = with_a_loop(rows)
    fit = fit_plackett_luce(ranked(rows), prior_ties=0)
    orders = [1, *(int(name.removeprefix("tie")) for name in fit.parameters)]
    at = np.array([*fit.scores, *fit.parameters.values()])

    def log_likelihoods(values):
        log_delta = dict(zip(orders, [0, *values[N_MODELS:]], strict=True))
        return np.array([defined_log_likelihood(row, values[:N_MODELS], log_delta) for row in rows])

    assert fit.log_likelihood == pytest.approx(log_likelihoods(at).sum(), rel=1e-9)
    of_lists = gradient_of(log_likelihoods, at).T  # (n_lists, n_estimates)
    np.testing.assert_allclose(of_lists.sum(axis=0), 0, atol=1e-6)
    curvature = gradient_of(
        lambda values: gradient_of(lambda v: log_likelihoods(v).sum(), values, 1e-3), at, 1e-3
    )
    fisher = np.linalg.pinv(-curvature, rcond=1e-5, hermitian=True)
    np.testing.assert_allclose(fit.joint_fisher_covariance, fisher, rtol=1e-3, atol=1e-3)
    sandwich = fit.joint_fisher_covariance @ of_lists.T @ of_lists @ fit.joint_fisher_covariance
    np.testing.assert_allclose(fit.joint_covariance, sandwich, rtol=1e-6, atol=1e-6)
    assert fit.n_clusters == len(rows)


def test_breaking_ties_averages_the_likelihood_over_all_orders():
    """The block of three among six orders, written out as lists of weight one sixth."""
    tied = Rankings.from_orderings(4, [[3, (0, 1, 2)], [(0, 1, 2), 3], [2, 1, 0, 3]])
    blocks = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    written_out = [[3, *block] for block in blocks] + [[*block, 3] for block in blocks]
    all_orders = Rankings.from_orderings(4, [*written_out, [2, 1, 0, 3]], weight=[1 / 6] * 12 + [1])
    one, other = fit_plackett_luce(tied, ties="break"), fit_plackett_luce(all_orders)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-10)
    np.testing.assert_allclose(one.fisher_covariance, other.fisher_covariance, rtol=1e-8)
    assert one.log_likelihood == pytest.approx(other.log_likelihood)


def test_too_many_ties_to_break_are_refused():
    row = [[1] * 11]
    with pytest.raises(ValueError, match=r"11 models tie at once; .*use ties='model'"):
        fit_plackett_luce(ranked(row, 11), ties="break")


@unhurried
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 2)), min_size=1))
def test_lists_of_two_with_broken_ties_are_bradley_terry(votes):
    first, shift, code = np.array(votes).T
    second = (first + shift) % N_MODELS
    pairs = [
        [(i, j)] if outcome == Outcome.TIE else [i, j] if outcome == Outcome.FIRST else [j, i]
        for i, j, outcome in zip(first.tolist(), second.tolist(), code.tolist(), strict=True)
    ]
    fit = fit_plackett_luce(Rankings.from_orderings(N_MODELS, pairs), ties="break")
    pairwise = fit_bradley_terry(PairTallies.from_votes(N_MODELS, first, second, code))
    for name in ("scores", "covariance", "fisher_covariance", "log_likelihood"):
        np.testing.assert_allclose(getattr(fit, name), getattr(pairwise, name), **SAME)
    for name in ("component", "n_votes", "insufficient"):
        np.testing.assert_array_equal(getattr(fit, name), getattr(pairwise, name))


# --- symmetries -------------------------------------------------------------------------------


@unhurried
@given(rank_rows, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    rows, place = with_a_loop(rows), np.array(names)
    renamed_rows = np.zeros((len(rows), N_MODELS), dtype=int)
    renamed_rows[:, place] = rows
    fit, renamed = fit_plackett_luce(ranked(rows)), fit_plackett_luce(ranked(renamed_rows))
    np.testing.assert_allclose(renamed.scores[place], fit.scores, **SAME)
    np.testing.assert_allclose(renamed.covariance[np.ix_(place, place)], fit.covariance, **SAME)
    np.testing.assert_array_equal(renamed.insufficient[place], fit.insufficient)
    assert renamed.parameters == pytest.approx(fit.parameters)


@unhurried
@given(rank_rows, both_ways, st.randoms(use_true_random=False))
def test_the_order_of_lists_changes_no_bit_of_the_fit(rows, ties, random):
    rows = with_a_loop(rows)
    fit = fit_plackett_luce(ranked(rows), ties=ties)
    again = fit_plackett_luce(ranked(random.sample(rows, len(rows))), ties=ties)
    for name in ("scores", "joint_covariance", "joint_fisher_covariance", "component", "n_votes"):
        assert getattr(fit, name).tobytes() == getattr(again, name).tobytes(), name
    assert (fit.log_likelihood, fit.parameters) == (again.log_likelihood, again.parameters)


@unhurried
@given(rank_rows, both_ways)
def test_every_result_is_a_number_and_every_component_sums_to_zero(rows, ties):
    try:
        fit = fit_plackett_luce(ranked(rows), ties=ties)
    except NoFiniteTies:
        assert ties == "model"
        return
    for name in ("scores", "joint_covariance", "joint_fisher_covariance", "n_votes"):
        assert np.isfinite(getattr(fit, name)).all(), name
    for component in np.unique(fit.component):
        members = fit.component == component
        assert abs(fit.scores[members].sum()) < 1e-8
        assert not fit.covariance[np.ix_(members, ~members)].any()
    assert (fit.insufficient | (fit.n_votes > 0)).all()


@unhurried
@given(st.lists(rank_row, max_size=6), st.floats(0.1, 9))
def test_a_weight_common_to_all_lists_leaves_the_sandwich_alone(rows, weight):
    rows = with_a_loop(rows)
    plain = fit_plackett_luce(ranked(rows), prior_ties=0)
    heavy = fit_plackett_luce(ranked(rows, weight=[weight] * len(rows)), prior_ties=0)
    np.testing.assert_allclose(heavy.scores, plain.scores, **SAME)
    np.testing.assert_allclose(heavy.joint_covariance, plain.joint_covariance, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        heavy.fisher_covariance * weight, plain.fisher_covariance, rtol=1e-5, atol=1e-7
    )


def test_voters_who_repeat_themselves_count_once_in_the_noise():
    strengths = np.linspace(-1, 1, 6)
    once = gumbel_lists(1, strengths, 60, 4)
    apart = fit_plackett_luce(once, prior_ties=0)
    rows = orderings(once)
    repeated = Rankings.from_orderings(6, rows * 3, cluster=list(range(60)) * 3)
    fit = fit_plackett_luce(repeated, prior_ties=0)
    assert (apart.n_clusters, fit.n_clusters) == (60, 60)
    np.testing.assert_allclose(fit.scores, apart.scores, atol=1e-9)
    np.testing.assert_allclose(fit.covariance * 59 / 60, apart.covariance, rtol=1e-7, atol=1e-12)
    unaware = fit_plackett_luce(Rankings.from_orderings(6, rows * 3), prior_ties=0)
    np.testing.assert_allclose(unaware.covariance * 3, apart.covariance, rtol=1e-7, atol=1e-12)


def test_a_single_voter_says_nothing_of_how_voters_differ():
    with pytest.raises(ValueError, match="all lists are by one voter"):
        fit_plackett_luce(ranked(with_a_loop([]), cluster=[7] * 4))


# --- parity and recovery ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "n_models", "n_lists", "length"), [(1, 6, 80, 3), (2, 12, 200, 6)]
)
def test_scores_agree_with_choix(seed, n_models, n_lists, length):
    rankings = gumbel_lists(seed, np.linspace(-1, 1, n_models), n_lists, length)
    fit = fit_plackett_luce(rankings, prior_ties=0)
    spectral = choix.ilsr_rankings(n_models, orderings(rankings), max_iter=1000, tol=1e-12)
    np.testing.assert_allclose(fit.scores, spectral - spectral.mean(), atol=1e-6)
    newton = choix.opt_rankings(n_models, orderings(rankings), alpha=0, tol=1e-10)
    np.testing.assert_allclose(fit.scores, newton - newton.mean(), atol=1e-5)


def test_intervals_cover_the_truth_as_often_as_they_say():
    strengths = np.linspace(-1, 1, 8)
    covered = []
    for seed in range(120):
        fit = fit_plackett_luce(gumbel_lists(2000 + seed, strengths, 250, 4))
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
    assert 0.92 < np.mean(covered) < 0.975


def lists_with_ties(seed: int, strengths, log_delta: dict[int, float], n_lists: int, length: int):
    """Draw lists from the model with ties by drawing each block among all subsets."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_lists):
        left, ordering = rng.choice(strengths.size, length, replace=False).tolist(), []
        while left:
            subsets = [list(s) for size in log_delta for s in combinations(left, size)]
            logit = np.array([log_delta[len(s)] + strengths[s].mean() for s in subsets])
            p = np.exp(logit - logit.max())
            block = subsets[rng.choice(len(subsets), p=p / p.sum())]
            ordering.append(block)
            left = [item for item in left if item not in block]
        found.append(ordering)
    return Rankings.from_orderings(strengths.size, found)


def test_strengths_and_prevalences_of_ties_are_recovered():
    truth = {1: 0.0, 2: -0.5, 3: -1.5}
    strengths = np.linspace(-1, 1, 6)
    fit = fit_plackett_luce(lists_with_ties(3, strengths, truth, 1500, 4))
    assert list(fit.parameters) == ["tie2", "tie3"]
    errors = np.array([*fit.scores, *fit.parameters.values()]) - [*strengths, -0.5, -1.5]
    deviation = errors / np.sqrt(np.diagonal(fit.joint_covariance))
    assert np.abs(deviation).max() < 4
    assert np.abs(errors).max() < 0.2


def test_a_landslide_converges_to_its_exact_log_odds():
    rows = [[1, 2], [2, 1]]
    for wins in (1e3, 1e7):
        fit = fit_plackett_luce(ranked(rows, 2, weight=[wins, 1.0]), prior_ties=0)
        assert fit.scores[0] - fit.scores[1] == pytest.approx(np.log(wins), abs=1e-8)


def test_a_long_list_is_fitted():
    strengths = np.linspace(-1, 1, 43)
    rankings = gumbel_lists(5, strengths, 30, 43)
    fit = fit_plackett_luce(rankings)
    null = -30 * lgamma(44)  # every order alike
    assert fit.log_likelihood > null
    assert np.corrcoef(fit.scores, strengths)[0, 1] > 0.8


# --- what lists cannot tell -------------------------------------------------------------------


@pytest.mark.parametrize("n_models", [1, 3])
def test_no_lists_at_all_give_an_empty_board(n_models):
    fit = fit_plackett_luce(Rankings.from_orderings(n_models, []))
    assert fit.scores.tolist() == [0] * n_models
    assert fit.insufficient.all()
    assert fit.n_clusters == 0


def test_groups_that_never_met_are_reported_apart_and_fitted_as_if_alone():
    here, there = [[0, 1, 2], [2, 1, 0], [1, 0, 2]], [[3, 4], [4, 3], [4, 3]]
    fit = fit_plackett_luce(Rankings.from_orderings(6, here + there))
    assert fit.component.tolist() == [0, 0, 0, 1, 1, 2]
    assert fit.n_votes.tolist() == [3, 3, 3, 3, 3, 0]
    assert fit.insufficient.tolist() == [False] * 5 + [True]
    alone = fit_plackett_luce(Rankings.from_orderings(3, here))
    np.testing.assert_allclose(fit.scores[:3], alone.scores, atol=1e-10)
    np.testing.assert_allclose(fit.covariance[:3, :3], alone.covariance, atol=1e-10)


def test_a_model_that_was_always_last_is_held_by_the_prior_and_flagged():
    lists = [[0, 1, 2, 3], [2, 1, 0, 3], [1, 0, 2, 3]]
    fit = fit_plackett_luce(Rankings.from_orderings(4, lists))
    assert fit.insufficient.tolist() == [False, False, False, True]
    assert -20 < fit.scores[3] < fit.scores[:3].min()
    with pytest.raises(NoFiniteEstimate, match=r"models 0, 1, 2 and 3|models 0, 1, 2, 3"):
        fit_plackett_luce(Rankings.from_orderings(4, lists), prior_ties=0)


def test_a_tie_does_not_hold_a_model_that_never_lost_where_ties_are_free():
    """The more common ties are, the stronger it may be: one win and one tie set no limit."""
    lists = Rankings.from_orderings(2, [[0, 1], [(0, 1)]])
    with pytest.raises(NoFiniteEstimate, match="models 0, 1"):
        fit_plackett_luce(lists, prior_ties=0)
    assert fit_plackett_luce(lists).insufficient.all()
    assert not fit_plackett_luce(lists, ties="break", prior_ties=0).insufficient.any()


def test_a_tie_holds_a_model_once_a_loop_of_wins_limits_ties():
    loop = [[0, 1], [1, 0]]
    fit = fit_plackett_luce(Rankings.from_orderings(3, [*loop, [(1, 2)], [2, 1]]), prior_ties=0)
    assert not fit.insufficient.any()
    assert np.isfinite(fit.scores).all()


def test_ties_wherever_there_could_be_are_refused():
    everyone = Rankings.from_orderings(3, [[(0, 1, 2)]] * 3 + [[0, 1], [1, 0], [1, 2], [2, 1]])
    with pytest.raises(NoFiniteTies, match=r"no finite tie3 exists.*use ties='break'") as refusal:
        fit_plackett_luce(everyone)
    assert refusal.value.orders == (3,)
    assert fit_plackett_luce(everyone, ties="break").parameters == {}


def test_ties_of_two_alone_are_limited_by_the_prior_only():
    lists = Rankings.from_orderings(2, [[(0, 1)]] * 3)
    assert fit_plackett_luce(lists).parameters["tie2"] > 2
    with pytest.raises((NoFiniteTies, NoFiniteEstimate)):
        fit_plackett_luce(lists, prior_ties=0)


def test_too_few_iterations_raise_with_what_was_seen():
    with pytest.raises(DidNotConverge, match="after 2 iterations"):
        fit_plackett_luce(gumbel_lists(9, np.linspace(-1, 1, 6), 50, 4), max_iterations=2)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"prior_ties": -0.1}, "prior_ties is -0.1"),
        ({"prior_ties": float("inf")}, "prior_ties is inf"),
        ({"ties": "half"}, "ties is 'half'; use 'model' or 'break'"),
        ({"max_iterations": 0}, "max_iterations is 0"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        fit_plackett_luce(ranked(with_a_loop([])), **option)
