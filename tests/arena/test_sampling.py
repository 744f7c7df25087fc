"""The uniform draw: every pair and every seating equally likely, with its exact probability."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from arena.battles.sampling.uniform import draw_contestants


@given(n=st.integers(2, 30), k=st.integers(2, 6), seed=st.integers(0, 2**32))
def test_the_probability_of_a_set_is_one_over_their_number(n: int, k: int, seed: int) -> None:
    if k > n:
        return
    draw = draw_contestants(range(n), k, random.Random(seed))
    assert draw.p_draw == 1 / math.comb(n, k)
    assert len(set(draw.seats)) == k
    assert set(draw.seats) <= set(range(n))


def test_every_pair_in_every_order_is_equally_likely() -> None:
    rng, n_draws = random.Random(20), 6000
    drawn = Counter(draw_contestants("ABCD", 2, rng).seats for _ in range(n_draws))
    assert set(drawn) == set(permutations("ABCD", 2))
    # All 12 seatings alike: a biased seat or pair would be far below this.
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_two_models_always_meet_and_change_seats() -> None:
    rng = random.Random(1)
    draws = [draw_contestants(["A", "B"], 2, rng) for _ in range(40)]
    assert {draw.p_draw for draw in draws} == {1.0}
    assert {draw.seats for draw in draws} == {("A", "B"), ("B", "A")}


def test_the_candidates_stay_as_they_were() -> None:
    candidates = list(range(10))
    draw_contestants(candidates, 2, random.Random(0))
    assert candidates == list(range(10))


@pytest.mark.parametrize(("candidates", "n_seats"), [([], 2), (["A"], 2), ("AB", 3), ("ABC", 1)])
def test_a_draw_that_cannot_be_is_refused(candidates: list[str], n_seats: int) -> None:
    with pytest.raises(ValueError, match="seats"):
        draw_contestants(candidates, n_seats, random.Random(0))
