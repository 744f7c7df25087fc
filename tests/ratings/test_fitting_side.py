"""The advantage of a seat: tallies that keep it, its fit, its symmetries and its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import NoFiniteEstimate, NotIdentified
from ratings.fitting.intervals import normal_interval
from ratings.fitting.outcome_design import Predictors
from ratings.fitting.side import FirstSeat, OrderedTallies, fit_bradley_terry_with_side
from ratings.fitting.tallies import Outcome, PairTallies
from tests.ratings.outcome_votes import (
    N_MODELS,
    SAME,
    SWAP,
    ByHand,
    assert_fit_is_the_one_by_hand,
    assert_same_fit,
    davidson_log_p,
    estimates_of,
    first_seat_log_p,
    is_separable,
    simulated_counts,
    three_counts,
    unhurried,
    vote,
    vote_lists,
)

WIN, LOSS, TIE, BAD = Outcome
BOTH_WAYS = [(i, j, k) for i in range(N_MODELS) for j in range(i) for k in (WIN, LOSS)]
COLUMNS = ("first", "second", "wins_first", "wins_second", "ties", "both_bad")


def seated(rows, n_models: int = N_MODELS) -> OrderedTallies:
    first, second, outcome = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return OrderedTallies.from_votes(n_models, first, second, outcome)


def simulated(seed: int, strengths, side: float, n_votes: int) -> OrderedTallies:
    """Davidson votes on strengths of which the first seat's is higher by `side`."""

    def log_p(gap, total, parameters):
        return davidson_log_p(gap + side, total, [-0.6])

    first, second, counts = simulated_counts(log_p, seed, strengths, [], n_votes)
    return OrderedTallies(len(strengths), first, second, *counts, np.zeros(first.size))


# --- tallies ----------------------------------------------------------------------------------


def test_seatings_of_a_pair_are_kept_apart_merged_and_sorted():
    tallies = seated([(2, 0, WIN), (0, 2, LOSS), (2, 0, WIN), (0, 1, TIE), (2, 0, BAD)])
    found = [getattr(tallies, name).tolist() for name in COLUMNS]
    expected = [[0, 0, 2], [1, 2, 0], [0, 0, 2], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert found == expected
    assert not tallies.wins_first.flags.writeable


@unhurried
@given(st.lists(vote, max_size=60), st.randoms(use_true_random=False))
def test_votes_in_any_order_give_the_same_tallies_and_without_seats_those_of_pairs(rows, random):
    tallies = seated(rows)
    random.shuffle(rows)
    again = seated(rows)
    for name in COLUMNS:
        assert getattr(tallies, name).tobytes() == getattr(again, name).tobytes()
    pairs = PairTallies.from_votes(N_MODELS, *np.array(rows, dtype=np.int64).reshape(-1, 3).T)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(tallies.without_seats(), name), getattr(pairs, name))


@pytest.mark.parametrize(
    ("first", "second", "wins", "message"),
    [
        ([0, 1], [1, 1], [1, 1], "row 1 compares model 1 with itself"),
        ([0], [5], [1], r"second\[0\] is 5; expected 0 to 4"),
        ([0], [1], [-1], r"wins_first\[0\] is -1"),
        ([0], [1, 2], [1], "first has shape"),
        ([0], [1], [1, 2], r"wins_first has shape \(2,\); expected \(1,\)"),
        ([0.5], [1], [1], "first has type float64"),
    ],
)
def test_rows_that_are_no_votes_are_refused(first, second, wins, message):
    none = np.zeros(1)
    with pytest.raises(ValueError, match=message):
        OrderedTallies(N_MODELS, first, second, wins, none, none, none)


# --- fit --------------------------------------------------------------------------------------


@unhurried
@given(st.floats(-4, 4), st.floats(-3, 3), st.lists(st.integers(0, 20), min_size=3, max_size=3))
def test_the_derivatives_are_those_of_the_formula(gap, side, counts):
    law = FirstSeat().law(Predictors(np.array([gap]), np.zeros(1), (np.array([side]),)))
    column, step = np.array(counts, dtype=float)[:, None], 1e-30
    log_p = first_seat_log_p(gap, 0.0, [side])
    slope = first_seat_log_p(gap + 1j * step, 0.0, [side]).imag / step
    assert law.log_likelihood(column) == pytest.approx(counts @ log_p)
    np.testing.assert_allclose([of[0][0] for of in law.scores()], slope, rtol=1e-9, atol=1e-12)
    bend = np.sum(counts) * np.exp(log_p[0] + log_p[1])  # n p (1 - p)
    for predictor in (0, 1):  # the side is added to the gap
        np.testing.assert_allclose(law.gradient(column)[predictor][0], counts @ slope, atol=1e-9)
        np.testing.assert_allclose(law.information(column)[predictor, 1][0], bend, rtol=1e-9)
        np.testing.assert_allclose(law.expected_information(column)[0, predictor][0], bend)


@pytest.mark.parametrize(("seed", "n_models", "n_votes"), [(1, 3, 90), (2, 6, 400), (3, 12, 3000)])
def test_estimates_and_covariances_are_those_summed_vote_by_vote(seed, n_models, n_votes):
    strengths = np.random.default_rng(seed).normal(0, 0.6, n_models)
    tallies = simulated(seed, strengths, 0.3, n_votes)
    by_hand = ByHand(first_seat_log_p, tallies, three_counts(tallies), 1)
    fit = fit_bradley_terry_with_side(tallies, prior_ties=0)
    assert_fit_is_the_one_by_hand(fit, by_hand, np.zeros(n_models + 1))


@unhurried
@given(vote_lists)
def test_votes_seen_from_both_seats_have_no_side_and_the_scores_of_bradley_terry(rows):
    mirrored = [*rows, *[(j, i, int(SWAP[o])) for i, j, o in rows]]
    tallies = seated(mirrored)
    fit = fit_bradley_terry_with_side(tallies, prior_ties=0.2)
    plain = fit_bradley_terry(tallies.without_seats(), prior_ties=0.2)
    np.testing.assert_allclose(list(fit.parameters.values()), 0, atol=1e-9)
    np.testing.assert_allclose(fit.scores, plain.scores, **SAME)
    np.testing.assert_allclose(fit.covariance, plain.covariance, **SAME)
    np.testing.assert_allclose(fit.log_likelihood, plain.log_likelihood, rtol=1e-9)
    np.testing.assert_array_equal(fit.insufficient, plain.insufficient)


@unhurried
@given(vote_lists, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    renamed = [(names[i], names[j], o) for i, j, o in rows]
    before, after = (fit_bradley_terry_with_side(seated(votes)) for votes in (rows, renamed))
    place = np.array(names)
    np.testing.assert_allclose(after.scores[place], before.scores, **SAME)
    np.testing.assert_allclose(after.covariance[np.ix_(place, place)], before.covariance, **SAME)


@unhurried
@given(vote_lists)
def test_exchanging_the_seats_turns_the_sign_of_the_side_only(rows):
    fit = fit_bradley_terry_with_side(seated(rows))
    moved = fit_bradley_terry_with_side(seated([(j, i, int(SWAP[o])) for i, j, o in rows]))
    np.testing.assert_allclose(moved.scores, fit.scores, **SAME)
    np.testing.assert_allclose(
        list(moved.parameters.values()), [-side for side in fit.parameters.values()], **SAME
    )


@unhurried
@given(vote_lists, vote, st.integers(1, 5))
def test_more_wins_never_make_the_next_win_less_likely(rows, pair, extra):
    winner, loser, _ = pair
    log_odds = []
    for more in (0, extra):
        rows_now = BOTH_WAYS + rows + [(winner, loser, WIN)] * more
        fit = fit_bradley_terry_with_side(seated(rows_now))
        log_odds.append(fit.scores[winner] - fit.scores[loser] + fit.parameters["side"])
    assert log_odds[1] >= log_odds[0] - 1e-9


def test_islands_that_never_met_are_fitted_as_if_alone():
    here = [(0, 1, WIN), (1, 0, WIN), (0, 1, WIN), (0, 1, LOSS), (1, 0, TIE)]
    there = [(2, 3, LOSS), (2, 3, WIN), (3, 2, LOSS)]
    fit = fit_bradley_terry_with_side(seated(there + here))
    alone = fit_bradley_terry_with_side(seated(here, n_models=2))
    assert list(fit.parameters) == ["side", "side[1]"]
    kept = [0, 1, 5]
    np.testing.assert_allclose(estimates_of(fit)[kept], estimates_of(alone), atol=1e-9)
    assert not fit.joint_covariance[np.ix_(kept, [2, 3, 4, 6])].any()


def statistics(first: int, second: int, outcome: int) -> np.ndarray:
    """Of a decided vote; a tie is both at once."""
    found = np.zeros(N_MODELS + 1)
    found[[first, second, N_MODELS]] = np.array([1, -1, 1]) * (outcome == WIN)
    return found


@unhurried
@given(st.lists(vote.filter(lambda drawn: drawn[2] < TIE), min_size=1, max_size=16))
def test_without_a_prior_it_refuses_exactly_what_a_linear_program_calls_infinite(rows):
    rows = [(0, i, WIN) for i in range(1, N_MODELS)] + rows  # one component
    tallies = seated(rows)
    is_flat = np.linalg.matrix_rank([statistics(i, j, WIN) for i, j, _ in rows]) < N_MODELS
    if is_flat or is_separable(tallies, statistics):
        with pytest.raises((NotIdentified, NoFiniteEstimate)):
            fit_bradley_terry_with_side(tallies, prior_ties=0)
        held = fit_bradley_terry_with_side(tallies)
        assert np.isfinite(estimates_of(held)).all()
    else:
        fit = fit_bradley_terry_with_side(tallies, prior_ties=0)
        assert not fit.insufficient.any()


def test_intervals_cover_strengths_and_side_as_often_as_they_say_where_no_vote_ties():
    strengths, side = np.linspace(-1, 1, 8), 0.3
    covered, side_covered = [], []

    def log_p(gap, total, parameters):
        return first_seat_log_p(gap, total, [side])[:2]

    for seed in range(150):
        first, second, (wins, losses) = simulated_counts(log_p, 700 + seed, strengths, [], 1200)
        none = np.zeros(first.size)
        fit = fit_bradley_terry_with_side(
            OrderedTallies(8, first, second, wins, losses, none, none)
        )
        low, high = normal_interval(fit.scores, fit.covariance, level=0.95)
        covered.append((low <= strengths) & (strengths <= high))
        error = abs(fit.parameters["side"] - side)
        side_covered.append(error <= 1.96 * fit.parameter_errors["side"])
    assert 0.93 < np.mean(covered) < 0.97
    assert 0.88 < np.mean(side_covered) <= 1


# --- what votes cannot tell -------------------------------------------------------------------


def test_no_votes_tell_nothing_about_a_seat():
    with pytest.raises(NotIdentified, match="'side' has no finite estimate: there are no votes"):
        fit_bradley_terry_with_side(seated([]))


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 1, WIN), (1, 0, WIN)],  # the first seat always wins
        [(0, 1, LOSS), (1, 0, LOSS)],  # the second seat always wins
        [(0, 1, WIN), (0, 1, LOSS)],  # nobody ever changed seats
    ],
)
def test_seats_that_the_votes_cannot_tell_from_strengths_are_refused_without_a_prior(rows):
    with pytest.raises(NotIdentified, match="seat models at random") as refusal:
        fit_bradley_terry_with_side(seated(rows, 2), prior_ties=0)
    assert (refusal.value.parameter, refusal.value.models) == ("side", (0, 1))
    assert np.isfinite(estimates_of(fit_bradley_terry_with_side(seated(rows, 2)))).all()


def test_a_model_that_never_lost_is_refused_by_name_without_the_prior():
    with pytest.raises(NoFiniteEstimate, match="models 0, 1"):
        fit_bradley_terry_with_side(seated([(0, 1, WIN), (1, 0, LOSS)], 2), prior_ties=0)


def test_a_vote_both_bad_counts_as_a_tie_or_not_at_all_as_asked():
    bad, tied = ([*BOTH_WAYS, (0, 1, outcome)] for outcome in (BAD, TIE))
    assert_same_fit(
        fit_bradley_terry_with_side(seated(bad)), fit_bradley_terry_with_side(seated(tied))
    )
    ignored = fit_bradley_terry_with_side(seated(bad), both_bad="ignore")
    assert_same_fit(ignored, fit_bradley_terry_with_side(seated(BOTH_WAYS)))
    with pytest.raises(ValueError, match="both_bad is 'loss'"):
        fit_bradley_terry_with_side(seated(bad), both_bad="loss")
