"""Checks of what a caller gives: each refusal says what is wrong, where, and what to do."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray


def integers(name: str, values: ArrayLike, n_dimensions: int = 1) -> NDArray[Any]:
    """Return an array of integers in native byte order; an empty one of any type counts as such.

    Raises:
        ValueError: another number of dimensions or another type.
    """
    array = np.asarray(values)
    if array.ndim != n_dimensions:
        expected = "one dimension" if n_dimensions == 1 else f"{n_dimensions} dimensions"
        raise ValueError(f"{name} has shape {array.shape}; expected {expected}")
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} has type {array.dtype}; expected integers")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def codes(name: str, values: ArrayLike, n_rows: int, size: int) -> NDArray[Any]:
    """Return integers of 0 to size - 1, (n_rows,).

    Raises:
        ValueError: another shape or type, or a value out of range.
    """
    array = integers(name, values)
    check_shape(name, array, (n_rows,))
    check_range(name, array, size)
    return array


def index_pairs(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return two arrays of integers of equal length, (n_rows,) each, in any range.

    Raises:
        ValueError: unequal lengths, or as `integers`.
    """
    left, right = integers("first", first), integers("second", second)
    if left.shape != right.shape:
        raise ValueError(f"first has shape {left.shape} and second {right.shape}; expected equal")
    return left, right


def check_pairs(n_models: int, first: NDArray[Any], second: NDArray[Any]) -> None:
    """Raise ValueError unless every row (n_rows,) compares two different models that exist."""
    check_range("first", first, n_models)
    check_range("second", second, n_models)
    same = first == second
    if same.any():
        row = int(np.argmax(same))
        raise ValueError(f"row {row} compares model {first[row]} with itself")


def counts(name: str, values: ArrayLike, n_rows: int, unit: str = "count") -> FloatArray:
    """Return (n_rows,) float64, finite and not negative.

    Raises:
        ValueError: another shape or value.
    """
    array = np.asarray(values, dtype=np.float64)
    check_shape(name, array, (n_rows,))
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}[{row}] is {array[row]}; a {unit} is finite and not negative")
    return array


def weights(
    name: str, values: ArrayLike, n_rows: int, dtype: type[Any] = np.float64
) -> NDArray[Any]:
    """Return (n_rows,) of `dtype`, finite and above 0.

    Raises:
        ValueError: another shape or value.
    """
    array = np.asarray(values).astype(dtype, copy=False)
    check_shape(name, array, (n_rows,))
    wrong = ~(np.isfinite(array) & (array > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{name}[{row}] is {array[row]}; a weight is finite and above 0: "
            "leave out the votes that should not count"
        )
    return array


def check_n_models(n_models: int) -> None:
    """Raise ValueError for a negative number of models."""
    if n_models < 0:
        raise ValueError(f"n_models is {n_models}; it cannot be negative")


def check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise ValueError for another shape."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; expected {shape}")


def check_range(name: str, array: NDArray[Any], size: int) -> None:
    """Raise ValueError for a value outside 0 to size - 1; `array` is (n_rows,)."""
    if array.size and (array.min() < 0 or array.max() >= size):
        row = int(np.argmax((array < 0) | (array >= size)))
        raise ValueError(f"{name}[{row}] is {array[row]}; expected 0 to {size - 1}")


def check_level(level: float) -> None:
    """Raise ValueError for a level of confidence that is no probability between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; use a probability between 0 and 1, such as 0.95")
