"""Exact probabilities of the unordered pairs: what a sampler prefers, mixed with the uniform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from arena.battles.sampling.errors import BadState, TooFewModels

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Share of draws that stay uniform. It bounds every inverse propensity by ten times the uniform
# one, and no pair is ever starved.
UNIFORM_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class PairProbabilities:
    """p = u / C(n, 2) + (1 - u) * preferred, for every unordered pair; the p sum to 1.

    Pairs are in the order of `numpy.triu_indices(n_models, 1)`, n_pairs = C(n_models, 2).

    Attributes:
        n_models: number of models, at least 2.
        preferred: (n_pairs,) what the sampler prefers, sum 1.
        uniform_share: u, from UNIFORM_SHARE to 1.
    """

    n_models: int
    preferred: FloatArray
    uniform_share: float

    @classmethod
    def from_weights(
        cls, weights: FloatArray, uniform_share: float = UNIFORM_SHARE
    ) -> PairProbabilities:
        """Normalise symmetric weights of pairs, (n_models, n_models); the diagonal is not read.

        Weights that are all 0 prefer nothing: every pair alike.

        Raises:
            TooFewModels: fewer than two models.
            BadState: a weight that is negative or not finite.
            ValueError: a uniform share out of range.
        """
        n_models = len(weights)
        if n_models < 2:
            raise TooFewModels(n_models, 2)
        if not UNIFORM_SHARE <= uniform_share <= 1:
            raise ValueError(
                f"uniform_share is {uniform_share}; use a share from {UNIFORM_SHARE} to 1"
            )
        of_pairs = weights[pair_indices(n_models)]
        if not (np.isfinite(of_pairs) & (of_pairs >= 0)).all():
            raise BadState("a pair has a weight that is negative or not finite")
        largest = of_pairs.max()
        relative = of_pairs / largest if largest > 0 else np.ones_like(of_pairs)
        return cls(n_models, relative / relative.sum(), uniform_share)

    def reweighted(self, factors: FloatArray) -> PairProbabilities:
        """Multiply what is preferred by factors, (n_models, n_models); the uniform share stays."""
        return self.from_weights(self._square(self.preferred) * factors, self.uniform_share)

    def mixed_with(self, other: FloatArray, share: float) -> PairProbabilities:
        """Let `share` of what is preferred come from `other`, (n_models, n_models) weights."""
        added = self.from_weights(other).preferred
        preferred = (1 - share) * self.preferred + share * added
        return PairProbabilities(self.n_models, preferred, self.uniform_share)

    @cached_property
    def of_pairs(self) -> FloatArray:
        """Probability of each pair, (n_pairs,)."""
        uniform = 1 / math.comb(self.n_models, 2)
        # Written so that a uniform preference gives 1 / C(n, 2) to the last digit.
        mixed: FloatArray = uniform + (1 - self.uniform_share) * (self.preferred - uniform)
        return mixed

    @cached_property
    def matrix(self) -> FloatArray:
        """Probability of each pair, (n_models, n_models), symmetric with a diagonal of 0."""
        return self._square(self.of_pairs)

    @cached_property
    def cumulative(self) -> FloatArray:
        """Running sum of what is preferred, (n_pairs,), for drawing by inversion."""
        return np.cumsum(self.preferred)

    @property
    def preferred_of_models(self) -> FloatArray:
        """Probability that a preferred pair has the model, (n_models,); the sum is 2."""
        totals: FloatArray = self._square(self.preferred).sum(axis=1)
        return totals

    def _square(self, of_pairs: FloatArray) -> FloatArray:
        square = np.zeros((self.n_models, self.n_models))
        square[pair_indices(self.n_models)] = of_pairs
        return square + square.T


@lru_cache(maxsize=16)
def pair_indices(n_models: int) -> tuple[IntArray, IntArray]:
    """Return (first, second), (n_pairs,) each, of the pairs with first < second."""
    first, second = np.triu_indices(n_models, 1)
    first.setflags(write=False)
    second.setflags(write=False)
    return first, second


def pair_number(n_models: int, one: int, two: int) -> int:
    """Return where the pair stands among the pairs."""
    low, high = sorted((one, two))
    return low * n_models - low * (low + 1) // 2 + high - low - 1
