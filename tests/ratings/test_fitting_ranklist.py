"""The RankList family is what its formula says, and its known members are its special cases."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate
from ratings.fitting.intervals import normal_interval
from ratings.fitting.plackett_luce import fit_plackett_luce
from ratings.fitting.rankings import Rankings
from ratings.fitting.ranklist import fit_ranklist, ranklist_loss
from ratings.fitting.tallies import Outcome, PairTallies

# Each example is one or two whole fits, and a busy machine may pause any of them.
unhurried = settings(deadline=None, max_examples=30)
N_MODELS = 5
SAME = {"rtol": 1e-7, "atol": 1e-7}
GROUPS = ["pair", "anchor", "skip", "list"]

rank_row = st.lists(st.integers(0, 5), min_size=N_MODELS, max_size=N_MODELS).filter(
    lambda row: sum(rank > 0 for rank in row) >= 2
)
rank_rows = st.lists(rank_row, min_size=1, max_size=12)
untied_row = st.permutations(range(N_MODELS)).flatmap(
    lambda order: st.integers(2, N_MODELS).map(
        lambda size: [order.index(m) + 1 if order.index(m) < size else 0 for m in range(N_MODELS)]
    )
)
scores_of_all = st.lists(st.floats(-4, 4), min_size=N_MODELS, max_size=N_MODELS).map(np.array)
families = st.one_of(
    st.fixed_dictionaries(
        {"group": st.sampled_from(GROUPS)},
        optional={"max_skip": st.integers(1, 4), "min_margin": st.integers(1, 3)},
    ),
    st.fixed_dictionaries(
        {
            "group": st.sampled_from(["pair", "skip"]),
            "skip_weights": st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=1, max_size=4),
        }
    ),
    st.fixed_dictionaries({"group": st.just("anchor"), "max_anchor": st.integers(1, 3)}),
)


def ranked(rows, **also) -> Rankings:
    return Rankings.from_matrix(np.array(rows, dtype=int).reshape(-1, N_MODELS), **also)


def gumbel_lists(seed: int, strengths, n_lists: int, length: int) -> Rankings:
    """Draw lists without ties that follow Plackett-Luce."""
    rng = np.random.default_rng(seed)
    n_models = len(strengths)
    items = np.argsort(rng.random((n_lists, n_models)), axis=1)[:, :length]
    order = np.argsort(-(strengths[items] + rng.gumbel(size=items.shape)), axis=1)
    items = np.take_along_axis(items, order, axis=1)
    ranks = np.tile(np.arange(1, length + 1), n_lists)
    return Rankings(n_models, items.ravel(), ranks, np.arange(n_lists + 1) * length)


def groups_of(row, group, max_skip=None, skip_weights=None, min_margin=1, max_anchor=None):
    """Weight and comparisons of each group of one list, one comparison at a time."""
    levels = sorted({rank for rank in row if rank})
    found: dict[object, tuple[float, list[tuple[int, int]]]] = {}
    for i, j in combinations([item for item in range(N_MODELS) if row[item]], 2):
        if row[i] == row[j]:
            continue
        winner, loser = (i, j) if row[i] < row[j] else (j, i)
        skip = levels.index(row[loser]) - levels.index(row[winner])
        weights = skip_weights or [1.0] * 9
        if skip > (max_skip or 9) or skip > len(weights) or not weights[skip - 1]:
            continue
        if row[loser] - row[winner] < min_margin:
            continue
        if max_anchor is not None and levels.index(row[winner]) >= max_anchor:
            continue
        key = {"pair": (winner, loser), "anchor": winner, "skip": skip, "list": 0}[group]
        found.setdefault(key, (weights[skip - 1], []))[1].append((winner, loser))
    return found.values()


def defined_loss(rows, scores, **family) -> float:
    """L = sum_g w_g log(1 + sum_{(i, j) in g} exp(-(s_i - s_j)))."""
    return sum(
        weight * np.log1p(sum(np.exp(scores[loser] - scores[winner]) for winner, loser in pairs))
        for row in rows
        for weight, pairs in groups_of(row, **family)
    )


# --- the definition ---------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(rank_rows, scores_of_all, families)
def test_the_loss_is_that_of_its_formula(rows, scores, family):
    found = ranklist_loss(scores, ranked(rows), **family)
    assert found == pytest.approx(defined_loss(rows, scores, **family), rel=1e-10, abs=1e-10)


@unhurried
@given(rank_rows, families)
def test_no_scores_near_the_fit_have_a_smaller_loss(rows, family):
    fit = fit_ranklist(ranked(rows), prior_ties=0.5, **family)
    together = fit.component[:, None] == fit.component

    def penalised(scores):
        """The loss and, as wins and losses, the ties with each component's virtual opponent."""
        total = defined_loss(rows, scores, **family)
        for component in np.unique(fit.component[fit.n_votes > 0]):
            gap = scores[fit.component == component]
            best = minimize(
                lambda g, gap=gap: np.logaddexp(gap / 2 - g / 2, g / 2 - gap / 2).sum(), 0
            )
            total += 0.5 * best.fun
        return total

    least = penalised(fit.scores)
    rng = np.random.default_rng(0)
    for size in (0.3, 0.03):
        step = size * rng.normal(size=N_MODELS)
        step -= (together / together.sum(axis=1)) @ step
        assert penalised(fit.scores + step) >= least - 1e-7


@unhurried
@given(rank_rows, families)
def test_the_noise_is_that_of_the_formula_list_by_list(rows, family):
    rows = [*rows, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]] * 2
    fit = fit_ranklist(ranked(rows), **family)
    steps = 1e-5 * np.eye(N_MODELS)
    of_lists = np.array(
        [
            [
                defined_loss([row], fit.scores + s, **family)
                - defined_loss([row], fit.scores - s, **family)
                for s in steps
            ]
            for row in rows
        ]
    ) / 2e-5  # fmt: skip
    sandwich = fit.fisher_covariance @ of_lists.T @ of_lists @ fit.fisher_covariance
    np.testing.assert_allclose(fit.covariance, sandwich, rtol=1e-4, atol=1e-6)
    loss = defined_loss(rows, fit.scores, **family)
    assert fit.log_likelihood == pytest.approx(-loss, rel=1e-9)
    assert fit.n_clusters == len(rows)


@unhurried
@given(st.lists(untied_row, min_size=1, max_size=6), st.sampled_from(GROUPS))
def test_the_inverse_information_is_the_curvature_of_the_loss(rows, group):
    rankings = ranked([*rows, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]])
    fit = fit_ranklist(rankings, group=group, prior_ties=0)
    step = 1e-3 * np.eye(N_MODELS)

    def loss(change):
        return ranklist_loss(fit.scores + change, rankings, group=group)

    curvature = np.array(
        [[loss(a + b) - loss(a - b) - loss(b - a) + loss(-a - b) for b in step] for a in step]
    ) / 4e-6  # fmt: skip
    inverse = np.linalg.pinv(curvature, rcond=1e-4, hermitian=True)
    np.testing.assert_allclose(fit.fisher_covariance, inverse, rtol=1e-3, atol=1e-4)


# --- special cases ----------------------------------------------------------------------------


def list_mle(rows, scores) -> float:
    """Xia et al. 2008, Listwise approach to learning to rank, section 4.3."""
    total = 0.0
    for row in rows:
        left = scores[sorted((m for m in range(N_MODELS) if row[m]), key=row.__getitem__)]
        total += sum(np.logaddexp.reduce(left[place:]) - left[place] for place in range(left.size))
    return total


@unhurried
@given(st.lists(untied_row, min_size=1, max_size=10), scores_of_all)
def test_anchor_groups_are_list_mle_and_plackett_luce(rows, scores):
    loss = ranklist_loss(scores, ranked(rows), group="anchor")
    assert loss == pytest.approx(list_mle(rows, scores), abs=1e-6)
    one, other = fit_ranklist(ranked(rows), group="anchor"), fit_plackett_luce(ranked(rows))
    for name in ("scores", "covariance", "fisher_covariance", "log_likelihood"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(one.insufficient, other.insufficient)


@unhurried
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=1, max_size=40),
    st.sampled_from(GROUPS),
)
def test_lists_of_two_are_ranknet_and_bradley_terry(votes, group):
    winner, shift = np.array(votes).T
    loser = (winner + shift) % N_MODELS
    rankings = Rankings.from_orderings(N_MODELS, np.column_stack([winner, loser]).tolist())
    scores = np.linspace(-1, 1, N_MODELS)
    ranknet = np.logaddexp(0, scores[loser] - scores[winner]).sum()
    assert ranklist_loss(scores, rankings, group=group) == pytest.approx(ranknet, abs=1e-6)
    wins = np.full(winner.size, Outcome.FIRST)
    pairwise = fit_bradley_terry(PairTallies.from_votes(N_MODELS, winner, loser, wins))
    fit = fit_ranklist(rankings, group=group)
    for name in ("scores", "covariance", "fisher_covariance", "log_likelihood"):
        np.testing.assert_allclose(getattr(fit, name), getattr(pairwise, name), **SAME)
    for name in ("component", "n_votes", "insufficient"):
        np.testing.assert_array_equal(getattr(fit, name), getattr(pairwise, name))


@unhurried
@given(st.lists(untied_row, min_size=1, max_size=10), scores_of_all)
def test_the_first_anchor_alone_is_softmax_of_the_best(rows, scores):
    top_1 = sum(
        np.logaddexp.reduce(scores[np.array(row) > 0]) - scores[row.index(1)] for row in rows
    )
    assert ranklist_loss(scores, ranked(rows), max_anchor=1) == pytest.approx(top_1, abs=1e-6)


@settings(deadline=None, max_examples=200)
@given(rank_row, scores_of_all, st.sampled_from(["anchor", "skip", "list"]))
def test_one_log_sum_exp_is_bounded_by_its_worst_comparison_and_their_product(row, scores, group):
    """log(1 + max x) <= L <= sum log(1 + x) <= m log(1 + (e^L - 1) / m), and groups add up."""
    joint = ranklist_loss(scores, ranked([row]), group="list")
    comparisons = [pair for _, pairs in groups_of(row, "pair") for pair in pairs]
    product = ranklist_loss(scores, ranked([row]), group="pair")
    odds = [np.exp(scores[loser] - scores[winner]) for winner, loser in comparisons]
    m = max(len(odds), 1)
    assert np.log1p(max(odds, default=0)) <= joint + 1e-12
    assert joint <= product + 1e-12
    assert product <= m * np.log1p(np.expm1(joint) / m) + 1e-9
    between = ranklist_loss(scores, ranked([row]), group=group)
    assert joint - 1e-12 <= between <= product + 1e-12


# --- symmetries -------------------------------------------------------------------------------


@unhurried
@given(rank_rows, families, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, family, names):
    place = np.array(names)
    renamed_rows = np.zeros((len(rows), N_MODELS), dtype=int)
    renamed_rows[:, place] = rows
    fit = fit_ranklist(ranked(rows), **family)
    renamed = fit_ranklist(ranked(renamed_rows), **family)
    np.testing.assert_allclose(renamed.scores[place], fit.scores, **SAME)
    np.testing.assert_allclose(renamed.covariance[np.ix_(place, place)], fit.covariance, **SAME)
    np.testing.assert_array_equal(renamed.insufficient[place], fit.insufficient)


@unhurried
@given(rank_rows, families, st.randoms(use_true_random=False))
def test_the_order_of_lists_changes_no_bit_of_the_fit(rows, family, random):
    fit = fit_ranklist(ranked(rows), **family)
    again = fit_ranklist(ranked(random.sample(rows, len(rows))), **family)
    for name in ("scores", "covariance", "fisher_covariance", "component", "n_votes"):
        assert getattr(fit, name).tobytes() == getattr(again, name).tobytes(), name
    assert fit.log_likelihood == again.log_likelihood


@unhurried
@given(rank_rows, families.filter(lambda family: family["group"] != "anchor"))
def test_turning_every_list_around_turns_the_board_upside_down(rows, family):
    reversed_rows = [[6 - rank if rank else 0 for rank in row] for row in rows]
    fit, turned = (fit_ranklist(ranked(r), **family) for r in (rows, reversed_rows))
    np.testing.assert_allclose(turned.scores, -fit.scores, **SAME)
    np.testing.assert_allclose(turned.covariance, fit.covariance, **SAME)


def test_anchor_groups_know_the_best_from_the_worst():
    rows = [[1, 2, 3, 4, 5], [2, 1, 3, 5, 4], [5, 4, 3, 2, 1], [3, 1, 2, 4, 5]]
    fit = fit_ranklist(ranked(rows))
    turned = fit_ranklist(ranked(6 - np.array(rows)))
    assert np.abs(turned.scores + fit.scores).max() > 0.01


@unhurried
@given(rank_rows, families, st.integers(2, 9))
def test_many_copies_of_the_lists_shrink_the_covariance_as_often(rows, family, copies):
    rows = [*rows, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]
    once = fit_ranklist(ranked(rows), prior_ties=1, **family)
    many = fit_ranklist(ranked(rows * copies), prior_ties=copies, **family)
    np.testing.assert_allclose(many.scores, once.scores, **SAME)
    np.testing.assert_allclose(many.covariance * copies, once.covariance, rtol=1e-6, atol=1e-7)


@unhurried
@given(rank_rows, st.sampled_from(GROUPS))
def test_doubling_all_scores_of_a_perfect_order_lowers_the_loss(rows, group):
    """Where all lists agree with the scores, more spread can only fit better."""
    scores = -np.arange(N_MODELS, dtype=float)
    agreeing = [np.sort(row).tolist() for row in rows]
    loss = [ranklist_loss(scale * scores, ranked(agreeing), group=group) for scale in (1, 2)]
    assert loss[1] <= loss[0]


# --- statistics -------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["anchor", "pair"])
def test_intervals_by_list_cover_the_truth_as_often_as_they_say(group):
    strengths = np.linspace(-1, 1, 8)
    covered = []
    for seed in range(100):
        fit = fit_ranklist(gumbel_lists(3000 + seed, strengths, 250, 4), group=group)
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
    assert 0.92 < np.mean(covered) < 0.98


@pytest.mark.parametrize(
    ("family", "slope"),
    [
        ({"group": "anchor"}, 1.0),
        ({"group": "pair"}, 1.0),
        ({"group": "pair", "max_skip": 1}, 0.66),
        ({"group": "skip"}, 0.81),
        ({"group": "list"}, 0.68),
    ],
)
def test_scores_come_back_on_the_scale_that_is_known_of_each_loss(family, slope):
    strengths = np.linspace(-1, 1, 10)
    fit = fit_ranklist(gumbel_lists(7, strengths, 20_000, 4), **family)
    fitted = np.polyfit(strengths, fit.scores, 1)[0]
    assert fitted == pytest.approx(slope, abs=0.04)
    assert np.corrcoef(strengths, fit.scores)[0, 1] > 0.995


def test_intervals_that_take_pairs_of_a_list_as_independent_would_be_too_narrow():
    fit = fit_ranklist(gumbel_lists(8, np.linspace(-1, 1, 8), 2000, 6), group="pair")
    assert (fit.standard_errors > 1.2 * np.sqrt(np.diagonal(fit.fisher_covariance))).all()


# --- what lists cannot tell -------------------------------------------------------------------


def test_models_that_only_tie_are_not_compared():
    fit = fit_ranklist(ranked([[1, 1, 2, 0, 0], [2, 2, 1, 0, 0], [0, 0, 0, 3, 3]]))
    assert fit.component.tolist() == [0, 0, 0, 1, 2]
    assert fit.n_votes.tolist() == [2, 2, 2, 0, 0]
    assert fit.insufficient.tolist() == [False, False, False, True, True]


def test_a_wide_margin_can_cut_the_board_apart():
    rows = [[1, 5, 2, 0, 0], [5, 1, 4, 0, 0]]
    assert fit_ranklist(ranked(rows)).component[2] == 0
    assert fit_ranklist(ranked(rows), min_margin=4).component.tolist() == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("group", GROUPS)
def test_a_model_that_never_lost_is_held_by_the_prior_or_refused(group):
    rows = [[1, 2, 3, 0, 0], [1, 3, 2, 0, 0]]
    fit = fit_ranklist(ranked(rows), group=group)
    assert fit.insufficient.tolist() == [True, False, False, True, True]
    assert fit.scores.max() == fit.scores[0] < 15
    with pytest.raises(NoFiniteEstimate, match="models 0, 1, 2") as refusal:
        fit_ranklist(ranked(rows), group=group, prior_ties=0)
    assert refusal.value.models == (0, 1, 2)


def test_no_lists_at_all_give_an_empty_board():
    fit = fit_ranklist(Rankings.from_orderings(3, []))
    assert fit.scores.tolist() == [0, 0, 0]
    assert fit.insufficient.all()
    assert ranklist_loss(np.zeros(3), Rankings.from_orderings(3, [])) == 0


def test_a_landslide_converges_to_its_exact_log_odds():
    rankings = Rankings.from_orderings(2, [[0, 1], [1, 0]], weight=[1e7, 1.0])
    fit = fit_ranklist(rankings, prior_ties=0)
    assert fit.scores[0] - fit.scores[1] == pytest.approx(np.log(1e7), abs=1e-8)


def test_voters_who_repeat_themselves_count_once_in_the_noise():
    lists = gumbel_lists(1, np.linspace(-1, 1, 5), 60, 4)
    rows = [row.tolist() for row in np.split(lists.items, lists.offsets[1:-1])]
    apart = fit_ranklist(lists, prior_ties=0)
    repeated = Rankings.from_orderings(5, rows * 3, cluster=list(range(60)) * 3)
    fit = fit_ranklist(repeated, prior_ties=0)
    assert fit.n_clusters == 60
    np.testing.assert_allclose(fit.covariance * 59 / 60, apart.covariance, rtol=1e-7, atol=1e-12)
    loss = ranklist_loss(fit.scores, repeated)
    assert loss == pytest.approx(3 * ranklist_loss(fit.scores, lists))


def test_too_few_iterations_raise_with_what_was_seen():
    with pytest.raises(DidNotConverge, match="after 2 iterations"):
        fit_ranklist(gumbel_lists(9, np.linspace(-1, 1, 6), 50, 4), max_iterations=2)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"group": "triple"}, "group is 'triple'; use 'pair', 'anchor', 'skip' or 'list'"),
        ({"max_skip": 0}, "max_skip is 0"),
        ({"min_margin": 0}, "min_margin is 0"),
        ({"max_anchor": 0}, "max_anchor is 0"),
        ({"max_anchor": 1, "group": "pair"}, "max_anchor is for 'anchor' groups, not 'pair'"),
        ({"skip_weights": [1]}, "skip_weights are for 'pair' and 'skip' groups, not 'anchor'"),
        ({"skip_weights": [], "group": "skip"}, "none is given"),
        ({"skip_weights": [-1.0], "group": "skip"}, "finite numbers of at least 0"),
        ({"skip_weights": [1], "max_skip": 2, "group": "pair"}, "max_skip is 2 but there are 1"),
        ({"prior_ties": -1}, "prior_ties is -1"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        fit_ranklist(ranked([[1, 2, 3, 0, 0]]), **option)


@pytest.mark.parametrize("scores", [[0.0] * 4, [0, 0, 0, 0, np.nan]])
def test_scores_that_are_not_one_number_per_model_are_refused(scores):
    with pytest.raises(ValueError, match="expected 5 numbers"):
        ranklist_loss(scores, ranked([[1, 2, 3, 0, 0]]))
