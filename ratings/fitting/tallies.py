"""Votes counted per pair of models: the sufficient statistics of every pairwise fit."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.kernels import count_votes, filled_cells, is_canonical

# Columns of counts, in the order of Outcome, and where each stands when the seats are exchanged.
_COUNTS = ("wins_first", "wins_second", "ties", "both_bad")
_SEATS_SWAPPED = [1, 0, 2, 3]
# Cells of the count table (n_models^2 x 4) up to which it is used, 1024 models: 32 MiB of counts.
_TABLE_CELLS_MAX = 1 << 22


class Outcome(IntEnum):
    """What one vote says about the two seats of a pair, as the code used in vote arrays."""

    FIRST = 0
    SECOND = 1
    TIE = 2
    BOTH_BAD = 3


@dataclass(frozen=True, eq=False)
class PairTallies:
    """Vote counts, one row per unordered pair that has votes.

    Rows may be given in any order, with repeats and with either model first; they are merged to
    one row per pair with ``first < second``, sorted, without rows that hold no vote. Equal votes
    therefore give bit-identical arrays, and bit-identical fits. Arrays are read-only copies.

    A count is a number of votes; a fractional count is taken as a frequency, so the variance of
    individually weighted votes cannot be had from tallies.

    Attributes:
        n_models: number of models; they are numbered 0 to n_models - 1.
        first, second: (n_pairs,) int64 model indices.
        wins_first, wins_second, ties, both_bad: (n_pairs,) float64 counts; ``ties`` leaves out
            the ties that are not acceptable, which are ``both_bad``.

    Raises:
        ValueError: wrong shapes, an index out of range, a model paired with itself, or a count
            that is negative or not finite.
    """

    n_models: int
    first: IntArray
    second: IntArray
    wins_first: FloatArray
    wins_second: FloatArray
    ties: FloatArray
    both_bad: FloatArray

    def __post_init__(self) -> None:
        """Validate the given rows and replace them by their canonical form."""
        if self.n_models < 0:
            raise ValueError(f"n_models is {self.n_models}; it cannot be negative")
        first, second = _checked_pairs(self.n_models, self.first, self.second)
        counts = np.stack(
            [_checked_counts(name, getattr(self, name), first.size) for name in _COUNTS]
        )  # (4, n_rows) in the order of Outcome, a copy
        first, second = first.astype(np.int64), second.astype(np.int64)
        if not is_canonical(first, second, counts):
            first, second, counts = _canonical_rows(first, second, counts)
        columns = dict(zip(_COUNTS, counts, strict=True))
        for name, column in {"first": first, "second": second, **columns}.items():
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    @classmethod
    def from_votes(
        cls, n_models: int, first: ArrayLike, second: ArrayLike, outcome: ArrayLike
    ) -> Self:
        """Count votes given as integer codes.

        Args:
            n_models: number of models.
            first, second: (n_votes,) model indices, any integer type.
            outcome: (n_votes,) codes of `Outcome`, any integer type.

        Raises:
            ValueError: not integers, unequal lengths, an index or code out of range, or a vote
                between a model and itself.
        """
        first, second = _checked_lengths(first, second)
        codes = _integers("outcome", outcome)
        if codes.shape != first.shape:
            raise ValueError(f"outcome has shape {codes.shape}; expected {first.shape}")
        if n_models**2 * len(Outcome) <= _TABLE_CELLS_MAX:
            table = np.zeros((n_models, n_models, len(Outcome)), dtype=np.int64)
            is_counted = count_votes(first, second, codes, table)
            if is_counted and not np.einsum("iik->", table):  # no vote of a model with itself
                rows = filled_cells(table)
                return cls(n_models, *rows[:2], *rows[2])
        _checked_pairs(n_models, first, second)
        _check_range("outcome", codes, len(Outcome))
        return cls(n_models, *_count_by_sorting(n_models, first, second, codes))

    def __add__(self, other: "PairTallies") -> "PairTallies":
        """Add the votes of two tallies over the same models."""
        if self.n_models != other.n_models:
            raise ValueError(
                f"tallies over {self.n_models} and {other.n_models} models cannot be added"
            )
        names = ("first", "second", *_COUNTS)
        rows = (np.concatenate([getattr(self, name), getattr(other, name)]) for name in names)
        return PairTallies(self.n_models, *rows)

    @property
    def n_pairs(self) -> int:
        """Number of pairs with votes."""
        return int(self.first.size)

    @property
    def votes(self) -> FloatArray:
        """Votes of each pair, of every outcome, (n_pairs,)."""
        votes: FloatArray = self.wins_first + self.wins_second + self.ties + self.both_bad
        return votes


def _count_by_sorting(
    n_models: int, first: NDArray[Any], second: NDArray[Any], outcome: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Count votes by sorting their cells, for very many models; return the columns of the rows."""
    keys = _cell_keys(n_models, first, second, outcome)
    cells, counts = np.unique(keys, return_counts=True)
    pair, code = np.divmod(cells, len(Outcome))
    columns = np.zeros((len(Outcome), cells.size))
    columns[code, np.arange(cells.size)] = counts
    return (*np.divmod(pair, n_models), *columns)


def _cell_keys(
    n_models: int, first: NDArray[Any], second: NDArray[Any], outcome: NDArray[Any]
) -> IntArray:
    """Number the cell of each vote: (first * n_models + second) * 4 + outcome, (n_votes,)."""
    keys = first.astype(np.int64)
    keys *= n_models
    keys += second
    keys *= len(Outcome)
    keys += outcome
    return keys


def _canonical_rows(
    first: IntArray, second: IntArray, counts: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Merge rows of the same unordered pair, in an order that the input order cannot change."""
    counts = np.where(first > second, counts[_SEATS_SWAPPED], counts)  # (4, n_rows)
    kept = counts.any(axis=0)
    low, high, counts = (
        np.minimum(first, second)[kept],
        np.maximum(first, second)[kept],
        counts[:, kept],
    )
    order = _row_order(low, high, counts)
    low, high, counts = low[order], high[order], counts[:, order]
    is_new = np.ones(low.size, dtype=bool)
    is_new[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    starts = np.flatnonzero(is_new)
    if starts.size:
        counts = np.add.reduceat(counts, starts, axis=1)
    return low[starts], high[starts], counts


def _row_order(low: IntArray, high: IntArray, counts: FloatArray) -> IntArray:
    """Sort rows by pair; where counts are fractional also by count, as their sums then round."""
    if (counts == np.floor(counts)).all():
        return np.lexsort((high, low))
    return np.lexsort((*counts, high, low))


def _checked_lengths(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both index arrays, (n_rows,) of integers."""
    left, right = _integers("first", first), _integers("second", second)
    if left.shape != right.shape:
        raise ValueError(f"first has shape {left.shape} and second {right.shape}; expected equal")
    return left, right


def _checked_pairs(
    n_models: int, first: ArrayLike, second: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both index arrays, (n_rows,) of integers in range and never equal in a row."""
    left, right = _checked_lengths(first, second)
    _check_range("first", left, n_models)
    _check_range("second", right, n_models)
    same = left == right
    if same.any():
        row = int(np.argmax(same))
        raise ValueError(f"row {row} compares model {left[row]} with itself")
    return left, right


def _integers(name: str, values: ArrayLike) -> NDArray[Any]:
    """Return a one-dimensional integer array; an empty one of any type counts as integers."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; expected one dimension")
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} has type {array.dtype}; expected integer codes")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _check_range(name: str, array: NDArray[Any], size: int) -> None:
    """Refuse values outside 0 to size - 1."""
    if array.size and (array.min() < 0 or array.max() >= size):
        wrong = (array < 0) | (array >= size)
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}[{row}] is {array[row]}; expected 0 to {size - 1}")


def _checked_counts(name: str, values: ArrayLike, n_rows: int) -> FloatArray:
    """Return counts as (n_rows,) float64, finite and not negative."""
    counts = np.asarray(values, dtype=np.float64)
    if counts.shape != (n_rows,):
        raise ValueError(f"{name} has shape {counts.shape}; expected ({n_rows},)")
    wrong = ~(np.isfinite(counts) & (counts >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}[{row}] is {counts[row]}; a count is finite and not negative")
    return counts
