"""Votes counted per voter and pair: the sufficient statistics of fits that know who voted."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.tallies import COUNTS, SEATS_SWAPPED, Outcome, PairTallies
from ratings.fitting.validation import check_n_models, check_pairs, check_shape, codes, integers
from ratings.fitting.validation import counts as checked_counts
from ratings.fitting.voter_kernels import sorted_by_row

# Span of voter numbers, in multiples of the votes, up to which a table numbers them anew; beyond
# it a sort takes less memory.
_SPAN_MAX = 4


@dataclass(frozen=True, eq=False)
class VoterTallies:
    """Vote counts, one row per voter and unordered pair on which that voter voted.

    Rows may be given in any order, with repeats and with either model first; they are merged to
    one row per voter and pair with ``first < second``, sorted by voter, then pair, without rows
    that hold no vote. Equal votes therefore give bit-identical arrays.

    A count may be a sum of weights, such as inverse propensities: the scores of one voter are
    added before they are squared, so a variance clustered by voter stays right.

    Attributes:
        n_models: number of models; they are numbered 0 to n_models - 1.
        voter: (n_rows,) int64, any number that tells voters apart.
        first, second: (n_rows,) int64 model indices.
        wins_first, wins_second, ties, both_bad: (n_rows,) float64 counts, as in `PairTallies`.

    Raises:
        ValueError: wrong shapes or types, an index out of range, a model paired with itself, or a
            count that is negative or not finite.
    """

    n_models: int
    voter: IntArray
    first: IntArray
    second: IntArray
    wins_first: FloatArray
    wins_second: FloatArray
    ties: FloatArray
    both_bad: FloatArray

    def __post_init__(self) -> None:
        """Validate the given rows and replace them by their canonical form."""
        voter = integers("voter", self.voter).astype(np.int64)
        first, second = _models(self.n_models, voter.size, self.first, self.second)
        counts = np.stack([checked_counts(n, getattr(self, n), voter.size) for n in COUNTS])
        columns = _canonical(self.n_models, voter, first, second, counts)
        for name, column in zip(("voter", "first", "second", *COUNTS), columns, strict=True):
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    @classmethod
    def from_votes(
        cls,
        n_models: int,
        voter: ArrayLike,
        first: ArrayLike,
        second: ArrayLike,
        outcome: ArrayLike,
        weight: ArrayLike | None = None,
    ) -> Self:
        """Count votes given as integer codes.

        Args:
            n_models: number of models.
            voter: (n_votes,) any integers that tell voters apart.
            first, second: (n_votes,) model indices.
            outcome: (n_votes,) codes of `Outcome`.
            weight: (n_votes,) what each vote counts, such as its inverse propensity; 1 if None.

        Raises:
            ValueError: not integers, unequal lengths, an index or code out of range, a vote
                between a model and itself, or a weight that is negative or not finite.
        """
        voter = integers("voter", voter)
        first, second = _models(n_models, voter.size, first, second)
        code = codes("outcome", outcome, voter.size, len(Outcome)).astype(np.int64)
        cast = None if weight is None else checked_counts("weight", weight, voter.size)
        ids, number = _numbered(voter)
        cell = _cells(n_models, first, second, code)
        row, cell, count = _summed(number, cell, cast, ids.size)
        pair, code = np.divmod(cell, len(Outcome))
        is_new = _is_new(row, pair)
        counts = np.zeros((len(Outcome), np.count_nonzero(is_new)))
        counts[code, np.cumsum(is_new) - 1] = count
        return cls(n_models, ids[row[is_new]], *np.divmod(pair[is_new], n_models), *counts)

    @cached_property
    def starts(self) -> IntArray:
        """First row of each voter, and the number of rows at the end, (n_voters + 1,)."""
        is_new = np.ones(self.voter.size, dtype=bool)
        is_new[1:] = self.voter[1:] != self.voter[:-1]
        return np.append(np.flatnonzero(is_new), self.voter.size).astype(np.int64)

    @property
    def n_voters(self) -> int:
        """Number of voters with votes."""
        return int(self.starts.size - 1)

    @property
    def votes(self) -> FloatArray:
        """Votes of each row, of every outcome, (n_rows,)."""
        votes: FloatArray = self.wins_first + self.wins_second + self.ties + self.both_bad
        return votes

    @cached_property
    def votes_of_voter(self) -> FloatArray:
        """Votes of each voter, in the order of the voters' numbers, (n_voters,)."""
        if not self.voter.size:
            return np.zeros(0)
        return np.add.reduceat(self.votes, self.starts[:-1])

    def without_both_bad(self) -> "VoterTallies":
        """Leave out the votes that found both answers bad."""
        return replace(self, both_bad=np.zeros(self.voter.size))

    def pair_tallies(self, weight: FloatArray | None = None) -> PairTallies:
        """Add the voters up, each with its `weight` (n_voters,); 1 if None."""
        pair = self.first * self.n_models + self.second
        of_row = 1.0 if weight is None else np.repeat(weight, np.diff(self.starts))
        counts = np.stack(
            [
                np.bincount(pair, weights=getattr(self, name) * of_row, minlength=self.n_models**2)
                for name in COUNTS
            ]
        )
        voted = np.flatnonzero(counts.any(axis=0))
        return PairTallies(self.n_models, *np.divmod(voted, self.n_models), *counts[:, voted])


def _canonical(
    n_models: int, voter: IntArray, first: IntArray, second: IntArray, counts: FloatArray
) -> tuple[NDArray[Any], ...]:
    """Merge rows of one voter and pair, in an order that the input order cannot change."""
    swapped = first > second
    if swapped.any():
        counts = np.where(swapped, counts[SEATS_SWAPPED], counts)
        first, second = np.minimum(first, second), np.maximum(first, second)
    kept = counts.any(axis=0)
    if not kept.all():
        voter, first, second, counts = voter[kept], first[kept], second[kept], counts[:, kept]
    pair = first * n_models + second
    later = (voter[1:] > voter[:-1]) | ((voter[1:] == voter[:-1]) & (pair[1:] > pair[:-1]))
    if not later.all():
        # Counts are keys too: fractional ones round differently when added in another order.
        order = np.lexsort((*counts, pair, voter))
        voter, pair, counts = voter[order], pair[order], counts[:, order]
        is_new = _is_new(voter, pair)
        counts = np.add.reduceat(counts, np.flatnonzero(is_new), axis=1)
        voter, pair = voter[is_new], pair[is_new]
        first, second = np.divmod(pair, n_models)
    return voter, first, second, *counts


def _numbered(voter: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return the sorted distinct voters, (n_voters,), and each vote's place in them, (n_votes,)."""
    if not voter.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    lowest, highest = int(voter.min()), int(voter.max())
    if highest - lowest >= _SPAN_MAX * voter.size:
        ids, number = np.unique(voter, return_inverse=True)
        return ids.astype(np.int64), number
    offset = voter.astype(np.int64) - lowest
    present = np.zeros(highest - lowest + 1, dtype=bool)
    present[offset] = True
    return np.flatnonzero(present) + lowest, (np.cumsum(present) - 1)[offset]


def _cells(n_models: int, first: IntArray, second: IntArray, code: IntArray) -> IntArray:
    """Number the cell of each vote, seats in order: pair * 4 + outcome, (n_votes,)."""
    swapped = first > second
    low, high = np.where(swapped, second, first), np.where(swapped, first, second)
    turned = np.where(swapped & (code < Outcome.TIE), 1 - code, code)
    cells: IntArray = (low * n_models + high) * len(Outcome) + turned
    return cells


def _summed(
    row: IntArray, column: IntArray, value: FloatArray | None, n_rows: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Add values of one row and column, 1 if None; return rows, columns and sums sorted by both."""
    if value is None:
        row, column = sorted_by_row(row, column, n_rows)
        starts = np.flatnonzero(_is_new(row, column))
        return row[starts], column[starts], np.diff(starts, append=row.size).astype(np.float64)
    # Fractions round: they are added in an order that the order of votes cannot change.
    order = np.lexsort((value, column, row))
    row, column, value = row[order], column[order], value[order]
    starts = np.flatnonzero(_is_new(row, column))
    sums = np.add.reduceat(value, starts) if starts.size else value
    return row[starts], column[starts], sums


def _is_new(row: IntArray, column: IntArray) -> BoolArray:
    """Tell where a sorted (row, column) differs from the one before, (n,)."""
    is_new = np.ones(row.size, dtype=bool)
    is_new[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    return is_new


def _models(
    n_models: int, n_rows: int, first: ArrayLike, second: ArrayLike
) -> tuple[IntArray, IntArray]:
    """Return both models of each row, (n_rows,) int64, in range and never equal in a row."""
    check_n_models(n_models)
    left, right = integers("first", first), integers("second", second)
    check_shape("first", left, (n_rows,))
    check_shape("second", right, (n_rows,))
    check_pairs(n_models, left, right)
    return left.astype(np.int64), right.astype(np.int64)
