"""Dropping the votes that are named does flip two ranks, and no smaller number is claimed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.robustness import Flip, flip_of_pair, flips_of_ranking, ranking
from ratings.fitting.tallies import Outcome, PairTallies

unhurried = settings(deadline=None, max_examples=30)
COLUMNS = ("wins_first", "wins_second", "ties", "both_bad")  # in the order of Outcome


def simulated(seed: int, n_models: int, n_votes: int) -> PairTallies:
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.4, n_models)
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    p_first = expit(strengths[first] - strengths[second])
    draw = rng.random(n_votes)
    outcome = np.select(
        [draw < 0.1, draw < 0.2, draw < 0.2 + 0.8 * p_first],
        [Outcome.TIE, Outcome.BOTH_BAD, Outcome.FIRST],
        Outcome.SECOND,
    )
    return PairTallies.from_votes(n_models, first, second, outcome)


def without(tallies: PairTallies, flip: Flip) -> PairTallies:
    counts = {name: getattr(tallies, name).copy() for name in COLUMNS}
    for cell in flip.dropped:
        row = np.flatnonzero((tallies.first == cell.first) & (tallies.second == cell.second))
        counts[COLUMNS[cell.outcome]][row] -= cell.votes
    return PairTallies(tallies.n_models, tallies.first, tallies.second, **counts)


def is_flipped(tallies: PairTallies, above: int, below: int) -> bool:
    fit = fit_bradley_terry(tallies)
    together = fit.component[above] == fit.component[below]
    return bool(together and fit.scores[below] - fit.scores[above] > 1e-9)


def smallest_flip(tallies: PairTallies, above: int, below: int) -> int | None:
    """Least number of votes whose removal flips the order, by trying every sub-count."""
    columns = np.column_stack([getattr(tallies, name) for name in COLUMNS])
    cells = columns.astype(int).ravel()
    smallest = None
    for taken in product(*(range(count + 1) for count in cells)):
        n_taken = sum(taken)
        if smallest is not None and n_taken >= smallest:
            continue
        left = (cells - taken).reshape(-1, 4).T.astype(float)
        if left.any() and is_flipped(
            PairTallies(tallies.n_models, tallies.first, tallies.second, *left), above, below
        ):
            smallest = n_taken
    return smallest


@pytest.mark.parametrize("seed", range(6))
def test_every_flip_is_real_in_a_fit_without_the_votes_named(seed):
    tallies = simulated(seed, 8, 1500)
    fit = fit_bradley_terry(tallies)
    flips = flips_of_ranking(tallies, fit, top=7)
    assert [flip.above for flip in flips] == ranking(fit)[:-1].tolist()
    assert [flip.below for flip in flips] == ranking(fit)[1:].tolist()
    for flip in flips:
        assert sum(cell.votes for cell in flip.dropped) == flip.votes_to_flip
        assert flip.share == flip.votes_to_flip / 1500
        left = without(tallies, flip)
        refitted = fit_bradley_terry(left).scores
        assert refitted[flip.above] - refitted[flip.below] == pytest.approx(flip.gap_after)
        assert flip.gap_after < 0


def test_small_shares_are_predicted_by_one_linear_step():
    """Of 50 gaps that a thousandth of the votes or less can flip, the first step errs by <= 5 %."""
    compared = 0
    for seed in range(10):
        tallies = simulated(seed, 20, 60_000)
        for flip in flips_of_ranking(tallies, fit_bradley_terry(tallies), top=10):
            if flip.share is None or flip.share > 1e-3:
                continue
            compared += 1
            assert abs(flip.votes_to_flip - flip.predicted) <= max(1, 0.05 * flip.predicted)
    assert compared >= 50


@pytest.mark.parametrize("seed", range(12))
def test_no_number_is_below_the_true_minimum_of_an_exhaustive_search(seed):
    tallies = simulated(seed, 3, 9)
    fit = fit_bradley_terry(tallies)
    for flip in flips_of_ranking(tallies, fit, top=2):
        smallest = smallest_flip(tallies, flip.above, flip.below)
        if flip.votes_to_flip is None:
            continue
        assert smallest is not None
        assert smallest <= flip.votes_to_flip <= smallest + 2


def test_the_search_misses_few_of_the_flips_that_exist():
    found, exist = 0, 0
    for seed in range(12):
        tallies = simulated(seed, 3, 9)
        for flip in flips_of_ranking(tallies, fit_bradley_terry(tallies), top=2):
            exist += smallest_flip(tallies, flip.above, flip.below) is not None
            found += flip.votes_to_flip is not None
    assert found >= 0.9 * exist > 0


def test_a_lead_of_one_vote_between_two_models_falls_with_two_votes():
    tallies = PairTallies(2, [0], [1], [10], [9], [0], [0])
    (flip,) = flips_of_ranking(tallies, fit_bradley_terry(tallies))
    assert (flip.above, flip.below, flip.votes_to_flip) == (0, 1, 2)
    (cell,) = flip.dropped
    assert (cell.first, cell.second, cell.outcome, cell.votes) == (0, 1, Outcome.FIRST, 2)


def test_a_model_that_never_lost_to_its_only_opponent_cannot_be_passed():
    tallies = PairTallies(2, [0], [1], [10], [0], [0], [0])
    (flip,) = flips_of_ranking(tallies, fit_bradley_terry(tallies))
    assert flip.votes_to_flip is None
    assert flip.share is None
    assert flip.dropped == ()


def test_ignored_both_bad_votes_are_not_dropped():
    tallies = simulated(3, 6, 800)
    fit = fit_bradley_terry(tallies, both_bad="ignore")
    for flip in flips_of_ranking(tallies, fit, top=5, both_bad="ignore"):
        assert all(cell.outcome != Outcome.BOTH_BAD for cell in flip.dropped)
        refitted = fit_bradley_terry(without(tallies, flip), both_bad="ignore").scores
        assert refitted[flip.below] > refitted[flip.above]


def test_a_fit_without_prior_is_refitted_without_prior():
    tallies = simulated(4, 6, 800)
    fit = fit_bradley_terry(tallies, prior_ties=0)
    flip = flips_of_ranking(tallies, fit, top=1, prior_ties=0)[0]
    refitted = fit_bradley_terry(without(tallies, flip), prior_ties=0).scores
    assert refitted[flip.above] - refitted[flip.below] == pytest.approx(flip.gap_after)


@unhurried
@given(st.integers(0, 10_000), st.permutations(range(6)))
def test_renaming_the_models_only_renames_the_flips(seed, names):
    tallies = simulated(seed, 6, 400)
    place = np.array(names)
    columns = (getattr(tallies, name) for name in COLUMNS)
    renamed = PairTallies(6, place[tallies.first], place[tallies.second], *columns)
    one = flips_of_ranking(tallies, fit_bradley_terry(tallies), top=3)
    other = flips_of_ranking(renamed, fit_bradley_terry(renamed), top=3)
    for flip, twin in zip(one, other, strict=True):
        assert (place[flip.above], place[flip.below]) == (twin.above, twin.below)
        assert twin.gap == pytest.approx(flip.gap, abs=1e-8)
        # Cells of equal influence may come in another order, which can move the end by a vote.
        assert twin.votes_to_flip == pytest.approx(flip.votes_to_flip, abs=1)


def test_bad_questions_are_refused():
    tallies = simulated(5, 5, 300)
    fit = fit_bradley_terry(tallies)
    best, *_, worst = ranking(fit).tolist()
    with pytest.raises(ValueError, match="exchange the two"):
        flip_of_pair(tallies, fit, worst, best)
    with pytest.raises(ValueError, match="not compared"):
        flip_of_pair(tallies, fit, best, best)
    with pytest.raises(ValueError, match="no model 9"):
        flip_of_pair(tallies, fit, best, 9)
    with pytest.raises(ValueError, match="top is 0"):
        flips_of_ranking(tallies, fit, top=0)
    with pytest.raises(ValueError, match="other votes"):
        flips_of_ranking(tallies + tallies, fit)
    halves = PairTallies(2, [0], [1], [1.5], [1], [0], [0])
    with pytest.raises(ValueError, match="fractional"):
        flips_of_ranking(halves, fit_bradley_terry(halves))
    with pytest.raises(ValueError, match="both_bad"):
        flips_of_ranking(tallies, fit, both_bad="loss")


def test_no_votes_give_no_gaps():
    none = np.zeros(0)
    tallies = PairTallies(3, none.astype(int), none.astype(int), none, none, none, none)
    assert flips_of_ranking(tallies, fit_bradley_terry(tallies)) == ()
