"""Boards of several dimensions: their own fits, and composites whose intervals cover."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.composite import (
    ABSENT,
    DimensionVotes,
    fit_composite,
    fit_dimensions,
    fit_separate_composite,
    fit_separate_dimensions,
    weighted_mean,
)

unhurried = settings(deadline=None, max_examples=25)
N_MODELS = 5
NAMES = ("faithful", "fluent", "safe")
TRUTH = np.array([[-0.6, -0.3, 0.0, 0.3, 0.6], [0.4, 0.0, 0.2, -0.2, -0.4], [0.0] * 5])
WEIGHTS = {"faithful": 2.0, "fluent": 1.0, "safe": 1.0}


def simulated(
    seed: int, n_votes: int = 1500, agreement: float = 0.8, ties: float = 0.1
) -> DimensionVotes:
    """Votes whose three answers share one draw with probability `agreement`, a few absent."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, N_MODELS, n_votes)
    second = (first + rng.integers(1, N_MODELS, n_votes)) % N_MODELS
    shared, own = rng.random((n_votes, 1)), rng.random((n_votes, 3))
    draw = np.where(rng.random((n_votes, 1)) < agreement, shared, own)
    outcomes = np.where(draw < expit(TRUTH[:, first] - TRUTH[:, second]).T, 0, 1)
    outcomes[rng.random((n_votes, 3)) < ties] = 2
    outcomes[rng.random((n_votes, 3)) < 0.1] = ABSENT
    return DimensionVotes(N_MODELS, NAMES, first, second, outcomes)


def test_each_dimension_is_the_plain_board_of_its_votes():
    votes = simulated(1)
    found = fit_dimensions(votes)
    apart = fit_separate_dimensions({name: votes.tallies(name) for name in NAMES})
    for name in NAMES:
        plain = fit_bradley_terry(votes.tallies(name))
        for fit in (found.fits[name], apart.fits[name]):
            np.testing.assert_allclose(fit.scores, plain.scores)
            np.testing.assert_allclose(fit.covariance, plain.covariance, atol=1e-10)
        np.testing.assert_allclose(found.between(name, name), plain.covariance, atol=1e-10)
    assert not apart.between("fluent", "safe").any()


def test_answers_of_one_vote_make_boards_vary_together():
    votes = simulated(2, agreement=1.0)
    diagonal = np.diagonal(fit_dimensions(votes).between("faithful", "fluent"))
    assert (diagonal > 0).all()
    alone = np.diagonal(fit_dimensions(simulated(2, agreement=0.0)).between("faithful", "fluent"))
    assert np.abs(alone).mean() < 0.3 * diagonal.mean()


def test_the_same_answers_in_two_dimensions_give_the_one_board_as_composite():
    votes = simulated(3)
    one = votes.outcomes[:, 0]
    both = DimensionVotes(
        N_MODELS, ("a", "b"), votes.first, votes.second, np.column_stack([one, one])
    )
    plain = fit_bradley_terry(both.tallies("a"))
    weights = {"a": 0.3, "b": 0.7}
    fit = weighted_mean(fit_dimensions(both), weights)
    np.testing.assert_allclose(fit.scores, plain.scores, atol=1e-9)
    np.testing.assert_allclose(fit.covariance, plain.covariance, atol=1e-9)
    pooled = fit_composite(both, weights, prior_ties=0)
    alone = fit_bradley_terry(both.tallies("a"), prior_ties=0)
    np.testing.assert_allclose(pooled.scores, alone.scores, atol=1e-8)
    np.testing.assert_allclose(pooled.covariance, alone.covariance, atol=1e-8)


def test_the_mean_is_the_weighted_mean_and_its_variance_the_quadratic_form():
    found = fit_dimensions(simulated(4))
    fit = weighted_mean(found, WEIGHTS)
    share = np.array([0.5, 0.25, 0.25])
    expected = sum(w * f.scores for w, f in zip(share, found.fits.values(), strict=True))
    np.testing.assert_allclose(fit.scores, expected, atol=1e-12)
    variance = sum(
        share[i] * share[j] * found.between(one, other)
        for i, one in enumerate(NAMES)
        for j, other in enumerate(NAMES)
    )
    np.testing.assert_allclose(fit.covariance, variance, atol=1e-12)


def test_composite_intervals_cover_and_those_that_ignore_the_joint_votes_do_not():
    target = np.array([0.5, 0.25, 0.25]) @ TRUTH
    joint, apart = [], []
    for seed in range(120):
        votes = simulated(500 + seed, 800, agreement=1.0, ties=0.0)
        tallies = {name: votes.tallies(name) for name in NAMES}
        for found, inside in (
            (fit_dimensions(votes), joint),
            (fit_separate_dimensions(tallies), apart),
        ):
            fit = weighted_mean(found, WEIGHTS)
            inside.append(np.abs(fit.scores - target) <= 1.96 * fit.standard_errors)
    assert 0.92 <= np.mean(joint) <= 0.98
    assert np.mean(apart) < 0.85


def test_the_composite_fit_is_the_minimum_of_the_published_loss():
    votes = simulated(5)
    tallies = {name: votes.tallies(name) for name in NAMES}
    share = np.array([0.5, 0.25, 0.25])

    def loss(scores):
        total = 0.0
        for w, t in zip(share, tallies.values(), strict=True):
            gap = scores[t.first] - scores[t.second]
            of_first, of_second = t.wins_first + t.ties / 2, t.wins_second + t.ties / 2
            nll = of_first @ np.logaddexp(0, -gap) + of_second @ np.logaddexp(0, gap)
            total += w * nll / t.votes.sum()
        return total + 1e-9 * np.sum(scores**2)

    best = optimize.minimize(loss, np.zeros(N_MODELS), method="BFGS", options={"gtol": 1e-9})
    fit = fit_separate_composite(tallies, WEIGHTS, prior_ties=0)
    np.testing.assert_allclose(fit.scores, best.x - best.x.mean(), atol=1e-5)
    np.testing.assert_allclose(fit_composite(votes, WEIGHTS, prior_ties=0).scores, fit.scores)
    # Votes do answer several dimensions here, so counts alone give too small a variance.
    assert (fit_composite(votes, WEIGHTS).standard_errors > fit.standard_errors).all()


def test_the_composite_covariance_of_separate_votes_agrees_with_counts():
    votes = simulated(6)
    only = np.arange(1500) % 3
    outcomes = np.where(only[:, None] == np.arange(3), votes.outcomes, ABSENT)
    split = DimensionVotes(N_MODELS, NAMES, votes.first, votes.second, outcomes)
    tallies = {name: split.tallies(name) for name in NAMES}
    one, other = fit_composite(split, WEIGHTS), fit_separate_composite(tallies, WEIGHTS)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-12)
    np.testing.assert_array_equal(one.n_votes, other.n_votes)
    assert one.n_votes.sum() == 2 * np.sum(outcomes != ABSENT)


def test_a_voter_for_each_vote_changes_only_the_small_sample_factor():
    votes = simulated(7)
    n_votes = votes.first.size
    labels = np.random.default_rng(0).permutation(n_votes)
    named = DimensionVotes(N_MODELS, NAMES, votes.first, votes.second, votes.outcomes, labels)
    factor = n_votes / (n_votes - 1)
    one, other = fit_dimensions(votes), fit_dimensions(named)
    np.testing.assert_allclose(other.covariance, factor * one.covariance, atol=1e-12)
    assert other.fits["safe"].n_clusters == n_votes
    pooled, clustered = fit_composite(votes, WEIGHTS), fit_composite(named, WEIGHTS)
    np.testing.assert_allclose(clustered.covariance, factor * pooled.covariance, atol=1e-12)


def test_votes_copied_by_their_voter_do_not_narrow_the_interval():
    votes = simulated(8, 600)
    four = (np.tile(votes.first, 4), np.tile(votes.second, 4), np.tile(votes.outcomes, (4, 1)))
    copied = DimensionVotes(N_MODELS, NAMES, *four, np.tile(np.arange(600), 4))
    one, other = fit_dimensions(votes, prior_ties=0), fit_dimensions(copied, prior_ties=0)
    np.testing.assert_allclose(other.covariance, one.covariance * 600 / 599, rtol=1e-6, atol=1e-9)


@unhurried
@given(st.integers(0, 10_000), st.permutations(range(N_MODELS)))
def test_renaming_models_only_renames_the_composites(seed, names):
    votes, place = simulated(seed, 200), np.array(names)
    renamed = DimensionVotes(
        N_MODELS, NAMES, place[votes.first], place[votes.second], votes.outcomes
    )
    square = np.ix_(place, place)
    for composite in (
        lambda v: weighted_mean(fit_dimensions(v), WEIGHTS),
        lambda v: fit_composite(v, WEIGHTS),
    ):
        one, other = composite(votes), composite(renamed)
        np.testing.assert_allclose(other.scores[place], one.scores, atol=1e-8)
        np.testing.assert_allclose(other.covariance[square], one.covariance, atol=1e-8)


def test_models_compare_only_where_every_weighted_dimension_compares_them():
    first, second = np.array([0, 2, 1, 0, 2]), np.array([1, 3, 2, 1, 3])
    outcomes = np.array([[0, 0], [0, 0], [0, ABSENT], [1, 1], [1, 1]])
    found = fit_dimensions(DimensionVotes(4, ("a", "b"), first, second, outcomes))
    fit = weighted_mean(found, {"a": 1, "b": 1})
    assert fit.component.tolist() == [0, 0, 1, 1]
    assert fit.scores[:2].sum() == pytest.approx(0)
    assert weighted_mean(found, {"a": 1, "b": 0}).component.tolist() == [0, 0, 0, 0]


def test_bad_votes_and_weights_are_refused():
    votes = simulated(9, 100)
    found = fit_dimensions(votes)
    with pytest.raises(ValueError, match="the dimensions are"):
        weighted_mean(found, {"faithful": 1.0})
    with pytest.raises(ValueError, match="not all 0"):
        weighted_mean(found, dict.fromkeys(NAMES, 0.0))
    with pytest.raises(ValueError, match="at least 0"):
        weighted_mean(found, {**WEIGHTS, "safe": -1.0})
    answers = np.where(np.arange(3) == 2, ABSENT, votes.outcomes)
    silent = DimensionVotes(N_MODELS, NAMES, votes.first, votes.second, answers)
    with pytest.raises(ValueError, match="no votes"):
        fit_composite(silent, WEIGHTS)
    with pytest.raises(ValueError, match="each once"):
        DimensionVotes(2, ("a", "a"), [0], [1], [[0, 0]])
    with pytest.raises(ValueError, match="shape"):
        DimensionVotes(2, ("a", "b"), [0], [1], [[0]])
    with pytest.raises(ValueError, match="codes"):
        DimensionVotes(2, ("a",), [0], [1], [[7]])
    with pytest.raises(ValueError, match="expected integers"):
        DimensionVotes(2, ("a",), [0.0], [1], [[0]])
    with pytest.raises(ValueError, match="one voter"):
        fit_dimensions(DimensionVotes(2, ("a",), [0, 1], [1, 0], [[0], [0]], [4, 4]))
    with pytest.raises(ValueError, match="same models"):
        fit_separate_dimensions({})


def image_caption_votes(folder: Path) -> DimensionVotes:
    """1,000 graded judgements of captions on five criteria (Garg et al. 2024, CC BY 4.0)."""
    captions = ("GPT-4V", "IIW-Human", "IIW-P5B")
    rival = {"iiw-human-sxs-gpt4v": 0, "iiw-human-sxs-iiw-p5b": 2}
    path = folder / "iiw_sxs" / "derived" / "sxs_votes.csv"
    if not path.is_file():
        pytest.skip(f"no {path}; set AGON_TEST_DATA to the folder that holds it")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    criteria = tuple(sorted({row["criterion"] for row in rows}))
    shown = sorted({(row["image"], row["comparison"]) for row in rows})
    images = sorted({image for image, _ in shown})
    outcomes = np.full((len(shown), len(criteria)), ABSENT)
    for row in rows:
        better = row["label"].split(" is ")[0]
        code = 2 if better == "Neutral" else 0 if better == "IIW-Human" else 1
        assert code != 1 or captions.index(better) == rival[row["comparison"]]
        place = shown.index((row["image"], row["comparison"]))
        outcomes[place, criteria.index(row["criterion"])] = code
    second = np.array([rival[comparison] for _, comparison in shown])
    image = np.array([images.index(name) for name, _ in shown])
    return DimensionVotes(3, criteria, np.ones_like(second), second, outcomes, image)


def test_image_captions_on_five_criteria(shared_data: Path):
    """With two opponents of one model each board is closed form: the log of its points ratio."""
    votes = image_caption_votes(shared_data)
    assert np.sum(votes.outcomes != ABSENT) == 1000
    found = fit_dimensions(votes, prior_ties=0)
    for name, fit in found.fits.items():
        tallies = votes.tallies(name)
        of_first = tallies.wins_first + tallies.ties / 2
        log_odds = np.log(of_first / (tallies.votes - of_first))
        gaps = fit.scores[tallies.first] - fit.scores[tallies.second]
        np.testing.assert_allclose(gaps, log_odds, atol=1e-9)
        assert np.argmax(fit.scores) == 1  # people write the better caption on every criterion
        assert fit.n_clusters == np.unique(votes.voter).size
    equal = dict.fromkeys(votes.dimensions, 1.0)
    fit = weighted_mean(found, equal)
    apart = fit_separate_dimensions({n: votes.tallies(n) for n in votes.dimensions}, prior_ties=0)
    # Criteria of one image agree, so five answers are worth fewer than five votes.
    assert (fit.standard_errors > 1.15 * weighted_mean(apart, equal).standard_errors).all()
    assert np.argmax(fit_composite(votes, equal).scores) == 1
