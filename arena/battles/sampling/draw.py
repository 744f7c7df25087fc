"""Draw the contestants of a battle, with the exact probability of the set that was drawn.

With probability u, the uniform share, a set of k models is drawn uniformly. Otherwise a pair is
drawn as the sampler prefers, and further models one by one, each with a probability in proportion
to the sum of its pair probabilities with those already there. So a set S has

    p(S) = u / C(n, k) + (1 - u) * chain(S),
    chain({i, j}) = preferred(i, j),
    chain(S) = sum over l in S of chain(S without l) * next(l after S without l),

which for a pair is its entry in the matrix. Seats are in uniformly random order, so p is of the
set, whatever the seats.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from arena.battles.sampling.errors import TooFewModels
from arena.battles.sampling.pairs import PairProbabilities, pair_indices, pair_number

FloatArray = NDArray[np.float64]
Contestant = TypeVar("Contestant")

SEATS_MAX = 6  # of a battle (seats A to F)


@dataclass(frozen=True)
class Draw(Generic[Contestant]):
    """Contestants in seat order, and the probability of this set (whatever the seats)."""

    seats: tuple[Contestant, ...]
    p_draw: float


def draw_contestants(
    candidates: Sequence[Contestant],
    probabilities: PairProbabilities,
    n_seats: int,
    rng: random.Random,
) -> Draw[Contestant]:
    """Draw `n_seats` different candidates, in uniformly random order.

    Args:
        candidates: one for each model of `probabilities`, in its order.
        probabilities: of the pairs.
        n_seats: 2 to SEATS_MAX.
        rng: the source of chance; `random.SystemRandom` where nobody may predict the draw.

    Raises:
        TooFewModels: fewer candidates than seats.
        ValueError: a number of seats out of range, or of candidates that is not that of models.
    """
    _check(len(candidates), probabilities.n_models, n_seats)
    chosen = _drawn_set(probabilities, n_seats, rng)
    rng.shuffle(chosen)
    return Draw(
        seats=tuple(candidates[index] for index in chosen),
        p_draw=set_probability(probabilities, chosen),
    )


def set_probability(probabilities: PairProbabilities, models: Sequence[int]) -> float:
    """Return the exact probability that these models, in any order, are the set drawn."""
    n_models, share = probabilities.n_models, probabilities.uniform_share
    _check(n_models, n_models, len(models))
    uniform = 1 / math.comb(n_models, len(models))
    return min(uniform + (1 - share) * (_chain(probabilities, models) - uniform), 1.0)


def _check(n_candidates: int, n_models: int, n_seats: int) -> None:
    if not 2 <= n_seats <= SEATS_MAX:
        raise ValueError(f"A battle has 2 to {SEATS_MAX} seats, not {n_seats}.")
    if n_candidates < n_seats:
        raise TooFewModels(n_candidates, n_seats)
    if n_candidates != n_models:
        raise ValueError(f"{n_candidates} candidates, but probabilities of {n_models} models.")


def _drawn_set(probabilities: PairProbabilities, n_seats: int, rng: random.Random) -> list[int]:
    """Return the indices of the models drawn."""
    if rng.random() < probabilities.uniform_share:
        return rng.sample(range(probabilities.n_models), n_seats)
    pair = _index_drawn(probabilities.cumulative, rng)
    chosen = [int(side[pair]) for side in pair_indices(probabilities.n_models)]
    while len(chosen) < n_seats:
        chosen.append(_index_drawn(np.cumsum(_next(probabilities, chosen)), rng))
    return chosen


def _index_drawn(cumulative: FloatArray, rng: random.Random) -> int:
    """Draw an index by inversion of running sums; one without weight is never drawn."""
    point = rng.random() * cumulative[-1]
    return int(np.searchsorted(cumulative, point, side="right"))


def _next(probabilities: PairProbabilities, chosen: Sequence[int]) -> FloatArray:
    """Return the probability of each model to be the next one, (n_models,); the sum is 1."""
    weights: FloatArray = probabilities.matrix[list(chosen)].sum(axis=0)
    weights[list(chosen)] = 0.0
    weights /= weights.sum()
    return weights


def _chain(probabilities: PairProbabilities, models: Sequence[int]) -> float:
    """Return the probability of the set as a sum over the orders in which it can grow."""
    reached = {
        frozenset(pair): float(probabilities.preferred[pair_number(probabilities.n_models, *pair)])
        for pair in combinations(models, 2)
    }
    for _ in range(len(models) - 2):
        grown: dict[frozenset[int], float] = {}
        for chosen, p_chosen in reached.items():
            follows = _next(probabilities, sorted(chosen))
            for model in set(models) - chosen:
                larger = chosen | {model}
                grown[larger] = grown.get(larger, 0.0) + p_chosen * float(follows[model])
        reached = grown
    return reached[frozenset(models)]
