"""Intervals of scores, and what they allow to be said about ranks."""

from typing import NamedTuple

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]
from scipy.special import ndtri, stdtrit  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.validation import check_level

# Scores closer than this (natural log) are equal: the fit resolves no more.
_SCORE_RESOLUTION = 1e-9
# Pairs of models times draws that are compared at a time: 16 MiB of temporaries.
_COMPARISONS_PER_BLOCK = 1 << 21
# A difference of scores whose standard error is below this part of the larger of the two is
# rounding: such a pair is never told apart.
_RELATIVE_ROUNDING = 1e-7


class MarginalRanks(NamedTuple):
    """Ranks inside each component, 1 is best, each array (n_models,) int64."""

    rank: IntArray
    best: IntArray
    worst: IntArray


class SimultaneousRanks(NamedTuple):
    """Ranks inside each component, 1 is best, that hold all at once, each (n_models,) int64.

    `critical` is the number of standard errors by which two scores must differ to be told apart.
    """

    rank: IntArray
    best: IntArray
    worst: IntArray
    critical: float


def normal_interval(
    scores: FloatArray, covariance: FloatArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper end of each score's own normal interval, (n_models,) each.

    Each interval covers its score with probability `level`; all of them together with less.

    Raises:
        ValueError: shapes that do not match, a level outside (0, 1), or a negative variance.
    """
    _check_covariance(scores, covariance)
    half = half_width(covariance, level)
    return scores - half, scores + half


def half_width(covariance: FloatArray, level: float = 0.95) -> FloatArray:
    """Return half the width of each score's normal interval, (n_models,), natural log."""
    standard_errors = _standard_errors(covariance)
    check_level(level)
    half: FloatArray = ndtri((1 + level) / 2) * standard_errors
    return half


def t_interval(
    scores: FloatArray,
    covariance: FloatArray,
    degrees_of_freedom: FloatArray | float,
    level: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of each score's own Student t interval, (n_models,) each.

    `degrees_of_freedom` is one number or one per model, (n_models,); infinity is the normal.

    Raises:
        ValueError: as `normal_interval`, or degrees of freedom that are not above 0.
    """
    _check_covariance(scores, covariance)
    half = t_half_width(covariance, degrees_of_freedom, level)
    return scores - half, scores + half


def t_half_width(
    covariance: FloatArray, degrees_of_freedom: FloatArray | float, level: float = 0.95
) -> FloatArray:
    """Return half the width of each score's Student t interval, (n_models,), natural log."""
    standard_errors = _standard_errors(covariance)
    check_level(level)
    degrees = np.asarray(degrees_of_freedom, dtype=np.float64)
    if degrees.shape not in ((), standard_errors.shape):
        raise ValueError(f"degrees_of_freedom has shape {degrees.shape}; expected one per score")
    if not (degrees > 0).all():
        raise ValueError("degrees_of_freedom has a value that is not above 0")
    half: FloatArray = stdtrit(degrees, (1 + level) / 2) * standard_errors
    return half


def _standard_errors(covariance: FloatArray) -> FloatArray:
    """Return the square roots of the diagonal, (n_models,), or refuse it."""
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise ValueError(f"covariance has shape {covariance.shape}; expected a square matrix")
    variance = np.diagonal(covariance)
    if not (np.isfinite(variance) & (variance >= 0)).all():
        raise ValueError("covariance has a variance that is negative or not finite")
    return np.sqrt(variance)


def _check_covariance(scores: FloatArray, covariance: FloatArray) -> None:
    """Refuse a covariance without one variance, finite and not negative, for each score."""
    if _standard_errors(covariance).shape != scores.shape:
        raise ValueError(f"scores have shape {scores.shape}, covariance {covariance.shape}")


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


def rank_interval_simultaneous(
    scores: FloatArray,
    covariance: FloatArray,
    component: IntArray,
    level: float = 0.95,
    n_draws: int = 4000,
    seed: int = 0,
) -> SimultaneousRanks:
    """Return rank intervals that hold for all models at once with probability `level`.

    Two scores are told apart where they differ by more than `critical` standard errors of their
    difference; `critical` is the `level` quantile of the largest standardised difference over all
    pairs of normal errors with this covariance (max-T: Hothorn, Bretz & Westfall 2008, Biom. J.
    50(3), doi:10.1002/bimj.200810425; ranks from it: Mogstad, Romano, Shaikh & Wilhelm 2024, Rev.
    Econ. Stud. 91(1), doi:10.1093/restud/rdad006). It is found by simulation: with 4000 draws the
    level is off by about 0.003.

    Raises:
        ValueError: shapes that do not match, values that are not finite, a level outside (0, 1),
            or n_draws below 1.
    """
    _check_models(component, scores=scores)
    check_level(level)
    if n_draws < 1:
        raise ValueError(f"n_draws is {n_draws}; use at least 1")
    _check_covariance(scores, covariance)
    errors = _errors_of_differences(covariance, component)
    largest = _largest_differences(covariance, errors, n_draws, seed)
    critical = float(np.quantile(largest, level, method="higher"))
    lead = scores[None, :] - scores[:, None]  # theirs over mine
    needed = np.multiply(critical, errors, out=np.full_like(errors, np.inf), where=errors < np.inf)
    told_apart = lead > np.maximum(needed, _SCORE_RESOLUTION)
    size = np.bincount(component, minlength=component.size)[component]
    return SimultaneousRanks(
        rank=rank_by_score(scores, component),
        best=1 + _count(told_apart, component),
        worst=size - _count(told_apart.T, component),
        critical=critical,
    )


def _errors_of_differences(covariance: FloatArray, component: IntArray) -> FloatArray:
    """Standard errors of score differences, infinite where none is known, (n_models, n_models)."""
    variance = np.diagonal(covariance)
    squares = variance[:, None] + variance[None, :] - covariance - covariance.T
    rounding = _RELATIVE_ROUNDING**2 * np.maximum(variance[:, None], variance[None, :])
    known = (squares > rounding) & (component[:, None] == component[None, :])
    return np.sqrt(np.where(known, squares, np.inf))


def _largest_differences(
    covariance: FloatArray, errors: FloatArray, n_draws: int, seed: int
) -> FloatArray:
    """Draw normal errors; return the largest standardised difference in each draw, (n_draws,)."""
    n_models = len(covariance)
    values, vectors = linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = np.random.default_rng(seed).standard_normal((n_draws, n_models))
    draws = (root @ normal.T).astype(np.float32)  # (n_models, n_draws)
    precision = (1 / errors).astype(np.float32)
    largest = np.zeros(n_draws, dtype=np.float32)
    step = max(1, _COMPARISONS_PER_BLOCK // max(n_models, 1))
    for start in range(0, n_draws, step):
        block = draws[:, start : start + step]
        for model in range(n_models - 1):
            gaps = np.abs(block[model + 1 :] - block[model]) * precision[model, model + 1 :, None]
            np.maximum(
                largest[start : start + step], gaps.max(axis=0), out=largest[start : start + step]
            )
    return largest.astype(np.float64)


def _count(relation: BoolArray, component: IntArray) -> IntArray:
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
