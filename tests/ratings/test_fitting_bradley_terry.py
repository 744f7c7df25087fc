"""The Bradley-Terry fit obeys its symmetries, its theory, and two independent libraries."""

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import normal_interval, rank_by_score
from ratings.fitting.tallies import Outcome, PairTallies

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
N_MODELS = 5
SAME = {"rtol": 1e-8, "atol": 1e-8}
SWAP = np.array([Outcome.SECOND, Outcome.FIRST, Outcome.TIE, Outcome.BOTH_BAD])

vote = st.tuples(
    st.integers(0, N_MODELS - 1), st.integers(0, N_MODELS - 1), st.sampled_from(list(Outcome))
).filter(lambda drawn: drawn[0] != drawn[1])
vote_lists = st.lists(vote, min_size=1, max_size=60)


def tallied(rows, n_models: int = N_MODELS) -> PairTallies:
    first, second, outcome = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return PairTallies.from_votes(n_models, first, second, outcome)


def simulated_votes(seed: int, n_models: int, n_votes: int, strengths=None):
    """Draw votes whose expected points follow Bradley-Terry, about a quarter of them ties."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.6, n_models) if strengths is None else strengths
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    p_first = expit(strengths[first] - strengths[second])
    p_tie = 0.6 * np.minimum(p_first, 1 - p_first)
    draw = rng.random(n_votes)
    outcome = np.select(
        [draw < p_tie / 2, draw < p_tie, draw < p_first + p_tie / 2],
        [Outcome.TIE, Outcome.BOTH_BAD, Outcome.FIRST],
        Outcome.SECOND,
    )
    return first, second, outcome


def points_matrix(n_models: int, first, second, outcome) -> np.ndarray:
    """Points of row against column, half a point for a tie, (n_models, n_models)."""
    points = np.zeros((n_models, n_models))
    np.add.at(points, (first, second), np.choose(outcome, [1.0, 0.0, 0.5, 0.5]))
    np.add.at(points, (second, first), np.choose(outcome, [0.0, 1.0, 0.5, 0.5]))
    return points


def assert_same_fit(one: Fit, other: Fit) -> None:
    np.testing.assert_allclose(one.scores, other.scores, **SAME)
    np.testing.assert_allclose(one.covariance, other.covariance, **SAME)
    np.testing.assert_allclose(one.fisher_covariance, other.fisher_covariance, **SAME)
    np.testing.assert_array_equal(one.n_votes, other.n_votes)
    np.testing.assert_array_equal(one.insufficient, other.insufficient)


# --- symmetries -------------------------------------------------------------------------------


@unhurried
@given(vote_lists, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    fit = fit_bradley_terry(tallied(rows))
    renamed = fit_bradley_terry(tallied([(names[i], names[j], o) for i, j, o in rows]))
    place = np.array(names)
    np.testing.assert_allclose(renamed.scores[place], fit.scores, **SAME)
    np.testing.assert_allclose(renamed.covariance[np.ix_(place, place)], fit.covariance, **SAME)
    np.testing.assert_array_equal(renamed.insufficient[place], fit.insufficient)
    together = fit.component[:, None] == fit.component
    component = renamed.component[place]
    np.testing.assert_array_equal(component[:, None] == component, together)


@unhurried
@given(vote_lists, st.randoms(use_true_random=False))
def test_the_order_of_votes_and_of_seats_changes_no_bit_of_the_board(rows, random):
    mixed = [(j, i, int(SWAP[o])) if random.random() < 0.5 else (i, j, o) for i, j, o in rows]
    random.shuffle(mixed)
    fit, again = fit_bradley_terry(tallied(rows)), fit_bradley_terry(tallied(mixed))
    for name in ("scores", "covariance", "fisher_covariance", "component", "n_votes"):
        assert getattr(fit, name).tobytes() == getattr(again, name).tobytes(), name
    assert (fit.log_likelihood, fit.iterations) == (again.log_likelihood, again.iterations)


@unhurried
@given(vote_lists)
def test_turning_every_vote_around_turns_the_board_upside_down(rows):
    fit = fit_bradley_terry(tallied(rows))
    reverse = fit_bradley_terry(tallied([(i, j, int(SWAP[o])) for i, j, o in rows]))
    np.testing.assert_allclose(reverse.scores, -fit.scores, **SAME)
    np.testing.assert_allclose(reverse.covariance, fit.covariance, **SAME)


@unhurried
@given(vote_lists, vote_lists)
def test_fitting_merged_tallies_is_fitting_all_votes(rows, more):
    assert_same_fit(
        fit_bradley_terry(tallied(rows) + tallied(more)), fit_bradley_terry(tallied(rows + more))
    )


@unhurried
@given(vote_lists, vote, st.integers(1, 5))
def test_more_wins_never_rank_a_model_lower(rows, pair, extra):
    winner, loser, _ = pair
    linked = [*rows, (winner, loser, Outcome.TIE)]
    before = fit_bradley_terry(tallied(linked))
    after = fit_bradley_terry(tallied(linked + [(winner, loser, Outcome.FIRST)] * extra))
    lead_before = before.scores[winner] - before.scores
    lead_after = after.scores[winner] - after.scores
    same = before.component == before.component[winner]
    assert (lead_after[same] >= lead_before[same] - 1e-8).all()
    rank_before = rank_by_score(before.scores, before.component)[winner]
    assert rank_by_score(after.scores, after.component)[winner] <= rank_before


@unhurried
@given(
    st.lists(st.integers(0, 10), min_size=10, max_size=10),
    st.integers(1, 8),
    st.sampled_from([Outcome.TIE, Outcome.BOTH_BAD]),
)
def test_as_many_ties_in_every_pair_of_a_round_robin_keep_the_order(wins, ties, kind):
    first, second = np.triu_indices(N_MODELS, k=1)
    counts = np.array(wins, dtype=float)
    none, tie = np.zeros(10), np.full(10, float(ties))
    plain = PairTallies(N_MODELS, first, second, counts, 10 - counts, none, none)
    columns = (tie, none) if kind is Outcome.TIE else (none, tie)
    tied = PairTallies(N_MODELS, first, second, counts, 10 - counts, *columns)
    order = [
        rank_by_score(fit.scores, fit.component) for fit in map(fit_bradley_terry, (plain, tied))
    ]
    np.testing.assert_array_equal(*order)


@unhurried
@given(vote_lists)
def test_every_result_is_a_number_and_every_component_sums_to_zero(rows):
    fit = fit_bradley_terry(tallied(rows))
    for name in ("scores", "covariance", "fisher_covariance", "n_votes"):
        assert np.isfinite(getattr(fit, name)).all(), name
    for component in np.unique(fit.component):
        members = fit.component == component
        assert abs(fit.scores[members].sum()) < 1e-9
        np.testing.assert_allclose(fit.covariance[members].sum(axis=0), 0, atol=1e-8)
        assert not fit.covariance[np.ix_(members, ~members)].any()
    assert np.linalg.eigvalsh(fit.covariance).min() > -1e-9


@unhurried
@given(vote_lists)
def test_expected_points_equal_points_at_the_fit_with_its_prior(rows):
    """The likelihood equations (Hunter 2004, eq. 3), each model also tied with the opponent."""
    tallies = tallied(rows)
    fit = fit_bradley_terry(tallies, prior_ties=1.0)
    points = points_matrix(N_MODELS, *np.array(rows).T)
    expected = ((points + points.T) * expit(fit.scores[:, None] - fit.scores)).sum(axis=1)
    surplus = points.sum(axis=1) - expected  # what the virtual opponent has to take
    for component in np.unique(fit.component[fit.n_votes > 0]):
        members = fit.component == component
        # surplus_i = expit(s_i - g) - 1/2, so one opponent strength g must explain all members
        opponent = fit.scores[members] - np.log((0.5 + surplus[members]) / (0.5 - surplus[members]))
        np.testing.assert_allclose(opponent, opponent[0], atol=1e-7)


# --- parity with other libraries --------------------------------------------------------------


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(1, 3, 60), (2, 8, 400), (3, 30, 6000)])
def test_scores_agree_with_choix(seed, n_models, n_votes):
    votes = simulated_votes(seed, n_models, n_votes)
    fit = fit_bradley_terry(PairTallies.from_votes(n_models, *votes), prior_ties=0)
    points = points_matrix(n_models, *votes)
    spectral = choix.ilsr_pairwise_dense(points, max_iter=1000, tol=1e-12)
    np.testing.assert_allclose(fit.scores, spectral - spectral.mean(), atol=1e-6)


def test_scores_agree_with_the_mm_algorithm_of_choix():
    first, second, outcome = simulated_votes(4, 6, 300)
    fit = fit_bradley_terry(PairTallies.from_votes(6, first, second, outcome), prior_ties=0)
    # choix knows no ties: a win is listed twice, a tie once in each direction.
    once = np.column_stack(
        [np.where(outcome == 1, second, first), np.where(outcome == 1, first, second)]
    )
    again = np.where((outcome >= Outcome.TIE)[:, None], once[:, ::-1], once)
    mm = choix.mm_pairwise(6, np.concatenate([once, again]).tolist(), tol=1e-11)
    np.testing.assert_allclose(fit.scores, mm - mm.mean(), atol=1e-6)


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(5, 4, 100), (6, 20, 4000)])
def test_scores_agree_with_evalica(seed, n_models, n_votes):
    first, second, outcome = simulated_votes(seed, n_models, n_votes)
    fit = fit_bradley_terry(PairTallies.from_votes(n_models, first, second, outcome), prior_ties=0)
    names = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.Draw]
    winners = [names[code] for code in outcome]
    theirs = evalica.bradley_terry(
        first.tolist(), second.tolist(), winners, tolerance=1e-14, limit=100_000
    )
    log_strengths = np.log(theirs.scores.loc[range(n_models)].to_numpy())
    np.testing.assert_allclose(fit.scores, log_strengths - log_strengths.mean(), atol=1e-6)


def test_the_prior_is_one_more_player_tied_with_everybody():
    votes = simulated_votes(7, 6, 200)
    fit = fit_bradley_terry(PairTallies.from_votes(6, *votes), prior_ties=0.8)
    points = np.zeros((7, 7))
    points[:6, :6] = points_matrix(6, *votes)
    points[6, :6] = points[:6, 6] = 0.4
    theirs = choix.ilsr_pairwise_dense(points, max_iter=1000, tol=1e-12)[:6]
    np.testing.assert_allclose(fit.scores, theirs - theirs.mean(), atol=1e-6)


# --- uncertainty ------------------------------------------------------------------------------


def test_the_sandwich_equals_one_built_vote_by_vote():
    first, second, outcome = simulated_votes(8, 7, 500)
    fit = fit_bradley_terry(PairTallies.from_votes(7, first, second, outcome), prior_ties=0)
    identity = np.eye(7)
    design = identity[first] - identity[second]  # (n_votes, n_models)
    p_first = expit(design @ fit.scores)
    residual = np.choose(outcome, [1.0, 0.0, 0.5, 0.5]) - p_first
    bread = np.linalg.pinv(design.T @ (design * (p_first * (1 - p_first))[:, None]))
    influence = (design * residual[:, None]) @ bread
    np.testing.assert_allclose(fit.covariance, influence.T @ influence, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.fisher_covariance, bread, rtol=1e-9, atol=1e-12)


def test_intervals_cover_the_truth_as_often_as_they_say_although_votes_tie():
    strengths = np.linspace(-1, 1, 8)
    covered, wider = [], []
    for seed in range(150):
        votes = simulated_votes(1000 + seed, 8, 1200, strengths)
        fit = fit_bradley_terry(PairTallies.from_votes(8, *votes))
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
        wider.append(np.diagonal(fit.fisher_covariance) > np.diagonal(fit.covariance))
    assert 0.93 < np.mean(covered) < 0.97
    assert np.mean(wider) > 0.99  # ties carry less noise than the binomial variance claims


def test_ten_times_the_votes_shrink_the_covariance_tenfold():
    tallies = PairTallies.from_votes(6, *simulated_votes(9, 6, 300))
    tenfold = tallies
    for _ in range(9):
        tenfold = tenfold + tallies
    once, ten = (fit_bradley_terry(votes, prior_ties=0) for votes in (tallies, tenfold))
    np.testing.assert_allclose(ten.scores, once.scores, atol=1e-9)
    np.testing.assert_allclose(ten.covariance * 10, once.covariance, rtol=1e-8)


# --- what votes cannot tell -------------------------------------------------------------------


def test_groups_that_never_met_are_reported_apart_and_fitted_as_if_alone():
    here = [(0, 1, Outcome.FIRST), (1, 0, Outcome.FIRST), (0, 1, Outcome.FIRST)]
    there = [(2, 3, Outcome.SECOND), (2, 3, Outcome.TIE)]
    fit = fit_bradley_terry(tallied(here + there))
    assert fit.component.tolist() == [0, 0, 1, 1, 2]
    assert fit.n_votes.tolist() == [3, 3, 2, 2, 0]
    alone = fit_bradley_terry(tallied(here, n_models=2))
    np.testing.assert_allclose(fit.scores[:2], alone.scores, atol=1e-12)
    np.testing.assert_allclose(fit.covariance[:2, :2], alone.covariance, atol=1e-12)


def test_a_model_without_votes_is_flagged_and_moves_nobody():
    rows = [(0, 1, Outcome.FIRST), (1, 0, Outcome.FIRST), (0, 1, Outcome.TIE)]
    fit = fit_bradley_terry(tallied(rows, n_models=3), prior_ties=0)
    assert fit.insufficient.tolist() == [False, False, True]
    assert (fit.scores[2], fit.n_votes[2], fit.component[2]) == (0, 0, 1)
    np.testing.assert_allclose(fit.scores[:2], fit_bradley_terry(tallied(rows, 2)).scores)


@pytest.mark.parametrize("n_models", [0, 1, 3])
def test_no_votes_at_all_give_an_empty_board(n_models):
    fit = fit_bradley_terry(tallied([], n_models))
    assert fit.scores.tolist() == [0] * n_models
    assert fit.insufficient.all()


def test_a_model_that_never_lost_is_finite_and_flagged_with_the_prior():
    circle = [(0, 1, Outcome.FIRST), (1, 2, Outcome.FIRST), (2, 0, Outcome.FIRST)]
    fit = fit_bradley_terry(tallied([*circle, (3, 0, Outcome.FIRST)], n_models=4))
    assert fit.insufficient.tolist() == [False, False, False, True]
    assert fit.scores[3] == fit.scores.max() < 10


def test_a_model_that_never_lost_is_refused_by_name_without_the_prior():
    rows = [
        (0, 1, Outcome.FIRST),
        (1, 0, Outcome.FIRST),
        (2, 0, Outcome.FIRST),
        (3, 4, Outcome.TIE),
    ]
    with pytest.raises(NoFiniteEstimate, match=r"models 0, 1, 2: .*use prior_ties > 0") as refusal:
        fit_bradley_terry(tallied(rows), prior_ties=0)
    assert refusal.value.models == (0, 1, 2)


@pytest.mark.parametrize("seed", range(8))
def test_landslides_that_only_a_tiny_prior_bounds_leave_no_negative_variance(seed):
    """Seed 4 needs the guard: without it rounding makes a variance of -0.4."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 20, 40)
    second = (first + rng.integers(1, 20, 40)) % 20
    wins, none = np.full(40, 1e6), np.zeros(40)
    fit = fit_bradley_terry(PairTallies(20, first, second, wins, none, none, none), prior_ties=0.01)
    assert np.isfinite(fit.standard_errors).all()
    assert np.isfinite(fit.scores).all()


def test_two_groups_that_only_one_way_wins_link_are_both_flagged():
    pairs = [(0, 1, Outcome.TIE), (2, 3, Outcome.TIE), (0, 2, Outcome.FIRST)]
    assert fit_bradley_terry(tallied(pairs, n_models=4)).insufficient.all()


@unhurried
@given(vote_lists)
def test_a_smaller_prior_leads_to_the_maximum_likelihood_where_there_is_one(rows):
    chain = [(i, (i + 1) % N_MODELS, Outcome.TIE) for i in range(N_MODELS)]
    tallies = tallied(rows + chain)
    plain = fit_bradley_terry(tallies, prior_ties=0)
    assert not plain.insufficient.any()
    tiny = fit_bradley_terry(tallies, prior_ties=1e-9)
    np.testing.assert_allclose(tiny.scores, plain.scores, atol=1e-6)
    np.testing.assert_allclose(tiny.covariance, plain.covariance, atol=1e-6)


def test_a_vote_both_bad_counts_as_a_tie_or_not_at_all_as_asked():
    rows = [(0, 1, Outcome.FIRST), (0, 1, Outcome.TIE)]
    bad = [*rows, (0, 1, Outcome.BOTH_BAD), (2, 3, Outcome.BOTH_BAD)]
    as_tie = fit_bradley_terry(tallied(bad), both_bad="tie")
    tied = [*rows, (0, 1, Outcome.TIE), (2, 3, Outcome.TIE)]
    assert_same_fit(as_tie, fit_bradley_terry(tallied(tied)))
    ignored = fit_bradley_terry(tallied(bad), both_bad="ignore")
    assert_same_fit(ignored, fit_bradley_terry(tallied(rows)))
    assert ignored.component.tolist() == [0, 0, 1, 2, 3]


# --- convergence ------------------------------------------------------------------------------


def test_too_few_iterations_raise_with_what_was_seen():
    tallies = PairTallies.from_votes(6, *simulated_votes(10, 6, 200))
    with pytest.raises(DidNotConverge, match="after 2 iterations") as failure:
        fit_bradley_terry(tallies, max_iterations=2)
    assert failure.value.iterations == 2
    assert 1e-6 < failure.value.residual < 1


@unhurried
@given(st.integers(1, 10**7), st.floats(1e-9, 10))
def test_a_landslide_of_any_size_converges_to_its_exact_log_odds(wins, prior_ties):
    """By symmetry the virtual opponent stands half way between the two models."""
    none, one = np.zeros(1), np.ones(1)
    tallies = PairTallies(2, np.array([0]), np.array([1]), one * wins, one, none, none)
    fit = fit_bradley_terry(tallies, prior_ties=0)
    np.testing.assert_allclose(fit.scores[0] - fit.scores[1], np.log(wins), atol=1e-9)
    held = fit_bradley_terry(tallies, prior_ties=prior_ties)
    gap = held.scores[0] - held.scores[1]
    equation = wins * expit(-gap) - expit(gap) + prior_ties * (0.5 - expit(gap / 2))
    assert abs(equation) < 1e-7 * (wins + 1)
    assert -1e-9 <= gap <= np.log(wins) + 1e-9


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"prior_ties": -0.1}, "prior_ties is -0.1"),
        ({"prior_ties": float("nan")}, "prior_ties is nan"),
        ({"both_bad": "loss"}, "both_bad is 'loss'; use 'tie' or 'ignore'"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        fit_bradley_terry(tallied([(0, 1, 0)]), **option)
