"""Cycles are found where they are, and not where votes are transitive."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.general_preference import cycle_index, fit_general_preference
from ratings.fitting.skew_preferences import skew_part
from ratings.fitting.tallies import PairTallies

unhurried = settings(deadline=None, max_examples=15)
ROCK_PAPER_SCISSORS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


def drawn(seed: int, log_odds: np.ndarray, n_votes: int, ties: float = 0.2) -> PairTallies:
    rng = np.random.default_rng(seed)
    n_models = len(log_odds)
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    won = rng.random(n_votes) < expit(log_odds[first, second])
    outcome = np.where(rng.random(n_votes) < ties, rng.integers(2, 4, n_votes), np.where(won, 0, 1))
    return PairTallies.from_votes(n_models, first, second, outcome)


def odds_of(strengths) -> np.ndarray:
    strengths = np.asarray(strengths, dtype=float)
    return strengths[:, None] - strengths


def on_a_circle(seed: int, n_models: int, radius: float) -> np.ndarray:
    """Log-odds of scores and of angles: each model beats those within half a turn behind it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n_models)
    return odds_of(rng.normal(0, 0.4, n_models)) + radius * np.sin(angle - angle[:, None])


def test_rock_paper_scissors_is_cyclic():
    found = fit_general_preference(drawn(1, ROCK_PAPER_SCISSORS, 1200))
    assert found.is_cyclic
    assert found.cycle_index > 0.9
    assert found.log_loss < found.log_loss_bradley_terry < math.log(2) + 0.01
    assert found.improvement == pytest.approx(found.log_loss_bradley_terry - found.log_loss)
    assert (np.sign(found.log_odds) == np.sign(ROCK_PAPER_SCISSORS)).all()


def test_transitive_votes_are_called_cyclic_in_at_most_one_board_of_ten():
    """40 boards of Bradley-Terry votes; two standard errors allow about one in 44."""
    strengths = np.linspace(-1, 1, 8)
    boards = [fit_general_preference(drawn(seed, odds_of(strengths), 2000)) for seed in range(40)]
    assert sum(board.is_cyclic for board in boards) <= 4
    assert np.mean([board.improvement for board in boards]) < 1e-3


@pytest.mark.parametrize("planes", [1, 2])
def test_angles_beside_scores_are_recovered(planes):
    truth = on_a_circle(2, 12, 1.0)
    found = fit_general_preference(drawn(3, truth, 60_000, ties=0.0), planes=planes)
    plain = fit_bradley_terry(drawn(3, truth, 60_000, ties=0.0)).scores
    assert found.is_cyclic
    error = np.sqrt(np.mean((found.log_odds - truth) ** 2))
    assert error < 0.12
    assert error < 0.25 * np.sqrt(np.mean((odds_of(plain) - truth) ** 2))
    assert found.embedding.shape == (12, 2 * planes)


def test_the_embedding_holds_nothing_that_scores_could_say():
    found = fit_general_preference(drawn(4, on_a_circle(5, 8, 0.8), 8000))
    np.testing.assert_allclose(found.embedding.sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.log_odds, -found.log_odds.T, atol=1e-12)
    np.testing.assert_allclose(found.fit.scores, found.log_odds.mean(axis=1), atol=1e-9)
    x, y = found.embedding.T
    furthest = np.argmax(np.hypot(x, y))
    assert x[furthest] > 0
    assert y[furthest] == pytest.approx(0, abs=1e-9)
    assert x @ y == pytest.approx(0, abs=1e-9)


def test_no_nearby_parameters_have_a_higher_penalised_likelihood():
    ridge, tallies = 1.0, drawn(6, on_a_circle(7, 6, 1.0), 4000)
    found = fit_general_preference(tallies, ridges=(ridge,))
    plain = fit_bradley_terry(tallies).scores
    p = expit(plain[tallies.first] - plain[tallies.second]) * tallies.votes
    p *= expit(plain[tallies.second] - plain[tallies.first])
    noise = np.sqrt(max(np.bincount(tallies.first, p, 6) + np.bincount(tallies.second, p, 6)))
    half = (tallies.ties + tallies.both_bad) / 2

    def penalised(scores, opponent, embedding):
        gap = scores[tallies.first] - scores[tallies.second]
        gap = gap + skew_part(embedding)[tallies.first, tallies.second]
        loss = (tallies.wins_first + half) @ np.logaddexp(0, -gap)
        loss += (tallies.wins_second + half) @ np.logaddexp(0, gap)
        loss += 0.1 * np.sum(np.log(2 * np.cosh((scores - opponent) / 2)))
        return -loss - ridge * noise * np.sum(embedding**2) / 2

    scores, embedding = found.fit.scores, found.embedding
    opponents = np.linspace(-0.5, 0.5, 2001)
    opponent = opponents[np.argmax([penalised(scores, t, embedding) for t in opponents])]
    best = penalised(scores, opponent, embedding)
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 1e-1):
        for _ in range(100):
            near = penalised(
                scores + size * rng.normal(size=6),
                opponent,
                embedding + size * rng.normal(size=(6, 2)),
            )
            assert near <= best + 1e-6


def test_without_embedding_it_is_the_bradley_terry_board():
    tallies = drawn(8, odds_of(np.linspace(-1, 1, 6)), 1500)
    found = fit_general_preference(tallies, ridges=(math.inf,))
    plain = fit_bradley_terry(tallies)
    np.testing.assert_allclose(found.fit.scores, plain.scores)
    np.testing.assert_allclose(found.fit.covariance, plain.covariance)
    assert found.cycle_index == pytest.approx(0, abs=1e-12)
    assert (found.improvement, found.standard_error) == (0, 0)
    assert not found.is_cyclic
    heavy = fit_general_preference(tallies, ridges=(50.0,))
    np.testing.assert_allclose(heavy.fit.scores, plain.scores, atol=1e-5)


def test_score_errors_are_the_spread_over_boards_of_cyclic_votes():
    truth = on_a_circle(9, 5, 1.0)
    boards = [
        fit_general_preference(drawn(700 + seed, truth, 3000, ties=0.0), ridges=(0.4,), starts=1)
        for seed in range(60)
    ]
    spread = np.std([board.fit.scores for board in boards], axis=0)
    claimed = np.mean([board.fit.standard_errors for board in boards], axis=0)
    np.testing.assert_allclose(claimed, spread, rtol=0.3)
    assert claimed.mean() == pytest.approx(spread.mean(), rel=0.15)


@unhurried
@given(st.integers(0, 10_000), st.permutations(range(6)))
def test_renaming_models_only_renames_the_log_odds(seed, names):
    tallies, place = drawn(seed, on_a_circle(1, 6, 1.5), 3000), np.array(names)
    counts = (getattr(tallies, n) for n in ("wins_first", "wins_second", "ties", "both_bad"))
    renamed = PairTallies(6, place[tallies.first], place[tallies.second], *counts)
    one, other = (fit_general_preference(t, ridges=(0.7,), starts=1) for t in (tallies, renamed))
    square = np.ix_(place, place)
    np.testing.assert_allclose(other.log_odds[square], one.log_odds, atol=1e-3)
    np.testing.assert_allclose(other.fit.covariance[square], one.fit.covariance, atol=1e-4)
    assert other.cycle_index == pytest.approx(one.cycle_index, abs=1e-3)


def test_the_cycle_index_is_the_energy_outside_the_scores():
    equal = PairTallies(3, [0, 0, 1], [1, 2, 2], [9, 9, 9], [9, 9, 9], [0] * 3, [0] * 3)
    circle = np.exp(2j * np.pi * np.arange(3) / 3)
    plane = np.column_stack([circle.real, circle.imag])
    none = np.zeros((3, 2))
    assert cycle_index(equal, np.zeros(3), plane) == pytest.approx(1)
    assert cycle_index(equal, np.array([1.0, 0.0, -1.0]), none) == pytest.approx(0)
    assert cycle_index(equal, np.zeros(3), none) == 0
    scores = np.array([1.0, 0.0, -1.0])
    of_scores = 1 + 4 + 1  # squared gaps
    of_cycle = 3 * (np.sqrt(3) / 2) ** 2
    expected = of_cycle / (of_scores + of_cycle)
    assert cycle_index(equal, scores, plane) == pytest.approx(expected)
    # Two pairs cannot make a cycle.
    chain = PairTallies(3, [0, 1], [1, 2], [9, 9], [9, 9], [0, 0], [0, 0])
    assert cycle_index(chain, scores, plane) == pytest.approx(0, abs=1e-12)


def test_the_same_seed_gives_the_same_answer():
    tallies = drawn(10, on_a_circle(3, 6, 0.7), 2000)
    one, other = (fit_general_preference(tallies, seed=5) for _ in range(2))
    assert one.improvement == other.improvement
    np.testing.assert_array_equal(one.embedding, other.embedding)


def test_groups_that_never_met_are_fitted_side_by_side():
    counts = np.array([80.0, 20.0, 80.0])
    tallies = PairTallies(
        6, [0, 0, 1, 3, 3, 4], [1, 2, 2, 4, 5, 5], *(np.tile(c, 2) for c in (counts, 100 - counts)),
        np.zeros(6), np.zeros(6),
    )  # fmt: skip
    found = fit_general_preference(tallies, planes=2)
    assert found.fit.component.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(found.log_odds[:3, 3:], 0, atol=1e-6)
    assert found.is_cyclic


def test_bad_options_and_votes_are_refused():
    tallies = drawn(11, ROCK_PAPER_SCISSORS, 100)
    for options, message in (
        ({"planes": 0}, "planes"),
        ({"folds": 2}, "folds"),
        ({"starts": 0}, "starts"),
        ({"ridges": ()}, "ridges"),
        ({"ridges": (0.0,)}, "ridges"),
        ({"ridges": (math.nan,)}, "ridges"),
        ({"prior_ties": 0.0}, "prior_ties"),
    ):
        with pytest.raises(ValueError, match=message):
            fit_general_preference(tallies, **options)
    with pytest.raises(ValueError, match="fractional"):
        fit_general_preference(PairTallies(2, [0], [1], [10.5], [4], [0], [0]))
    with pytest.raises(ValueError, match="cannot be held out"):
        fit_general_preference(PairTallies(2, [0], [1], [1], [1], [0], [0]))
