"""Drawing: frequencies are the probabilities that are kept, for pairs and for lists."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from arena.battles.sampling.draw import SEATS_MAX, draw_contestants, set_probability
from arena.battles.sampling.errors import BadState, TooFewModels
from arena.battles.sampling.pairs import (
    UNIFORM_SHARE,
    PairProbabilities,
    pair_indices,
    pair_number,
)

UNLIKELY = 0.001  # p-value below which frequencies are not the probabilities


def uniform_pairs(n_models: int) -> PairProbabilities:
    return PairProbabilities.from_weights(np.ones((n_models, n_models)), 1.0)


def uneven_pairs(n_models: int, seed: int = 0, uniform_share: float = 0.1) -> PairProbabilities:
    """Preferences that differ a hundredfold, some pairs without any."""
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.pareto(1.0, (n_models, n_models)), 1)
    weights[rng.random(weights.shape) < 0.2] = 0.0
    return PairProbabilities.from_weights(weights + weights.T, uniform_share)


@given(n=st.integers(2, 30), k=st.integers(2, 6), seed=st.integers(0, 2**32))
def test_a_uniform_set_has_the_probability_one_over_their_number(n: int, k: int, seed: int) -> None:
    if k > n:
        return
    draw = draw_contestants(range(n), uniform_pairs(n), k, random.Random(seed))
    assert draw.p_draw == pytest.approx(1 / math.comb(n, k), rel=1e-12)
    assert len(set(draw.seats)) == k
    assert set(draw.seats) <= set(range(n))


@pytest.mark.parametrize("n_models", [2, 3, 7, 50, 400])
def test_a_uniform_pair_has_it_to_the_last_digit(n_models: int) -> None:
    assert set_probability(uniform_pairs(n_models), [1, 0]) == 1 / math.comb(n_models, 2)


def test_two_models_always_meet_and_change_seats() -> None:
    rng = random.Random(1)
    draws = [draw_contestants(["A", "B"], uneven_pairs(2), 2, rng) for _ in range(40)]
    assert {draw.p_draw for draw in draws} == {1.0}
    assert {draw.seats for draw in draws} == {("A", "B"), ("B", "A")}


def test_pairs_come_as_often_as_their_probability_says_and_in_both_orders() -> None:
    rng, pairs, n_draws = random.Random(20), uneven_pairs(6), 20_000
    drawn: Counter[tuple[int, ...]] = Counter()
    for _ in range(n_draws):
        draw = draw_contestants(range(6), pairs, 2, rng)
        assert draw.p_draw == pytest.approx(pairs.matrix[draw.seats], rel=1e-12)
        drawn[draw.seats] += 1
    expected = {order: pairs.matrix[order] * n_draws / 2 for order in permutations(range(6), 2)}
    counts = [drawn[order] for order in expected]
    assert chisquare(counts, list(expected.values())).pvalue > UNLIKELY


@pytest.mark.parametrize("n_seats", [3, 4])
def test_lists_come_as_often_as_their_probability_says(n_seats: int) -> None:
    rng, pairs, n_draws = random.Random(21), uneven_pairs(6, seed=3), 20_000
    drawn = Counter(
        frozenset(draw_contestants(range(6), pairs, n_seats, rng).seats) for _ in range(n_draws)
    )
    sets = [frozenset(models) for models in combinations(range(6), n_seats)]
    expected = [n_draws * set_probability(pairs, list(models)) for models in sets]
    assert max(expected) > 3 * min(expected)
    assert chisquare([drawn[models] for models in sets], expected).pvalue > UNLIKELY


def test_every_seating_of_a_list_is_equally_likely() -> None:
    rng, pairs = random.Random(22), uneven_pairs(3)
    drawn = Counter(draw_contestants("ABC", pairs, 3, rng).seats for _ in range(6000))
    assert set(drawn) == set(permutations("ABC"))
    assert chisquare(list(drawn.values())).pvalue > UNLIKELY


@given(
    n=st.integers(2, 8),
    k=st.integers(2, SEATS_MAX),
    share=st.sampled_from([0.1, 0.5, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=60)
def test_the_sets_have_probabilities_that_sum_to_one_and_keep_the_uniform_share(
    n: int, k: int, share: float, seed: int
) -> None:
    if k > n:
        return
    pairs = uneven_pairs(n, seed, share)
    of_sets = [set_probability(pairs, models) for models in combinations(range(n), k)]
    assert sum(of_sets) == pytest.approx(1, rel=1e-12)
    assert min(of_sets) >= share / math.comb(n, k) * (1 - 1e-12)


def test_the_probability_of_a_list_is_the_sum_over_all_orders_in_which_it_can_come() -> None:
    pairs, models = uneven_pairs(7, seed=5), (0, 2, 3, 6)
    total = 0.0
    for order in permutations(models):
        p = pairs.preferred[pair_number(7, *order[:2])] / 2  # both orders of the pair are summed
        for i in range(2, len(order)):
            weights = pairs.matrix[list(order[:i])].sum(axis=0)
            others = [m for m in range(7) if m not in order[:i]]
            p *= weights[order[i]] / weights[others].sum()
        total += p
    expected = 0.1 / math.comb(7, 4) + 0.9 * total
    assert set_probability(pairs, models) == pytest.approx(expected, rel=1e-12)


def test_the_candidates_stay_as_they_were() -> None:
    candidates = list(range(10))
    draw_contestants(candidates, uneven_pairs(10), 2, random.Random(0))
    assert candidates == list(range(10))


@pytest.mark.parametrize("n_seats", [1, SEATS_MAX + 1])
def test_a_battle_has_two_to_six_seats(n_seats: int) -> None:
    with pytest.raises(ValueError, match="2 to 6 seats"):
        draw_contestants(range(9), uniform_pairs(9), n_seats, random.Random(0))


def test_more_seats_than_models_are_refused() -> None:
    with pytest.raises(TooFewModels, match="3 seats need as many models; there are 2"):
        draw_contestants("AB", uniform_pairs(2), 3, random.Random(0))


def test_probabilities_of_other_models_are_refused() -> None:
    with pytest.raises(ValueError, match="4 candidates, but probabilities of 3 models"):
        draw_contestants("ABCD", uniform_pairs(3), 2, random.Random(0))


# ── probabilities of pairs ──────────────────────────────────────────────────────────────────


def test_pairs_are_numbered_as_their_indices_are() -> None:
    first, second = pair_indices(9)
    for number, pair in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        assert pair_number(9, *pair) == pair_number(9, *reversed(pair)) == number


def test_the_matrix_is_symmetric_and_no_model_meets_itself() -> None:
    matrix = uneven_pairs(5).matrix
    assert np.array_equal(matrix, matrix.T)
    assert not matrix.diagonal().any()
    assert np.triu(matrix).sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("share", [0.0, UNIFORM_SHARE - 0.01, 1.01, math.nan])
def test_a_uniform_share_below_a_tenth_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="uniform_share"):
        PairProbabilities.from_weights(np.ones((3, 3)), share)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_weights_that_are_none_are_refused(weight: float) -> None:
    weights = np.ones((3, 3))
    weights[0, 1] = weight
    with pytest.raises(BadState, match="weight"):
        PairProbabilities.from_weights(weights)


def test_one_model_has_no_pairs() -> None:
    with pytest.raises(TooFewModels):
        PairProbabilities.from_weights(np.ones((1, 1)))


def test_no_preference_at_all_is_the_uniform_draw() -> None:
    assert PairProbabilities.from_weights(np.zeros((4, 4))).of_pairs.tolist() == [1 / 6] * 6
