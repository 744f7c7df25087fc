"""Intervals that know that votes on one prompt are not independent.

Whole prompt groups are drawn with replacement (cluster bootstrap: Field & Welsh 2007,
doi:10.1111/j.1467-9868.2007.00593.x), and every figure is recomputed on the same draws, so that
the difference of two figures keeps their correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LEVEL = 0.95
N_DRAWS = 2000  # the ends of a 95 % interval then move by about 0.05 of its width between seeds
_DRAWS_AT_ONCE = 50  # bounds memory at 50 × groups
_Z = 1.959963984540054  # standard normal quantile of 0.975


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval and the way in which that was found."""

    value: float
    low: float
    high: float
    method: str

    def contains(self, value: float) -> bool:
        """Return whether the interval covers a value."""
        return self.low <= value <= self.high


@dataclass(frozen=True, eq=False)
class PromptDraws:
    """`N_DRAWS` resamples of the prompt groups of n pairs.

    Attributes:
        group: (n,) index of each pair's group in 0..n_groups-1; n_groups: how many there are.
    """

    group: NDArray[np.int64]
    n_groups: int
    seed: int

    @classmethod
    def of(cls, groups: Sequence[str], seed: int) -> "PromptDraws":
        """Prepare draws over the groups that n pairs belong to."""
        names, group = np.unique(np.array(groups), return_inverse=True)
        return cls(group.astype(np.int64), len(names), seed)

    def share(self, values: FloatArray, weight: FloatArray) -> Interval:
        """Return the weighted mean of (n,) values in [0, 1] with its interval."""
        interval = self.mean(values, weight)
        if values.min() == values.max() and interval.value in (0.0, 1.0):
            return _wilson(interval.value, self.n_groups)  # no resample varies: not certainty
        return interval

    def mean(self, values: FloatArray, weight: FloatArray) -> Interval:
        """Return the weighted mean of (n,) values, such as differences, with its interval."""
        value = float(np.average(values, weights=weight))
        drawn = self._drawn_means(values, weight)
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        method = f"cluster bootstrap by prompt, {N_DRAWS} draws of {self.n_groups} groups"
        return Interval(value, float(low), float(high), method)

    def _drawn_means(self, values: FloatArray, weight: FloatArray) -> FloatArray:
        """Return (N_DRAWS,) weighted means."""
        top = np.bincount(self.group, weight * values, self.n_groups)  # (n_groups,)
        bottom = np.bincount(self.group, weight, self.n_groups)  # (n_groups,)
        random = np.random.Generator(np.random.PCG64(self.seed))
        means = []
        for _ in range(0, N_DRAWS, _DRAWS_AT_ONCE):
            drawn = random.integers(0, self.n_groups, size=(_DRAWS_AT_ONCE, self.n_groups))
            means.append(top[drawn].sum(axis=1) / bottom[drawn].sum(axis=1))  # (_DRAWS_AT_ONCE,)
        return np.concatenate(means)


def _wilson(share: float, n: int) -> Interval:
    """Return the Wilson score interval, for a share of 0 or 1 where no resample can vary.

    Wilson 1927, doi:10.1080/01621459.1927.10502953; n counts prompt groups, not pairs.
    """
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Interval(
        share, max(0.0, centre - half), min(1.0, centre + half), f"Wilson over {n} prompt groups"
    )
