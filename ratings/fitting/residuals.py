"""What counted votes leave unexplained at a fit: residuals by cell, and the variance they give."""

import numpy as np
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.fit import Fit
from ratings.fitting.sandwich import sandwich
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import BothBad, OutcomeCounts, check_both_bad


def cell_counts(tallies: OutcomeCounts, both_bad: BothBad) -> FloatArray:
    """Votes that enter a fit under this reading of "both bad", (n_rows, 4) by `Outcome`."""
    check_both_bad(both_bad)
    of_both_bad = tallies.both_bad if both_bad == "tie" else np.zeros_like(tallies.ties)
    return np.column_stack([tallies.wins_first, tallies.wins_second, tallies.ties, of_both_bad])


def check_fit_is_of(
    fit: Fit, n_models: int, first: IntArray, second: IntArray, counts: FloatArray
) -> None:
    """Raise ValueError where `fit` counted other votes per model than `counts` (n_pairs, 4)."""
    votes = counts.sum(axis=1)
    per_model = totals_of_sides(first, second, votes, votes, n_models)
    if fit.n_models != n_models or not np.allclose(per_model, fit.n_votes):
        raise ValueError("the fit is of other votes than these; pass the tallies it was made from")


def cell_residuals(scores: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    """Points less expected points of the first for each outcome, (n_rows, 4) by `Outcome`."""
    p_second = expit(scores[second] - scores[first])
    p_first = expit(scores[first] - scores[second])
    half = 0.5 - p_first
    return np.column_stack([p_second, -p_first, half, half])


def robust_covariance(
    bread: FloatArray,
    scores: FloatArray,
    first: IntArray,
    second: IntArray,
    squared_weights: FloatArray,
) -> FloatArray:
    """Sandwich bread meat bread of weighted votes (White 1982, doi:10.2307/1912526).

    Args:
        bread: (n_models, n_models) inverse information.
        scores: (n_models,) natural log.
        first, second: (n_pairs,) each unordered pair in one row.
        squared_weights: (n_pairs, 4) sum of squared weights of the votes of each cell; for votes
            of weight 1 their number.

    Returns:
        (n_models, n_models); a variance that rounding made negative becomes 0.
    """
    residuals = cell_residuals(scores, first, second)
    weight = np.sum(squared_weights * residuals**2, axis=1)
    return sandwich(bread, pair_laplacian(scores.size, first, second, weight))


def pair_laplacian(
    n_models: int, first: IntArray, second: IntArray, weight: FloatArray
) -> FloatArray:
    """Sum weight * (e_first - e_second)(e_first - e_second)^T over the pairs, (n_models, n_models).

    Each unordered pair may appear in one row only.
    """
    laplacian = np.zeros((n_models, n_models))
    laplacian[first, second] = laplacian[second, first] = -weight
    degree = totals_of_sides(first, second, weight, weight, n_models)
    np.fill_diagonal(laplacian, degree)
    return laplacian
