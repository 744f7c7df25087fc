"""How few votes would have to be dropped for two models to change places.

A board whose first two ranks hang on five votes in a million says less than its intervals do:
those answer for chance, this for a few votes that should not have counted. The number is the
approximate maximum influence perturbation (Broderick, Giordano & Meager 2020, arXiv 2011.14999)
for Bradley-Terry ranks (Huang, Shen, Wei & Broderick 2025, arXiv 2508.11847), confirmed by an exact
refit. All votes of a pair with one outcome have the same influence, so the search is over at most
four cells per pair and its cost does not grow with the votes.

The greedy search finds votes whose removal does flip the order. A smaller set may exist, so the
number is an upper bound of the true minimum.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.fit import Fit
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.refit import Refit, refit
from ratings.fitting.residuals import cell_counts, cell_residuals, check_fit_is_of
from ratings.fitting.tallies import BothBad, Outcome, PairTallies

# Gap (natural log) that counts as a changed order: below it two scores are equal to a board.
RESOLUTION = 1e-9
# Times that the influences are taken anew where one step does not flip; each adds votes.
_ROUNDS_MAX = 25
# Cells sorted at first; nearly every flip needs fewer, and a sort of all is the slowest part.
_CELLS_SORTED = 2048
# Steps of the fixed point that inverts a parabola: its bend is a few per cent.
_PARABOLA_STEPS = 4
# A vote with all but this share of its pair's information is a bridge: dropping it disconnects.
_BRIDGE = 1e-6


@dataclass(frozen=True)
class DroppedVotes:
    """Votes of one pair with one outcome that are dropped."""

    first: int
    second: int
    outcome: Outcome
    votes: int


@dataclass(frozen=True)
class Flip:
    """What it takes to put `below` above `above`.

    Attributes:
        above, below: the two models, by their present order.
        gap: score of `above` less that of `below`, natural log.
        predicted: votes that the first linear step says are enough; None where it finds none.
        votes_to_flip: votes dropped when the exact refit has the other order; None where the
            search found no such votes.
        share: `votes_to_flip` as a share of all votes of the fit.
        gap_after: gap of the exact refit, below 0.
        dropped: the votes, by cell, the most influential first; empty without a flip.
    """

    above: int
    below: int
    gap: float
    predicted: int | None
    votes_to_flip: int | None
    share: float | None
    gap_after: float | None
    dropped: tuple[DroppedVotes, ...]

    @property
    def is_flipped_as_predicted(self) -> bool:
        """True where the exact refit confirms the number of the linear step."""
        return self.predicted is not None and self.votes_to_flip == self.predicted


def flips_of_ranking(
    tallies: PairTallies,
    fit: Fit,
    top: int = 10,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> tuple[Flip, ...]:
    """Return the flips of the `top` first adjacent gaps of the ranking, best first.

    The ranking is that of the component with the most models; the other options are those that
    `fit` was made with.

    Raises:
        ValueError: top below 1, counts that are not whole, or a fit of other votes.
    """
    if top < 1:
        raise ValueError(f"top is {top}; use at least 1")
    search = _Search(tallies, fit, prior_ties, both_bad)
    ranked = ranking(fit)[: top + 1]
    return tuple(search.flip(above, below) for above, below in pairwise(ranked.tolist()))


def flip_of_pair(
    tallies: PairTallies,
    fit: Fit,
    above: int,
    below: int,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> Flip:
    """Return what it takes to put `below` above `above`, which now has the higher score.

    Raises:
        ValueError: models that the fit does not compare, or in the other order; counts that are
            not whole; or a fit of other votes.
    """
    return _Search(tallies, fit, prior_ties, both_bad).flip(above, below)


def ranking(fit: Fit) -> IntArray:
    """Models with votes of the component with the most models, best first, (n_ranked,)."""
    voted = np.flatnonzero(fit.n_votes > 0)
    if not voted.size:
        return voted
    largest = np.argmax(np.bincount(fit.component[voted]))
    models = voted[fit.component[voted] == largest]
    ranked: IntArray = models[np.argsort(-fit.scores[models], kind="stable")]
    return ranked


class _Search:
    """The search for flips in one fit; keeps what all of its gaps share."""

    def __init__(
        self, tallies: PairTallies, fit: Fit, prior_ties: float, both_bad: BothBad
    ) -> None:
        self.fit = fit
        self.prior_ties = prior_ties
        self.counts = cell_counts(tallies, both_bad)  # (n_pairs, 4)
        voted = self.counts.any(axis=1)
        self.counts = self.counts[voted]
        self.first, self.second = tallies.first[voted], tallies.second[voted]
        if (self.counts != np.floor(self.counts)).any():
            raise ValueError("tallies hold fractional counts; only whole votes can be dropped")
        check_fit_is_of(fit, tallies.n_models, self.first, self.second, self.counts)
        self.n_votes = float(self.counts.sum())
        start = self._refit_from(self.counts, fit.scores).players_scores
        self.influences = _Influences(self, start, fit.fisher_covariance)

    def flip(self, above: int, below: int) -> Flip:
        """Search with all votes droppable, then, if that only disconnects, with one kept a pair."""
        gap = self._checked_gap(above, below)
        found = self._search(above, below, keeps_pairs=False)
        if found.counts is None:
            kept = self._search(above, below, keeps_pairs=True)
            found = _Found(found.predicted, kept.counts, kept.gap)
        if found.counts is None:
            return Flip(above, below, gap, found.predicted, None, None, None, ())
        dropped = self._cells_dropped(self.counts - found.counts, above, below)
        votes = sum(cell.votes for cell in dropped)
        share = votes / self.n_votes
        return Flip(above, below, gap, found.predicted, votes, share, found.gap, dropped)

    def _search(self, above: int, below: int, *, keeps_pairs: bool) -> "_Found":
        """Drop the most influential votes until the refit flips; then as few of them as do."""
        pair, left = (above, below), self.counts
        gap = float(self.fit.scores[above] - self.fit.scores[below])
        influences, predicted = self.influences, None
        for is_first in (True, *[False] * _ROUNDS_MAX):
            drop = influences.of_gap(*pair)
            order = _greedy(drop, _droppable(left, drop, keeps_pairs), gap)
            if order.n_votes == 0:
                break
            if is_first and order.is_enough:
                predicted = order.n_votes
            reached = self._refit(order.after(left, order.n_votes), left, influences)
            gap_reached = reached.gap(*pair)
            if gap_reached is None:
                break
            if gap_reached < -RESOLUTION:
                ends = (gap, gap_reached)
                return _Found(predicted, *self._fewest(order, left, influences, pair, ends))
            left, gap = order.after(left, order.n_votes), gap_reached
            influences = _Influences(self, reached.players_scores, reached.covariance())
        return _Found(predicted, None, None)

    def _fewest(
        self,
        order: "_Order",
        left: FloatArray,
        influences: "_Influences",
        pair: tuple[int, int],
        gaps: tuple[float, float],
    ) -> tuple[FloatArray, float]:
        """Find the shortest beginning of `order` that flips: a guess, its neighbours, bisection.

        `gaps` are those of the refits without any and with all of the order's votes dropped.
        """
        fails, flips, step, gap = 0, order.n_votes, 1, gaps[1]
        n_votes = order.needed(gaps[0], gaps[1])
        while flips - fails > 1:
            if step >= flips - fails:
                n_votes = (fails + flips) // 2
            n_votes = min(max(n_votes, fails + 1), flips - 1)
            tried = self._refit(order.after(left, n_votes), left, influences).gap(*pair)
            if tried is not None and tried < -RESOLUTION:
                flips, gap, n_votes = n_votes, tried, n_votes - step
            else:
                fails, n_votes = n_votes, n_votes + step
            step *= 2
        return order.after(left, flips), gap

    def _refit(self, counts: FloatArray, left: FloatArray, influences: "_Influences") -> Refit:
        """Refit to `counts` from the fit of `left`, a Newton step ahead of it."""
        return self._refit_from(counts, influences.scores_without(left - counts))

    def _refit_from(self, counts: FloatArray, start: FloatArray) -> Refit:
        """Refit to `counts` from `start`."""
        fit, pairs = self.fit, (self.first, self.second)
        return refit(fit.n_models, *pairs, counts, start, self.prior_ties, fit.component)

    def _checked_gap(self, above: int, below: int) -> float:
        """Return the gap of two models that the fit compares and has in this order."""
        for model in (above, below):
            if not 0 <= model < self.fit.n_models:
                raise ValueError(f"no model {model}; expected 0 to {self.fit.n_models - 1}")
        if above == below or self.fit.component[above] != self.fit.component[below]:
            raise ValueError(f"models {above} and {below} are not compared by these votes")
        gap = float(self.fit.scores[above] - self.fit.scores[below])
        if gap < -RESOLUTION:
            raise ValueError(f"model {above} scores below {below}; exchange the two")
        return gap

    def _cells_dropped(
        self, dropped: FloatArray, above: int, below: int
    ) -> tuple[DroppedVotes, ...]:
        """Name the cells of `dropped` (n_pairs, 4), the most influential votes first."""
        pair, outcome = np.nonzero(dropped)
        drop = self.influences.of_gap(above, below, pair)
        by_influence = np.argsort(-drop[np.arange(pair.size), outcome])
        return tuple(
            DroppedVotes(
                int(self.first[row]), int(self.second[row]), Outcome(code), int(dropped[row, code])
            )
            for row, code in zip(pair[by_influence], outcome[by_influence], strict=True)
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """The result of one search: what is left of the votes, and the gap there."""

    predicted: int | None
    counts: FloatArray | None
    gap: float | None


class _Influences:
    """What one vote of each cell does to any gap, at one fit."""

    def __init__(self, search: _Search, scores: FloatArray, inverse: FloatArray) -> None:
        self._scores = scores  # (n_players,): the prior's opponents follow the models
        self._inverse = inverse
        self._first, self._second = search.first, search.second
        self._residual = cell_residuals(scores, search.first, search.second)  # (n_pairs, 4)
        p_first = -self._residual[:, Outcome.SECOND]
        diagonal = np.diagonal(inverse)
        variance = diagonal[search.first] + diagonal[search.second]
        variance = variance - 2 * inverse[search.first, search.second]
        left = 1 - p_first * (1 - p_first) * variance  # information that stays without one vote
        is_bridge = left < _BRIDGE
        scale = np.where(is_bridge, 0.0, 1 / np.where(is_bridge, 1.0, left))
        self._step = self._residual * scale[:, None]

    def of_gap(self, above: int, below: int, pairs: slice | IntArray = slice(None)) -> FloatArray:
        """How much the gap falls when one vote of the cell is dropped, (n_pairs, 4).

        One Newton step without the vote: H^-1 g / (1 - h), h its leverage.
        """
        direction = self._inverse[above] - self._inverse[below]
        along: FloatArray = direction[self._first[pairs]] - direction[self._second[pairs]]
        return along[:, None] * self._step[pairs]

    def scores_without(self, dropped: FloatArray) -> FloatArray:
        """Scores after one Newton step without the votes `dropped` (n_pairs, 4), (n_players,)."""
        surplus = np.einsum("pc,pc->p", dropped, self._residual)
        size = len(self._inverse)
        gradient = np.bincount(self._first, surplus, size)
        gradient = gradient - np.bincount(self._second, surplus, size)
        scores = self._scores.copy()
        scores[:size] -= self._inverse @ gradient
        return scores


@dataclass(frozen=True, eq=False)
class _Order:
    """Cells in the order of dropping, and how many votes to drop of each."""

    cells: IntArray  # (n_cells,) flat into (n_pairs, 4)
    votes: IntArray  # (n_cells,)
    fall: FloatArray  # (n_cells,) predicted fall of the gap by the end of each cell
    is_enough: bool

    @property
    def n_votes(self) -> int:
        """Votes of all cells."""
        return int(self.votes.sum())

    def needed(self, gap: float, gap_after_all: float) -> int:
        """Votes to drop for a gap of zero, by a parabola through both exact gaps."""
        slope, bend = 1.0, (gap - gap_after_all) / self.fall[-1] - 1
        for _ in range(_PARABOLA_STEPS):  # x (1 + bend x) = gap, x in shares of the whole fall
            slope = gap / self.fall[-1] / (1 + bend * slope)
        fall = np.concatenate([[0.0], self.fall])
        votes = np.concatenate([[0], np.cumsum(self.votes)])
        return int(np.ceil(np.interp(slope * self.fall[-1], fall, votes)))

    def after(self, counts: FloatArray, n_votes: int) -> FloatArray:
        """Counts without the first `n_votes` votes of the order, (n_pairs, 4)."""
        before = np.cumsum(self.votes) - self.votes
        taken = np.clip(n_votes - before, 0, self.votes)
        left = counts.copy()
        left.reshape(-1)[self.cells] -= taken
        return left


def _greedy(drop: FloatArray, available: FloatArray, gap: float) -> _Order:
    """Take the most influential votes until the linear prediction of the gap is below zero."""
    flat, votes = drop.reshape(-1), available.reshape(-1)
    cells = np.flatnonzero((flat > 0) & (votes > 0))
    n_sorted = min(_CELLS_SORTED, cells.size)
    while True:
        most = cells
        if n_sorted < cells.size:
            most = cells[np.argpartition(-flat[cells], n_sorted)[:n_sorted]]
        most = most[np.argsort(-flat[most], kind="stable")]
        fall = np.cumsum(flat[most] * votes[most])
        if n_sorted == cells.size or fall[-1] > gap:
            break
        n_sorted = min(16 * n_sorted, cells.size)
    taken = votes[most].astype(np.int64)
    last = int(np.searchsorted(fall, gap, side="right"))  # the cell in which the gap is passed
    if last == most.size:
        return _Order(most, taken, fall, is_enough=False)
    per_vote = flat[most[last]]
    before = fall[last] - per_vote * taken[last]
    taken[last] = min(int((gap - before) / per_vote) + 1, taken[last])
    fall[last] = before + per_vote * taken[last]
    kept = slice(last + 1)
    return _Order(most[kept], taken[kept], fall[kept], is_enough=True)


def _droppable(counts: FloatArray, drop: FloatArray, keeps_pairs: bool) -> FloatArray:
    """Votes that may go, (n_pairs, 4): all, or all but the least useful one of each pair."""
    if not keeps_pairs:
        return counts
    droppable = counts.copy()
    rows = np.flatnonzero(counts.any(axis=1))
    least = np.argmin(np.where(counts > 0, drop, np.inf)[rows], axis=1)
    droppable[rows, least] -= 1
    return droppable
