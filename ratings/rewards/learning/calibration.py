"""Do the probabilities mean what they say? One temperature, and a reliability table."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]

# A temperature outside these bounds says that the margins carry no signal (or one without noise);
# the bound keeps a coin's margins from being blown up or flattened without end.
TEMPERATURE_MIN = 0.05
TEMPERATURE_MAX = 20.0
_HALVINGS = 60  # of the bracket of log-temperatures: exact to rounding
N_BINS = 10  # equal-mass bins; 15 and more leave too few pairs a bin below 2,000 pairs


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs of like confidence, where confidence is max(p, 1 − p).

    Attributes:
        n: pairs; confidence_low, confidence_high: range; mean_confidence: what was promised;
            mean_outcome: share of votes for the predicted side, ties as half.
    """

    n: int
    confidence_low: float
    confidence_high: float
    mean_confidence: float
    mean_outcome: float


def fitted_temperature(margins: FloatArray, label: FloatArray, weight: FloatArray) -> float:
    """Return the T that minimises the cross-entropy of σ(margins / T); arrays are (n,).

    Guo et al. 2017, arXiv:1706.04599. The loss is convex in 1 / T, so the root of its slope is
    found by bisection in log T between `TEMPERATURE_MIN` and `TEMPERATURE_MAX`.
    """
    low, high = np.log(TEMPERATURE_MIN), np.log(TEMPERATURE_MAX)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        residual = expit(margins / np.exp(middle)) - label
        if float(np.sum(weight * residual * margins)) > 0.0:  # too sure: raise T
            low = middle
        else:
            high = middle
    return float(np.exp(0.5 * (low + high)))


def reliability_table(
    p: FloatArray, label: FloatArray, weight: FloatArray
) -> tuple[ReliabilityBin, ...]:
    """Sort (n,) pairs by confidence into at most `N_BINS` bins of equal size."""
    confidence, outcome = _towards_the_predicted_side(p, label)
    order = np.argsort(confidence, kind="stable")
    bins = [part for part in np.array_split(order, N_BINS) if len(part)]
    return tuple(
        ReliabilityBin(
            n=len(part),
            confidence_low=float(confidence[part[0]]),
            confidence_high=float(confidence[part[-1]]),
            mean_confidence=float(np.average(confidence[part], weights=weight[part])),
            mean_outcome=float(np.average(outcome[part], weights=weight[part])),
        )
        for part in bins
    )


def expected_calibration_error(table: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean |promised − seen| over the bins, by pairs (Naeini et al. 2015)."""
    gaps = [abs(part.mean_confidence - part.mean_outcome) for part in table]
    return float(np.average(gaps, weights=[part.n for part in table]))


def _towards_the_predicted_side(p: FloatArray, label: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return confidence and outcome (n,), the same whichever side was called a."""
    outcome = np.where(p > 0.5, label, np.where(p < 0.5, 1.0 - label, 0.5))
    return np.maximum(p, 1.0 - p), outcome
