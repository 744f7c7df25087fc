"""Davidson's model of ties: its maximum, its covariance, its symmetries and its refusals."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.fitting.comparison_graph import connected_components
from ratings.fitting.davidson import Davidson, fit_davidson
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate, NotIdentified
from ratings.fitting.intervals import normal_interval
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
    assert_same_fit,
    davidson_log_p,
    estimates_of,
    is_separable,
    simulated_tallies,
    statistics_with_ties,
    tallied,
    three_counts,
    unhurried,
    vote,
    vote_lists,
)

WIN, LOSS, TIE, BAD = Outcome
small_counts = st.lists(st.integers(0, 20), min_size=3, max_size=3)


@unhurried
@given(st.floats(-4, 4), st.floats(-3, 3), small_counts)
def test_the_derivatives_are_those_of_the_formula(gap, tie, counts):
    assert_derivatives_are_those_of_the_formula(Davidson(), davidson_log_p, gap, 0.0, [tie], counts)


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(1, 3, 60), (2, 6, 400), (3, 12, 3000)])
def test_estimates_and_covariances_are_those_summed_vote_by_vote(seed, n_models, n_votes):
    strengths = np.random.default_rng(seed).normal(0, 0.6, n_models)
    tallies = simulated_tallies(davidson_log_p, seed, strengths, [-0.4], n_votes)
    by_hand = ByHand(davidson_log_p, tallies, three_counts(tallies), 1)
    fit = fit_davidson(tallies, prior_ties=0)
    assert_fit_is_the_one_by_hand(fit, by_hand, np.zeros(n_models + 1))


@unhurried
@given(st.lists(vote, min_size=1, max_size=14))
def test_without_a_prior_it_refuses_exactly_what_a_linear_program_calls_infinite(rows):
    tallies = tallied(rows)
    component = connected_components(N_MODELS, tallies.first, tallies.second)
    if is_separable(tallies, partial(statistics_with_ties, component)):
        with pytest.raises((NotIdentified, NoFiniteEstimate)):
            fit_davidson(tallies, prior_ties=0)
        held = fit_davidson(tallies)
        assert np.isfinite(estimates_of(held)).all()
        assert np.isfinite(held.joint_covariance).all()
    else:
        fit = fit_davidson(tallies, prior_ties=0)
        assert not fit.insufficient[fit.n_votes > 0].any()


@unhurried
@given(vote_lists, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    assert_renaming_only_renames(fit_davidson, rows, names)


@unhurried
@given(vote_lists)
def test_turning_every_vote_around_turns_the_board_upside_down(rows):
    fit = fit_davidson(tallied(rows))
    reverse = fit_davidson(tallied([(i, j, int(SWAP[o])) for i, j, o in rows]))
    np.testing.assert_allclose(reverse.scores, -fit.scores, **SAME)
    np.testing.assert_allclose(list(reverse.parameters.values()), list(fit.parameters.values()))
    np.testing.assert_allclose(reverse.covariance, fit.covariance, **SAME)


@unhurried
@given(vote_lists, vote, st.integers(1, 5))
def test_more_wins_never_make_the_next_win_less_likely(rows, pair, extra):
    winner, loser, _ = pair
    before, after = (
        fit_davidson(tallied(RING + rows + [(winner, loser, WIN)] * more), prior_ties=0)
        for more in (0, extra)
    )
    p_before, p_after = (
        davidson_log_p(fit.scores[winner] - fit.scores[loser], 0, [fit.parameters["tie"]])[0]
        for fit in (before, after)
    )
    assert p_after >= p_before - 1e-9


@unhurried
@given(vote_lists, st.integers(2, 9))
def test_many_times_the_votes_shrink_only_the_covariance(rows, times):
    once = fit_davidson(tallied(RING + rows), prior_ties=0)
    more = fit_davidson(tallied((RING + rows) * times), prior_ties=0)
    np.testing.assert_allclose(estimates_of(more), estimates_of(once), **SAME)
    np.testing.assert_allclose(more.joint_covariance * times, once.joint_covariance, **SAME)


@unhurried
@given(vote_lists)
def test_every_result_is_a_number_and_every_component_sums_to_zero(rows):
    fit = fit_davidson(tallied(rows))
    for values in (estimates_of(fit), fit.joint_covariance, fit.joint_fisher_covariance):
        assert np.isfinite(values).all()
    for component in np.unique(fit.component):
        members = fit.component == component
        assert abs(fit.scores[members].sum()) < 1e-9
        assert not fit.covariance[np.ix_(members, ~members)].any()
    assert np.linalg.eigvalsh(fit.joint_covariance).min() > -1e-8


def test_islands_that_never_met_are_fitted_as_if_alone():
    here = [(0, 1, WIN), (1, 0, WIN), (0, 1, WIN), (0, 1, TIE), (1, 0, TIE)]
    there = [(2, 3, LOSS), (2, 3, WIN), (2, 3, TIE), (2, 3, LOSS)]
    fit = fit_davidson(tallied(there + here))
    assert list(fit.parameters) == ["tie", "tie[1]"]
    alone, other = (
        fit_davidson(tallied(here, n_models=2)),
        fit_davidson(tallied([(0, 1, outcome) for *_, outcome in there], n_models=2)),
    )
    kept = [0, 1, 5]
    np.testing.assert_allclose(estimates_of(fit)[kept], estimates_of(alone), atol=1e-9)
    np.testing.assert_allclose(estimates_of(fit)[[2, 3, 6]], estimates_of(other), atol=1e-9)
    covariance = fit.joint_covariance
    np.testing.assert_allclose(covariance[np.ix_(kept, kept)], alone.joint_covariance, atol=1e-9)
    assert not covariance[np.ix_(kept, [2, 3, 4, 6])].any()
    assert (fit.scores[4], fit.insufficient.tolist()) == (0, [False] * 4 + [True])


def test_a_smaller_prior_leads_to_the_maximum_likelihood():
    tallies = tallied(RING)
    tiny, plain = (fit_davidson(tallies, prior_ties=prior) for prior in (1e-9, 0))
    assert_same_fit(tiny, plain)


def test_the_prior_holds_strengths_and_leaves_the_share_of_ties():
    tallies = simulated_tallies(davidson_log_p, 4, [1.0, 0.0, -1.0], [-0.5], 3000)
    plain, held = (fit_davidson(tallies, prior_ties=prior) for prior in (0, 100))
    assert np.ptp(held.scores) < 0.95 * np.ptp(plain.scores)
    assert held.parameters["tie"] == pytest.approx(plain.parameters["tie"], abs=0.05)


def test_a_vote_both_bad_counts_as_a_tie_or_not_at_all_as_asked():
    bad = [*RING, (0, 1, BAD), (2, 3, BAD)]
    tied = [*RING, (0, 1, TIE), (2, 3, TIE)]
    assert_same_fit(fit_davidson(tallied(bad)), fit_davidson(tallied(tied)))
    ignored = fit_davidson(tallied(bad), both_bad="ignore")
    assert_same_fit(ignored, fit_davidson(tallied(RING)))


def test_intervals_cover_strengths_and_ties_as_often_as_they_say():
    strengths, tie = np.linspace(-1, 1, 8), -0.4
    covered, tie_covered = [], []
    for seed in range(150):
        fit = fit_davidson(simulated_tallies(davidson_log_p, 100 + seed, strengths, [tie], 1200))
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
        error = abs(fit.parameters["tie"] - tie)
        tie_covered.append(error <= 1.96 * fit.parameter_errors["tie"])
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.88 < np.mean(tie_covered) <= 1


# --- what votes cannot tell -------------------------------------------------------------------


@pytest.mark.parametrize("n_models", [0, 1, 3])
def test_no_votes_tell_nothing_about_ties(n_models):
    with pytest.raises(NotIdentified, match="there are no votes; collect votes first"):
        fit_davidson(tallied([], n_models))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(0, 1, WIN), (1, 0, WIN)], "none of their votes is a tie; use fit_bradley_terry"),
        ([(0, 1, TIE), (1, 0, TIE)], "all of their votes are ties; use prior_ties > 0"),
        ([(0, 1, WIN), (1, 0, TIE)], "no circle of their votes holds more wins than ties"),
    ],
)
def test_votes_that_put_the_share_of_ties_at_infinity_are_refused_without_a_prior(rows, reason):
    with pytest.raises(NotIdentified, match=reason) as refusal:
        fit_davidson(tallied(rows, 2), prior_ties=0)
    assert (refusal.value.parameter, refusal.value.models) == ("tie", (0, 1))
    assert np.isfinite(estimates_of(fit_davidson(tallied(rows, 2)))).all()


def test_a_model_that_never_lost_is_refused_by_name_without_the_prior_and_flagged_with_it():
    rows = [*RING[:3], (2, 0, WIN)]
    with pytest.raises(NoFiniteEstimate, match=r"models 0, 1, 2: .*use prior_ties > 0"):
        fit_davidson(tallied(rows, 3), prior_ties=0)
    fit = fit_davidson(tallied(rows, 3))
    assert fit.insufficient.tolist() == [False, False, True]
    assert fit.scores[2] == fit.scores.max() < 10


def test_too_few_iterations_raise_with_what_was_seen():
    with pytest.raises(DidNotConverge, match="after 1 iterations"):
        fit_davidson(tallied([*RING, *RING[:1] * 30]), max_iterations=1)


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
        fit_davidson(tallied(RING), **option)


@unhurried
@given(st.integers(2, 10**7), st.integers(1, 1000))
def test_two_models_reach_their_exact_odds(wins, ties):
    """With W, L and T votes of one pair the fitted probabilities are the shares."""
    one, none = np.ones(1), np.zeros(1)
    tallies = PairTallies(2, np.array([0]), np.array([1]), wins * one, one, ties * one, none)
    fit = fit_davidson(tallies, prior_ties=0)
    gap, tie = fit.scores[0] - fit.scores[1], fit.parameters["tie"]
    np.testing.assert_allclose(gap, np.log(wins), atol=3e-6)
    np.testing.assert_allclose(tie, np.log(ties) - np.log(wins) / 2, atol=3e-6)
