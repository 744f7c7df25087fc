"""Intervals of scores, and what they allow to be said about ranks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Scores closer than this (natural log) are equal: the fit resolves no more.
_SCORE_RESOLUTION = 1e-9


class MarginalRanks(NamedTuple):
    """Ranks inside each component, 1 is best, each array (n_models,) int64."""

    rank: IntArray
    best: IntArray
    worst: IntArray


def normal_interval(
    scores: FloatArray, covariance: FloatArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper end of each score's own normal interval, (n_models,) each.

    Each interval covers its score with probability `level`; all of them together with less.

    Raises:
        ValueError: shapes that do not match, a level outside (0, 1), or a negative variance.
    """
    half = half_width(covariance, level)
    if half.shape != scores.shape:
        raise ValueError(f"scores have shape {scores.shape}, covariance {covariance.shape}")
    return scores - half, scores + half


def half_width(covariance: FloatArray, level: float = 0.95) -> FloatArray:
    """Return half the width of each score's normal interval, (n_models,), natural log."""
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise ValueError(f"covariance has shape {covariance.shape}; expected a square matrix")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; use a probability between 0 and 1, such as 0.95")
    variance = np.diagonal(covariance)
    if not (np.isfinite(variance) & (variance >= 0)).all():
        raise ValueError("covariance has a variance that is negative or not finite")
    half: FloatArray = ndtri((1 + level) / 2) * np.sqrt(variance)
    return half


def rank_by_score(scores: FloatArray, component: IntArray) -> IntArray:
    """Rank models inside their component by score, (n_models,); equal scores share a rank."""
    _check_models(component, scores=scores)
    above = scores[None, :] > scores[:, None] + _SCORE_RESOLUTION  # (mine, theirs)
    return 1 + _count(above, component)


def rank_interval_by_overlap(
    low: FloatArray, high: FloatArray, component: IntArray
) -> MarginalRanks:
    """Rank by the intervals' midpoints, with the ranks that non-overlapping intervals leave open.

    `best` is 1 + the number of models whose lower end is above my upper end, the rank that LMArena
    publishes as "Rank (UB)" (FastChat, serve/monitor/monitor.py, `recompute_final_ranking`);
    `worst` is the component's size less the number of models whose upper end is below my lower end.

    These ranks are marginal: each model's interval holds on its own at the intervals' level; that
    all of them hold at once is not promised.

    Raises:
        ValueError: shapes that differ, values that are not finite, or a low end above its high end.
    """
    _check_models(component, low=low, high=high)
    if (low > high).any():
        raise ValueError("an interval has its low end above its high end")
    size = np.bincount(component, minlength=component.size)[component]
    surely_above = low[None, :] > high[:, None] + _SCORE_RESOLUTION  # (mine, theirs)
    surely_below = low[:, None] > high[None, :] + _SCORE_RESOLUTION
    return MarginalRanks(
        rank=rank_by_score((low + high) / 2, component),
        best=1 + _count(surely_above, component),
        worst=size - _count(surely_below, component),
    )


def _count(relation: NDArray[np.bool_], component: IntArray) -> IntArray:
    """Count, for each model, the models of its component in the relation, (n_models,)."""
    same = component[:, None] == component[None, :]
    counts: IntArray = (relation & same).sum(axis=1)
    return counts


def _check_models(component: IntArray, **values: FloatArray) -> None:
    """Refuse arrays that do not give one finite value per model."""
    for name, array in values.items():
        if array.shape != component.shape or array.ndim != 1:
            raise ValueError(f"{name} has shape {array.shape} and component {component.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has a value that is not finite")
