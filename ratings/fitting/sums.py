"""Sums over rows of votes, by model or by any other number."""

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray


def totals(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum values by index over arrays of one shape, (size,)."""
    summed = np.bincount(index.ravel(), weights=values.ravel(), minlength=size)
    return summed.astype(np.float64, copy=False)


def totals_of_sides(
    first: IntArray,
    second: IntArray,
    of_first: FloatArray,
    of_second: FloatArray,
    size: int,
) -> FloatArray:
    """Sum a quantity of each row's two sides over models or players, (size,)."""
    return totals(first, of_first, size) + totals(second, of_second, size)
