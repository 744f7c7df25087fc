"""What one voter does to a board: every score when that voter's votes are left out.

Leaving voter u out moves the scores by -(H - H_u)^-1 g_u to first order, where g_u and H_u are the
gradient and the information of that voter's votes (Cook 1977, doi:10.1080/00401706.1977.10489493,
in the one-step form of Pregibon 1981, doi:10.1214/aos/1176345513). With F = H^-1 of the whole fit,
(H - H_u)^-1 g_u = F z where z = g_u + H_u F z, which needs no inverse of its own: z is iterated for
the voters whose leverage matters. Where one voter alone links two groups of models the iteration
falls short of so large a change. The voters reported are confirmed by an exact refit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.fit import Fit
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.refit import refit
from ratings.fitting.residuals import cell_counts, cell_residuals, check_fit_is_of
from ratings.fitting.robustness import RESOLUTION, ranking
from ratings.fitting.tallies import SEATS_SWAPPED, BothBad, Outcome
from ratings.fitting.voter_tallies import VoterTallies

# Rows (voter and pair) taken at a time: with 400 models at most 100 MiB of changes.
_ROWS_PER_BLOCK = 1 << 15
# Share of the information above which a voter's own leverage is corrected for: below it the first
# step is right to one part in a hundred.
_LEVERAGE_MIN = 0.01
# Iterations for z; each multiplies its error by the leverage, 2^-40 at one half.
_CORRECTIONS_MAX = 40
# Change of z, relative, at which the iteration ends.
_CORRECTION_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ScoreEffect:
    """The voter who moves one model's score most.

    Attributes:
        model: whose score.
        voter: who is left out.
        n_votes: that voter's votes.
        predicted: change of the score when the voter is left out, one step, natural log.
        exact: the same by refit; None where the votes left no longer compare the same models.
    """

    model: int
    voter: int
    n_votes: float
    predicted: float
    exact: float | None


@dataclass(frozen=True)
class GapEffect:
    """The voter on whom the lead of one model over the next rests most.

    Attributes:
        above, below: models of adjacent ranks.
        gap: score of `above` less that of `below`, natural log.
        voter, n_votes: who is left out, and how many votes go.
        predicted: change of the gap when the voter is left out, one step.
        exact: the same by refit; None where the votes left no longer compare the same models.
    """

    above: int
    below: int
    gap: float
    voter: int
    n_votes: float
    predicted: float
    exact: float | None

    @property
    def is_flipped(self) -> bool:
        """True where the refit without this one voter has the other order."""
        return self.exact is not None and self.gap + self.exact < -RESOLUTION


@dataclass(frozen=True)
class VoterInfluence:
    """The voters whose absence moves the board most.

    Attributes:
        scores: one entry per model of the ranking, best model first.
        gaps: one entry per adjacent gap of the ranking, from the top.
    """

    scores: tuple[ScoreEffect, ...]
    gaps: tuple[GapEffect, ...]


def leave_one_voter_out(
    votes: VoterTallies,
    fit: Fit,
    top: int | None = None,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> VoterInfluence:
    """Find the most influential voter of each score and gap, each confirmed by a refit.

    Costs O(n_rows * n_models), and one refit per voter reported.

    Args:
        votes: counts per voter and pair.
        fit: of the same votes, with the options given here.
        top: ranks to report; None for all.
        prior_ties, both_bad: as in `fit_bradley_terry`.

    Raises:
        ValueError: top below 1, or a fit of other votes.
    """
    if top is not None and top < 1:
        raise ValueError(f"top is {top}; use at least 1, or None for all ranks")
    rows = _Rows(votes, fit, both_bad)
    ranked = ranking(fit)[:top]
    if not rows.voters.size:
        return VoterInfluence((), ())
    of_score = _Largest(ranked.size)
    of_gap = _Largest(max(ranked.size - 1, 0))
    for voters, changes in rows.changes():
        moved = changes[:, ranked]  # (n_voters in the block, n_ranked)
        of_score.offer(voters, np.abs(moved), moved)
        widened = moved[:, :-1] - moved[:, 1:]
        of_gap.offer(voters, -widened, widened)
    exact = _Exact(rows, prior_ties)
    gaps = zip(pairwise(ranked.tolist()), *of_gap.found(), strict=True)
    return VoterInfluence(
        scores=tuple(
            ScoreEffect(model, voter, exact.n_votes(voter), change, exact.change(voter, model))
            for model, voter, change in zip(ranked.tolist(), *of_score.found(), strict=True)
        ),
        gaps=tuple(
            GapEffect(
                above,
                below,
                float(fit.scores[above] - fit.scores[below]),
                voter,
                exact.n_votes(voter),
                change,
                exact.change(voter, above, below),
            )
            for (above, below), voter, change in gaps
        ),
    )


def score_changes(
    votes: VoterTallies, fit: Fit, *, both_bad: BothBad = "tie"
) -> tuple[IntArray, FloatArray]:
    """Return the voters (n_voters,), ascending, and what leaving each out does to every score.

    The changes are (n_voters, n_models), natural log, one step; for very many voters use
    `leave_one_voter_out`, which keeps none of them.

    Raises:
        ValueError: a fit of other votes.
    """
    blocks = list(_Rows(votes, fit, both_bad).changes())
    voters = [np.zeros(0, dtype=np.int64), *(voter for voter, _ in blocks)]
    changes = [np.zeros((0, fit.n_models)), *(change for _, change in blocks)]
    return np.concatenate(voters), np.concatenate(changes)


class _Rows:
    """Rows sorted by voter, with the gradient and information that each adds."""

    def __init__(self, votes: VoterTallies, fit: Fit, both_bad: BothBad) -> None:
        first, second = _models(votes.first), _models(votes.second)
        counts = cell_counts(votes, both_bad)  # (n_rows, 4)
        check_fit_is_of(fit, votes.n_models, first, second, counts)
        order = np.argsort(votes.voter, kind="stable")
        self.fit, self.inverse = fit, fit.fisher_covariance
        self.voter = _models(votes.voter)[order]
        self.first, self.second, self.counts = first[order], second[order], counts[order]
        self.voters, self.starts = np.unique(self.voter, return_index=True)
        residuals = cell_residuals(fit.scores, self.first, self.second)
        self.surplus = np.sum(self.counts * residuals, axis=1)  # (n_rows,)
        variance_of_vote = -residuals[:, Outcome.FIRST] * residuals[:, Outcome.SECOND]
        self.information = self.counts.sum(axis=1) * variance_of_vote  # (n_rows,)
        diagonal = np.diagonal(self.inverse)
        variance = diagonal[self.first] + diagonal[self.second]
        variance = variance - 2 * self.inverse[self.first, self.second]
        self.leverage = self.information * variance  # (n_rows,)

    def changes(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield voters and the change of every score without each, a block at a time."""
        ends = np.append(self.starts[1:], self.voter.size)
        begin = 0
        while begin < self.voters.size:
            last = np.searchsorted(ends, self.starts[begin] + _ROWS_PER_BLOCK, side="right")
            stop = max(int(last), begin + 1)
            rows = slice(int(self.starts[begin]), int(ends[stop - 1]))
            yield self.voters[begin:stop], self._changes_of(rows, stop - begin)
            begin = stop

    def _changes_of(self, rows: slice, n_voters: int) -> FloatArray:
        """Change of every score without each voter of these rows, (n_voters, n_models)."""
        place = np.searchsorted(np.unique(self.voter[rows]), self.voter[rows])
        gradient = self._gradient(rows, place, n_voters, self.surplus[rows])
        changes: FloatArray = -(gradient @ self.inverse)
        leverage = np.bincount(place, self.leverage[rows], n_voters)
        heavy = np.flatnonzero(leverage > _LEVERAGE_MIN)
        if heavy.size:
            inside = np.isin(place, heavy)
            some = _Subset(self, np.arange(rows.start, rows.stop)[inside])
            changes[heavy] = some.corrected(np.searchsorted(heavy, place[inside]), heavy.size)
        return changes

    def _gradient(
        self, rows: slice | IntArray, place: IntArray, n_voters: int, surplus: FloatArray
    ) -> sparse.csr_array:
        """Sum surplus * (e_first - e_second) over each voter's rows, (n_voters, n_models)."""
        entries = np.concatenate([surplus, -surplus])
        models = np.concatenate([self.first[rows], self.second[rows]])
        shape = (n_voters, self.fit.n_models)
        return sparse.coo_array((entries, (np.tile(place, 2), models)), shape).tocsr()


@dataclass(frozen=True, eq=False)
class _Subset:
    """Rows of the voters whose own leverage matters."""

    of: _Rows
    rows: IntArray

    def corrected(self, place: IntArray, n_voters: int) -> FloatArray:
        """Changes -F z with z = g + H_u F z by iteration, (n_voters, n_models)."""
        of, rows = self.of, self.rows
        surplus = of.surplus[rows]
        step: FloatArray = of._gradient(rows, place, n_voters, surplus) @ of.inverse
        for _ in range(_CORRECTIONS_MAX):
            along = step[place, of.first[rows]] - step[place, of.second[rows]]
            renewed = of.surplus[rows] + of.information[rows] * along
            change = np.max(np.abs(renewed - surplus), initial=0.0)
            surplus = renewed
            step = of._gradient(rows, place, n_voters, surplus) @ of.inverse
            if change <= _CORRECTION_TOLERANCE * np.max(np.abs(surplus), initial=1.0):
                break
        return -step


class _Largest:
    """The voter of the largest size in each column, over blocks of voters."""

    def __init__(self, n_columns: int) -> None:
        self._size = np.full(n_columns, -np.inf)
        self._voter = np.zeros(n_columns, dtype=np.int64)
        self._value = np.zeros(n_columns)

    def offer(self, voters: IntArray, size: FloatArray, value: FloatArray) -> None:
        """Take the block's largest where it is larger; arrays are (n_voters, n_columns)."""
        row = np.argmax(size, axis=0)
        column = np.arange(row.size)
        larger = size[row, column] > self._size
        self._size = np.where(larger, size[row, column], self._size)
        self._voter = np.where(larger, voters[row], self._voter)
        self._value = np.where(larger, value[row, column], self._value)

    def found(self) -> tuple[list[int], list[float]]:
        """Voter and value of each column."""
        return self._voter.tolist(), self._value.tolist()


class _Exact:
    """Exact refits without one voter, each done once."""

    def __init__(self, rows: _Rows, prior_ties: float) -> None:
        self._rows, self._prior_ties = rows, prior_ties
        self._changes: dict[int, FloatArray | None] = {}
        self._all = self._tallies(np.ones(rows.voter.size, dtype=bool))

    def n_votes(self, voter: int) -> float:
        """Votes of the voter that entered the fit."""
        return float(self._rows.counts[self._of(voter)].sum())

    def change(self, voter: int, model: int, other: int | None = None) -> float | None:
        """Exact change of the score of `model`, or of its gap to `other`, without the voter."""
        if voter not in self._changes:
            self._changes[voter] = self._changes_without(voter)
        changes = self._changes[voter]
        if changes is None:
            return None
        return float(changes[model] - (0.0 if other is None else changes[other]))

    def _changes_without(self, voter: int) -> FloatArray | None:
        """Exact change of every score; None where the components change, (n_models,)."""
        fit, without = self._rows.fit, self._of(voter)
        mine = self._tallies(without)
        left = self._all.counts.copy()
        left[np.searchsorted(self._all.pair, mine.pair)] -= mine.counts
        first, second = np.divmod(self._all.pair, fit.n_models)
        found = refit(fit.n_models, first, second, left, fit.scores, self._prior_ties)
        if not found.is_finite or (found.component != fit.component).any():
            return None
        mean = np.bincount(fit.component, found.scores) / np.bincount(fit.component)
        changes: FloatArray = found.scores - mean[fit.component] - fit.scores
        return changes

    def _of(self, voter: int) -> slice:
        """Rows of one voter."""
        begin, end = np.searchsorted(self._rows.voter, [voter, voter + 1])
        return slice(int(begin), int(end))

    def _tallies(self, rows: slice | BoolArray) -> "_PairCounts":
        """Count the rows per unordered pair."""
        low, high = self._rows.first[rows], self._rows.second[rows]
        counts, swapped = self._rows.counts[rows], low > high
        counts = np.where(swapped[:, None], counts[:, SEATS_SWAPPED], counts)
        keys = np.minimum(low, high) * self._rows.fit.n_models + np.maximum(low, high)
        pair, row = np.unique(keys, return_inverse=True)
        summed = [np.bincount(row, counts[:, code], pair.size) for code in Outcome]
        return _PairCounts(pair, np.column_stack(summed))


@dataclass(frozen=True, eq=False)
class _PairCounts:
    """Counts (n_pairs, 4) of pairs numbered low * n_models + high, ascending."""

    pair: IntArray
    counts: FloatArray


def _models(values: ArrayLike) -> IntArray:
    """Return indices as int64."""
    return np.asarray(values, dtype=np.int64)
