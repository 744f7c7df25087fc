"""Voters who cast many votes: capped, clustered, and their intervals cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.clustering import (
    CAP,
    TooFewVoters,
    degrees_of_freedom,
    effective_clusters,
    fit_by_voter,
    voter_effects,
    voter_weights,
    without_excess,
)
from ratings.fitting.intervals import half_width, t_half_width, t_interval
from ratings.fitting.tallies import Outcome, PairTallies
from ratings.fitting.voter_tallies import VoterTallies

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
N_MODELS = 5
COLUMNS = ("voter", "first", "second", "wins_first", "wins_second", "ties", "both_bad")

vote = st.tuples(
    st.integers(0, 6),
    st.integers(0, N_MODELS - 1),
    st.integers(0, N_MODELS - 1),
    st.sampled_from(list(Outcome)),
).filter(lambda drawn: drawn[1] != drawn[2])
vote_lists = st.lists(vote, min_size=1, max_size=60)
caps = st.sampled_from([0.5, 1.0, 3.0, 7.5, np.inf])
numberings = st.permutations(range(7)).map(np.array)


def counted(rows, weight=None) -> VoterTallies:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return VoterTallies.from_votes(N_MODELS, *columns, weight)


def drawn_votes(seed, *, n_models, n_votes, n_voters=None, taste=0.0, exponent=0.0, strengths=0):
    """Draw votes of voters whose log-strengths differ by a taste with this standard deviation.

    A voter's votes fall as rank^-exponent; without `n_voters` each vote is a voter of its own.
    """
    rng = np.random.default_rng(seed)
    share = np.arange(1, (n_voters or n_votes) + 1) ** -exponent
    voter = (
        rng.choice(share.size, n_votes, p=share / share.sum()) if n_voters else np.arange(n_votes)
    )
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    of_voter = strengths + rng.normal(0, taste, (share.size, n_models)) if taste else strengths
    liked = np.broadcast_to(of_voter, (share.size, n_models))
    p_first = expit(liked[voter, first] - liked[voter, second])
    p_tie = 0.5 * np.minimum(p_first, 1 - p_first)
    draw = rng.random(n_votes)
    outcome = np.select([draw < p_first - p_tie / 2, draw < p_first + p_tie / 2], [0, 2], 1)
    return voter, first, second, outcome


def connected(rows):
    """Add votes of two more voters that link all models both ways."""
    ring = [
        (voter, i, (i + 1) % N_MODELS, Outcome.TIE) for voter in (7, 8) for i in range(N_MODELS)
    ]
    return [*rows, *ring]


# --- the cap ----------------------------------------------------------------------------------


@unhurried
@given(st.lists(st.integers(1, 10**6), min_size=1), st.floats(0.5, 1e5))
def test_nobody_is_heard_more_than_the_cap(n_votes, cap):
    votes = np.array(n_votes, dtype=float)
    weights = voter_weights(votes, cap)
    assert (votes * weights <= np.maximum(cap, 0) * (1 + 1e-12)).all()
    assert (weights[votes <= cap] == 1).all()
    np.testing.assert_allclose(weights, np.minimum(1, cap / votes), rtol=0, atol=2.0**-29)


@pytest.mark.parametrize("cap", [0.0, -3.0, float("nan")])
def test_a_cap_that_is_not_above_0_is_refused(cap):
    with pytest.raises(ValueError, match=r"cap is .*; use a number of votes above 0"):
        voter_weights(np.ones(1), cap)


@unhurried
@given(vote_lists, caps)
def test_the_excess_is_what_the_cap_takes(rows, cap):
    votes = counted(connected(rows))
    weights = voter_weights(votes.votes_of_voter, cap)
    capped = without_excess(votes.pair_tallies(), voter_effects(votes, cap=cap).excess)
    expected = votes.pair_tallies(weights)
    for name in COLUMNS[1:]:
        np.testing.assert_array_equal(getattr(capped, name), getattr(expected, name))
    assert capped.votes.sum() == pytest.approx((weights * votes.votes_of_voter).sum())


def test_an_excess_of_votes_withdrawn_since_leaves_no_negative_count():
    tallies = PairTallies(3, [0, 1], [1, 2], [5, 2], [5, 2], [0, 0], [0, 0])
    excess = PairTallies(3, [0, 0], [1, 2], [7.5, 1], [1.5, 0], [0, 0], [0, 0])
    left = without_excess(tallies, excess)
    assert left.wins_first.tolist() == [0, 2]
    assert left.wins_second.tolist() == [3.5, 2]
    with pytest.raises(ValueError, match="over 3 models cannot lose an excess over 2"):
        without_excess(tallies, PairTallies(2, [0], [1], [1], [0], [0], [0]))


# --- the covariance ---------------------------------------------------------------------------


def test_where_each_vote_is_its_own_voter_the_covariance_is_the_sandwich():
    votes = VoterTallies.from_votes(6, *drawn_votes(1, n_models=6, n_votes=500))
    clustered, plain = fit_by_voter(votes), fit_bradley_terry(votes.pair_tallies())
    np.testing.assert_array_equal(clustered.scores, plain.scores)
    np.testing.assert_allclose(clustered.covariance, plain.covariance * 500 / 499, rtol=1e-9)
    cr0 = fit_by_voter(votes, small_sample="cr0")
    np.testing.assert_allclose(cr0.covariance, plain.covariance, rtol=1e-9)
    assert clustered.n_clusters == 500


@unhurried
@given(vote_lists, caps, st.sampled_from(["tie", "ignore"]))
def test_the_covariance_is_the_sum_over_voters_written_out(rows, cap, both_bad):
    rows = connected(rows)
    fit = fit_by_voter(counted(rows), cap=cap, both_bad=both_bad)
    kept = [row for row in rows if both_bad == "tie" or row[3] != Outcome.BOTH_BAD]
    voters = sorted({row[0] for row in kept})
    meat = np.zeros((N_MODELS, N_MODELS))
    for voter in voters:
        own = [row for row in kept if row[0] == voter]
        score = np.zeros(N_MODELS)
        for _, i, j, outcome in own:
            points = [1.0, 0.0, 0.5, 0.5][outcome]
            residual = points - expit(fit.scores[i] - fit.scores[j])
            score[i] += residual
            score[j] -= residual
        score *= min(1, cap / len(own))
        meat += np.outer(score, score)
    several = len(voters) / (len(voters) - 1)
    expected = fit.fisher_covariance @ meat @ fit.fisher_covariance * several
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-6, atol=1e-9)


@unhurried
@given(vote_lists, numberings, caps)
def test_how_voters_are_numbered_changes_no_bit_of_the_scores(rows, numbers, cap):
    rows = connected(rows)
    renamed = [(int(numbers[u]) * 1000 if u < 7 else u, i, j, o) for u, i, j, o in rows]
    one, other = fit_by_voter(counted(rows), cap=cap), fit_by_voter(counted(renamed), cap=cap)
    assert one.scores.tobytes() == other.scores.tobytes()
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-9, atol=1e-12)
    effects = [voter_effects(counted(votes), cap=cap) for votes in (rows, renamed)]
    np.testing.assert_allclose(effects[0].widening, effects[1].widening, rtol=1e-9)
    for name in COLUMNS[1:]:
        np.testing.assert_array_equal(*(getattr(effect.excess, name) for effect in effects))


@unhurried
@given(vote_lists, st.permutations(range(N_MODELS)))
def test_renaming_the_models_only_renames_the_results(rows, names):
    rows, place = connected(rows), np.array(names)
    fit = fit_by_voter(counted(rows), cap=3)
    renamed = fit_by_voter(counted([(u, names[i], names[j], o) for u, i, j, o in rows]), cap=3)
    np.testing.assert_allclose(renamed.scores[place], fit.scores, atol=1e-8)
    np.testing.assert_allclose(
        renamed.covariance[np.ix_(place, place)], fit.covariance, rtol=1e-6, atol=1e-8
    )


def test_repeating_every_vote_of_a_voter_tells_nothing_new():
    votes = drawn_votes(2, n_models=4, n_votes=300, n_voters=30)
    once = fit_by_voter(VoterTallies.from_votes(4, *votes), cap=np.inf, prior_ties=0)
    thrice = fit_by_voter(
        VoterTallies.from_votes(4, *(np.repeat(column, 3) for column in votes)),
        cap=np.inf,
        prior_ties=0,
    )
    np.testing.assert_allclose(thrice.scores, once.scores, atol=1e-9)
    np.testing.assert_allclose(thrice.covariance, once.covariance, rtol=1e-6)


def test_votes_are_counted_once_whatever_they_weigh():
    fit = fit_by_voter(counted(connected([(0, 0, 1, Outcome.FIRST)] * 50)), cap=5)
    assert fit.n_votes.tolist() == [54, 54, 4, 4, 4]


def test_inverse_propensities_weigh_the_votes():
    rows = connected([(0, 0, 1, Outcome.FIRST), (1, 0, 2, Outcome.SECOND), (2, 3, 4, Outcome.TIE)])
    weight = np.linspace(0.5, 2, len(rows))
    fit = fit_by_voter(counted(rows, weight))
    voter, first, second, outcome = np.array(rows).T
    points = np.choose(outcome, [1.0, 0.0, 0.5, 0.5])
    residual = weight * (points - expit(fit.scores[first] - fit.scores[second]))
    score = np.zeros((9, N_MODELS))
    np.add.at(score, (voter, first), residual)
    np.add.at(score, (voter, second), -residual)
    n_voters = np.unique(voter).size
    meat = score.T @ score * n_voters / (n_voters - 1)
    expected = fit.fisher_covariance @ meat @ fit.fisher_covariance
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-8, atol=1e-12)


def test_one_voter_alone_shows_no_variance():
    rows = [(3, 0, 1, Outcome.FIRST), (3, 1, 2, Outcome.TIE), (4, 3, 4, Outcome.FIRST)]
    with pytest.raises(TooFewVoters, match="votes of one voter only") as refusal:
        fit_by_voter(counted([*rows, (5, 3, 4, Outcome.SECOND)]))
    assert refusal.value.models == (0, 1, 2)


def test_voters_are_counted_within_their_component():
    """Two groups of models that never met are fitted as if each were alone."""
    left = [(0, 0, 1, 0), (1, 0, 1, 1), (1, 0, 1, 0), (2, 0, 1, 2)]
    right = [(2, 2, 3, 0), (3, 3, 4, 1), (3, 4, 2, 0), (3, 4, 2, 0)]
    both = fit_by_voter(counted(left + right))
    alone = [fit_by_voter(counted(part)) for part in (left, right)]
    np.testing.assert_allclose(both.covariance[:2, :2], alone[0].covariance[:2, :2], rtol=1e-9)
    np.testing.assert_allclose(both.covariance[2:, 2:], alone[1].covariance[2:, 2:], rtol=1e-9)


def test_a_correction_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="small_sample is 'cr7'; use 'cr0' or 'cr1'"):
        fit_by_voter(counted(connected([])), small_sample="cr7")


# --- effective voters -------------------------------------------------------------------------


def test_equal_voters_are_as_effective_as_they_are_many():
    # Each of 12 voters casts the same votes, so all weigh the same in every model.
    rows = [
        (voter, i, j, (voter + i + j) % 3)
        for voter in range(12)
        for i in range(5)
        for j in range(i)
    ]
    votes = counted(rows)
    clusters = effective_clusters(votes, fit_by_voter(votes))
    np.testing.assert_allclose(clusters, 12, rtol=1e-9)
    np.testing.assert_allclose(degrees_of_freedom(clusters), 11, rtol=1e-9)


def test_one_busy_voter_leaves_few_effective_ones_and_the_cap_brings_them_back():
    votes = drawn_votes(4, n_models=5, n_votes=4000, n_voters=300, taste=1.0, exponent=1.2)
    by_voter = VoterTallies.from_votes(5, *votes)
    raw = effective_clusters(by_voter, fit_by_voter(by_voter, cap=np.inf), cap=np.inf)
    capped = effective_clusters(by_voter, fit_by_voter(by_voter, cap=10), cap=10)
    assert (raw < 15).all()
    assert (capped > 4 * raw).all()


def test_a_model_with_one_voter_has_one_effective_voter():
    rows = [(voter, i, (i + 1) % 4, (voter + i) % 2) for voter in range(10) for i in range(4)]
    votes = counted([*rows, *[(0, 4, 0, 0), (0, 0, 4, 0)] * 5])
    clusters = effective_clusters(votes, fit_by_voter(votes))
    assert clusters[4] == pytest.approx(1)
    assert degrees_of_freedom(clusters)[4] == 1
    assert (clusters[1:4] > 5).all()


def test_a_model_without_votes_has_no_voters():
    rows = [(voter, i, (i + 1) % 4, (voter + i) % 2) for voter in range(10) for i in range(4)]
    votes = counted(rows)
    clusters = effective_clusters(votes, fit_by_voter(votes))
    assert clusters[4] == 0
    effects = voter_effects(votes)
    assert effects.widening[4] == 1
    assert effects.effective_voters[4] == 0


# --- what the live board needs ----------------------------------------------------------------


def test_a_widened_board_has_the_clustered_intervals():
    votes = drawn_votes(5, n_models=6, n_votes=6000, n_voters=80, taste=0.8, exponent=1.0)
    by_voter = VoterTallies.from_votes(6, *votes)
    effects = voter_effects(by_voter, cap=60)
    live = fit_bradley_terry(without_excess(by_voter.pair_tallies(), effects.excess))
    fit = fit_by_voter(by_voter, cap=60)
    clusters = effective_clusters(by_voter, fit, cap=60)
    np.testing.assert_array_equal(live.scores, fit.scores)
    clustered = t_half_width(fit.covariance, degrees_of_freedom(clusters))
    widened = effects.widening * half_width(live.covariance)
    np.testing.assert_allclose(
        widened, np.maximum(clustered, half_width(live.covariance)), rtol=1e-9
    )
    assert (effects.widening > 1).any()
    np.testing.assert_allclose(effects.effective_voters, clusters, rtol=1e-12)
    assert effects.n_voters == np.unique(votes[0]).size
    assert effects.largest_share == np.bincount(votes[0]).max() / 6000


def test_voters_with_one_vote_each_widen_next_to_nothing():
    votes = VoterTallies.from_votes(4, *drawn_votes(6, n_models=4, n_votes=4000))
    effects = voter_effects(votes)
    assert (effects.widening >= 1).all()
    assert (effects.widening < 1.003).all()
    assert effects.excess.n_pairs == 0
    assert effects.largest_share == 1 / 4000


@pytest.mark.parametrize("rows", [[], [(3, 0, 1, 0)], [(3, 0, 1, 0)] * 200])
def test_without_a_second_voter_nothing_is_widened(rows):
    effects = voter_effects(counted(rows))
    assert (effects.widening == 1).all()
    assert effects.n_voters == len({row[0] for row in rows})
    assert effects.largest_share == (1 if rows else 0)
    assert effects.excess.votes.sum() == pytest.approx(max(len(rows) - CAP, 0))


def test_intervals_of_voters_with_tastes_cover_where_those_of_independent_votes_do_not():
    """Without differences in strength the population's scores are 0 by symmetry.

    150 boards of 8 models: independent 95 % intervals cover about 0.51, clustered ones 0.95.
    """
    independent, clustered, widened = [], [], []
    for seed in range(150):
        votes = drawn_votes(seed, n_models=8, n_votes=3000, n_voters=100, taste=0.8, exponent=1.0)
        by_voter = VoterTallies.from_votes(8, *votes)
        plain = fit_bradley_terry(by_voter.pair_tallies())
        independent.append(np.abs(plain.scores) <= half_width(plain.covariance))
        fit = fit_by_voter(by_voter, cap=50)
        clusters = effective_clusters(by_voter, fit, cap=50)
        low, high = t_interval(fit.scores, fit.covariance, degrees_of_freedom(clusters))
        clustered.append((low <= 0) & (high >= 0))
        effects = voter_effects(by_voter, cap=50)
        live = fit_bradley_terry(without_excess(by_voter.pair_tallies(), effects.excess))
        widened.append(np.abs(live.scores) <= effects.widening * half_width(live.covariance))
    assert np.mean(independent) < 0.7
    assert 0.91 < np.mean(clustered) < 0.99
    assert 0.91 < np.mean(widened) < 0.99
