"""From information to covariance: components held and centred, and the sandwich.

The information of strengths does not see a shift of all of a component: it is anchored before it is
inverted, and the inverse is centred, which gives the covariance of scores that sum to zero in each
component. The sandwich bread meat bread (Huber 1967; White 1982, doi:10.2307/1912526) is the
covariance for any law of the votes, bread the inverse information and meat the sum over votes, or
clusters of votes, of score score^T.
"""

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.kernels import mirror

# Rows of a symmetric product computed at once: enough for BLAS to be at its speed.
_ROWS_PER_BLOCK = 100


def averaging_within(component: IntArray) -> FloatArray:
    """Matrix that replaces each value by the mean of its component, (n_models, n_models)."""
    same = component[:, None] == component[None, :]
    averaging: FloatArray = same / same.sum(axis=1, keepdims=True)
    return averaging


def anchored(
    information: FloatArray, averaging: FloatArray, n_strengths: int | None = None
) -> FloatArray:
    """Hold the sum of each component, which votes do not see; overwrites `information` (n, n).

    A multiple of 1 1^T over a component makes the information invertible and changes nothing else.
    Models stand first; the multiple follows the size of the first `n_strengths` entries, of all by
    default.
    """
    n_models = len(averaging)
    trace = float(np.trace(information[:n_strengths, :n_strengths]))
    curvature = trace / max(n_models, 1) or 1.0  # keeps both terms alike in size
    information[:n_models, :n_models] += curvature * averaging
    return information


def sum_zero(inverse: FloatArray, averaging: FloatArray) -> FloatArray:
    """Inverse information of sum-zero scores and of parameters after them; overwrites `inverse`."""
    models = slice(len(averaging))
    inverse[models] -= averaging @ inverse[models]
    inverse[:, models] -= inverse[:, models] @ averaging
    return symmetric(inverse)


def positive_definite_inverse(matrix: FloatArray) -> FloatArray:
    """Inverse of a positive definite matrix, exactly symmetric, (n, n).

    Raises:
        LinAlgError: the matrix is not positive definite.
    """
    factor, _ = linalg.cho_factor(matrix, lower=True)
    half: FloatArray = np.tril(linalg.lapack.dpotri(factor, lower=1)[0])
    inverse: FloatArray = half + np.tril(half, -1).T
    return inverse


def sandwich(bread: FloatArray, meat: FloatArray) -> FloatArray:
    """Return bread meat bread for symmetric arrays, variances at least 0, (n, n)."""
    return as_covariance(bread @ meat @ bread)


def sandwich_by_blocks(bread: FloatArray, meat: FloatArray) -> FloatArray:
    """Return the same from the upper triangle of `meat`, which is overwritten, by half the work."""
    mirror(meat)
    half = bread @ meat
    covariance = np.empty_like(bread)
    for start in range(0, len(bread), _ROWS_PER_BLOCK):  # symmetric: half of it is enough
        rows = slice(start, start + _ROWS_PER_BLOCK)
        np.matmul(half[rows], bread[:, start:], out=covariance[rows, start:])
    mirror(covariance)
    return _without_negative_variance(covariance)


def as_covariance(matrix: FloatArray) -> FloatArray:
    """Remove the rounding that makes a covariance asymmetric or a variance negative, (n, n)."""
    return _without_negative_variance(symmetric(matrix))


def symmetric(matrix: FloatArray) -> FloatArray:
    """Remove the rounding that makes a product asymmetric, (n, n)."""
    mean: FloatArray = (matrix + matrix.T) / 2
    return mean


def _without_negative_variance(covariance: FloatArray) -> FloatArray:
    """Set negative variances to 0, in place.

    Where models are separated by a wide margin that only a small prior bounds, bread is so large
    and meat so small that rounding can make one.
    """
    np.fill_diagonal(covariance, np.maximum(np.diagonal(covariance), 0))
    return covariance
