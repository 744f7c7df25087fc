"""The advantage of a seat: Bradley-Terry where the first seat may have an edge.

With strengths a of the model in the first seat and b of the other the first wins with probability
sigma(a - b + side); "side" is the log-odds by which sitting first helps (Davidson & Beaver 1977,
Biometrics 33(4), doi:10.2307/2529467; Agresti 2002, Categorical Data Analysis, Table 10.11). A tie
is half a win each, as in `ratings.fitting.bradley_terry`. The virtual votes of the prior are ties,
as many in either seat, so they also hold "side" where one seat won every vote.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.comparison_graph import refuse_infinite_scores
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE
from ratings.fitting.outcome_design import Predictors, RowMatrix, logistic
from ratings.fitting.outcome_models import GapModel, check_votes, fit_rows
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.separation import (
    infinite_strengths,
    slots_with_separable_sides,
)
from ratings.fitting.tallies import COUNTS, BothBad, Outcome, PairTallies
from ratings.fitting.tie_models import three_outcomes


@dataclass(frozen=True, eq=False)
class OrderedTallies:
    """Vote counts, one row per pair and seating that has votes; arrays are read-only.

    Rows may be given in any order and with repeats; they are merged and sorted by (first, second).

    Attributes:
        n_models: number of models; they are numbered 0 to n_models - 1.
        first, second: (n_rows,) int64, the models in the first and in the second seat.
        wins_first, wins_second, ties, both_bad: (n_rows,) float64 counts, as in `PairTallies`.

    Raises:
        ValueError: as `PairTallies`.
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
        # Two tallies of unordered pairs, one per direction, do both.
        first, second = np.asarray(self.first), np.asarray(self.second)
        counts = [np.asarray(getattr(self, name), dtype=np.float64) for name in COUNTS]
        PairTallies(self.n_models, first, second, *counts)
        halves = []
        for is_swapped in (False, True):
            kept = (first > second) == is_swapped
            half = PairTallies(
                self.n_models, first[kept], second[kept], *(count[kept] for count in counts)
            )
            halves.append(_columns(half, is_swapped=is_swapped))
        merged = [np.concatenate(pieces) for pieces in zip(*halves, strict=True)]
        order = np.lexsort((merged[1], merged[0]))
        for name, column in zip(("first", "second", *COUNTS), merged, strict=True):
            ordered = column[order]
            ordered.setflags(write=False)
            object.__setattr__(self, name, ordered)

    @classmethod
    def from_votes(
        cls, n_models: int, first: ArrayLike, second: ArrayLike, outcome: ArrayLike
    ) -> Self:
        """Count votes given as integer codes, each (n_votes,).

        Raises:
            ValueError: as `PairTallies.from_votes`.
        """
        PairTallies.from_votes(n_models, first, second, outcome)  # validates
        left, right, code = (np.asarray(x, dtype=np.int64) for x in (first, second, outcome))
        cells, votes = np.unique((left * n_models + right) * 4 + code, return_counts=True)
        pair, code = np.divmod(cells, len(Outcome))
        counts = np.zeros((len(Outcome), cells.size))
        counts[code, np.arange(cells.size)] = votes
        return cls(n_models, *np.divmod(pair, max(n_models, 1)), *counts)

    def without_seats(self) -> PairTallies:
        """The same votes per unordered pair."""
        return PairTallies(
            self.n_models,
            self.first,
            self.second,
            self.wins_first,
            self.wins_second,
            self.ties,
            self.both_bad,
        )


def fit_bradley_terry_with_side(
    ordered: OrderedTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Bradley-Terry with parameter "side", the natural-log odds by which the first seat gains.

    Args:
        ordered: votes per pair and seating.
        prior_ties: virtual ties of each model with its component's virtual opponent, half of them
            in either seat; 0 for the plain maximum likelihood.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NotIdentified: there are no votes; or prior_ties is 0 and the votes do not tell the
            advantage of a seat from strengths, or make it infinite.
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    rows = three_outcomes(ordered, both_bad)
    check_votes(rows, prior_ties, "side")
    insufficient = infinite_strengths(rows)
    if prior_ties == 0:
        refuse_infinite_scores(rows.component, rows.n_votes, insufficient)
        for slot in np.flatnonzero(slots_with_separable_sides(rows)):
            reason = "strengths can be chosen so that one seat explains every vote"
            advice = "seat models at random and collect more votes, or use prior_ties > 0"
            raise NotIdentified("side", rows.models_of(int(slot)), reason, advice)
    virtual = np.array([0, 0, prior_ties / 2])
    players = rows.with_virtual_opponents(np.tile(virtual, (rows.slots.size, 1)))
    return fit_rows(
        FirstSeat(),
        rows,
        players=players,
        start=np.zeros(players.n_players + rows.slots.size),
        insufficient=insufficient,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


class FirstSeat(GapModel):
    """The first wins with probability sigma(gap + side); a tie is half a win each."""

    parameters: tuple[str, ...] = ("side",)

    def law(self, predictors: Predictors) -> "FirstSeatLaw":
        """The law of every row."""
        return FirstSeatLaw(predictors)


class FirstSeatLaw:
    """The quasi-likelihood of every row."""

    def __init__(self, predictors: Predictors) -> None:
        self.log_odds = predictors.gap + predictors.parameters[0]
        self.p_first, self.p_second, self.log_first = logistic(self.log_odds)

    def log_likelihood(self, counts: FloatArray) -> float:
        """Sum of points * log p."""
        wins, losses, ties = counts
        log_second = self.log_first - self.log_odds
        of_first = np.vdot(wins + ties / 2, self.log_first)
        return float(of_first + np.vdot(losses + ties / 2, log_second))

    def gradient(self, counts: FloatArray) -> list[FloatArray]:
        """Points less expected points."""
        wins, losses, ties = counts
        surplus = (wins + ties / 2) * self.p_second - (losses + ties / 2) * self.p_first
        return [surplus, surplus]

    def information(self, counts: FloatArray) -> RowMatrix:
        """Votes times the binomial variance."""
        wins, losses, ties = counts
        weight = (wins + losses + ties) * self.p_first * self.p_second
        return {(0, 0): weight, (0, 1): weight, (1, 1): weight}

    def expected_information(self, counts: FloatArray) -> RowMatrix:
        """The same, as in every exponential family."""
        return self.information(counts)

    def scores(self) -> list[list[FloatArray]]:
        """Residuals 1 - p, -p and 1/2 - p of a win, a loss and a tie."""
        return [
            [residual, residual]
            for residual in (self.p_second, -self.p_first, (self.p_second - self.p_first) / 2)
        ]


def _columns(tallies: PairTallies, *, is_swapped: bool) -> tuple[NDArray[Any], ...]:
    """Rows of the tallies with the higher model first where `is_swapped`."""
    rows = tallies
    if is_swapped:
        wins = rows.wins_second, rows.wins_first
        return rows.second, rows.first, *wins, rows.ties, rows.both_bad
    return rows.first, rows.second, rows.wins_first, rows.wins_second, rows.ties, rows.both_bad
