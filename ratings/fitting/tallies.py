"""Votes counted per pair of models: the sufficient statistics of every pairwise fit."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.kernels import count_votes, filled_cells, is_canonical
from ratings.fitting.validation import (
    check_n_models,
    check_pairs,
    check_range,
    check_shape,
    index_pairs,
    integers,
)
from ratings.fitting.validation import counts as checked_counts

# Columns of counts, in the order of Outcome, and where each stands when the seats are exchanged.
COUNTS = ("wins_first", "wins_second", "ties", "both_bad")
SEATS_SWAPPED = [1, 0, 2, 3]
# Cells of the count table (n_models^2 x 4) up to which it is used, 1024 models: 32 MiB of counts.
_TABLE_CELLS_MAX = 1 << 22


class Outcome(IntEnum):
    """What one vote says about the two seats of a pair, as the code used in vote arrays."""

    FIRST = 0
    SECOND = 1
    TIE = 2
    BOTH_BAD = 3


# How a fit reads "both bad": as a tie, or as no vote at all.
BothBad = Literal["tie", "ignore"]


def check_both_bad(both_bad: str) -> None:
    """Raise ValueError for another reading of "both bad"."""
    if both_bad not in ("tie", "ignore"):
        raise ValueError(f"both_bad is {both_bad!r}; use 'tie' or 'ignore'")


class OutcomeCounts(Protocol):
    """Votes of each outcome, (n_rows,) each, however the rows are made."""

    @property
    def wins_first(self) -> FloatArray:
        """Votes for the first."""

    @property
    def wins_second(self) -> FloatArray:
        """Votes for the second."""

    @property
    def ties(self) -> FloatArray:
        """Votes for neither, both being good enough."""

    @property
    def both_bad(self) -> FloatArray:
        """Votes against both."""


class CountedVotes(OutcomeCounts, Protocol):
    """Tallies of votes on two models a row, whether or not they keep apart who sat where."""

    @property
    def n_models(self) -> int:
        """Number of models."""

    @property
    def first(self) -> IntArray:
        """Models of the first side, (n_rows,)."""

    @property
    def second(self) -> IntArray:
        """Models of the second side, (n_rows,)."""


def ties_that_count(tallies: OutcomeCounts, both_bad: BothBad) -> FloatArray:
    """Return the ties of each row under this reading of "both bad", (n_rows,).

    Raises:
        ValueError: another reading.
    """
    check_both_bad(both_bad)
    return tallies.ties + tallies.both_bad if both_bad == "tie" else tallies.ties


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
        check_n_models(self.n_models)
        first, second = index_pairs(self.first, self.second)
        check_pairs(self.n_models, first, second)
        counts = np.stack(
            [checked_counts(name, getattr(self, name), first.size) for name in COUNTS]
        )  # (4, n_rows) in the order of Outcome, a copy
        first, second = first.astype(np.int64), second.astype(np.int64)
        if not is_canonical(first, second, counts):
            first, second, counts = _canonical_rows(first, second, counts)
        columns = dict(zip(COUNTS, counts, strict=True))
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
        first, second = index_pairs(first, second)
        codes = integers("outcome", outcome)
        check_shape("outcome", codes, first.shape)
        if n_models**2 * len(Outcome) <= _TABLE_CELLS_MAX:
            table = np.zeros((n_models, n_models, len(Outcome)), dtype=np.int64)
            is_counted = count_votes(first, second, codes, table)
            if is_counted and not np.einsum("iik->", table):  # no vote of a model with itself
                rows = filled_cells(table)
                return cls(n_models, *rows[:2], *rows[2])
        check_pairs(n_models, first, second)
        check_range("outcome", codes, len(Outcome))
        return cls(n_models, *_count_by_sorting(n_models, first, second, codes))

    def __add__(self, other: "PairTallies") -> "PairTallies":
        """Add the votes of two tallies over the same models."""
        if self.n_models != other.n_models:
            raise ValueError(
                f"tallies over {self.n_models} and {other.n_models} models cannot be added"
            )
        names = ("first", "second", *COUNTS)
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
    counts = np.where(first > second, counts[SEATS_SWAPPED], counts)  # (4, n_rows)
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
