"""From rows of compared players to the estimates of an outcome model, and back.

The law of a row depends on a few predictors: the gap of its two strengths, in some models also
their total, and the parameters of the row's component. Every predictor is linear in the
estimates, so derivatives per row are summed into vectors and matrices by one rule for all models.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.comparison_graph import connected_components

# Upper triangle of a symmetric matrix per row: (predictor, predictor) to (n_rows,).
RowMatrix = dict[tuple[int, int], FloatArray]


@dataclass(frozen=True, eq=False)
class VotedRows:
    """Rows of models with vote counts per outcome, and the components that the votes link.

    Attributes:
        n_models: number of models.
        first, second: (n_rows,) models.
        counts: (n_outcomes, n_rows) votes; the first two outcomes are a win of either side.
        component: (n_models,) number of the connected component, by lowest model.
        n_votes: (n_models,) votes of each model.
        slots: (n_slots,) component numbers that have votes, the one with most votes first; each
            has its own parameters, as nothing in the votes relates one component to another.
        slot: (n_models,) place of each model's component in `slots`; 0 for a model without votes.
    """

    n_models: int
    first: IntArray
    second: IntArray
    counts: FloatArray
    component: IntArray
    n_votes: FloatArray
    slots: IntArray
    slot: IntArray

    @classmethod
    def count(
        cls, n_models: int, first: IntArray, second: IntArray, counts: FloatArray
    ) -> "VotedRows":
        """Take the rows that have votes, and find what they link."""
        votes = counts.sum(axis=0)
        voted = votes > 0
        first, second, counts, votes = first[voted], second[voted], counts[:, voted], votes[voted]
        component = connected_components(n_models, first, second)
        n_votes = _sum_at(first, votes, n_models) + _sum_at(second, votes, n_models)
        in_component = np.bincount(component, weights=n_votes, minlength=1)
        slots = np.flatnonzero(in_component > 0)
        if slots.size:
            main = int(np.argmax(in_component))
            slots = np.concatenate([[main], slots[slots != main]])
        place = np.zeros(in_component.size, dtype=np.int64)
        place[slots] = np.arange(slots.size)
        return cls(n_models, first, second, counts, component, n_votes, slots, place[component])

    @property
    def totals(self) -> FloatArray:
        """Votes of each outcome in each component that has any, (n_slots, n_outcomes)."""
        slot = self.slot[self.first]
        return np.array([_sum_at(slot, row, self.slots.size) for row in self.counts]).T

    def models_of(self, slot: int) -> IntArray:
        """Models of a component with votes."""
        return np.flatnonzero(self.component == self.slots[slot])

    def without_prior(self) -> "Players":
        """The same rows, the models being all players."""
        return Players(
            self.n_models, self.first, self.second, self.counts, self.slot, self.slots.size
        )

    def with_virtual_opponents(self, virtual: FloatArray) -> "Players":
        """Add one virtual player per component, compared with each model once in either seat.

        `virtual` (n_slots, n_outcomes) are the votes of one such comparison, as many wins as
        losses; the models come first among the players, and the real rows first among the rows.
        """
        if not virtual.any():
            return self.without_prior()
        models = np.flatnonzero(self.n_votes > 0)
        opponent = self.n_models + self.slot[models]
        of_model = virtual[self.slot[models]].T  # (n_outcomes, n_voted_models)
        return Players(
            n_players=self.n_models + self.slots.size,
            first=np.concatenate([self.first, models, opponent]),
            second=np.concatenate([self.second, opponent, models]),
            counts=np.concatenate([self.counts, of_model, of_model], axis=1),
            slot=np.concatenate([self.slot, np.arange(self.slots.size)]),
            n_slots=self.slots.size,
        )


@dataclass(frozen=True, eq=False)
class Predictors:
    """What the law of a row depends on: gap and total (n_rows,), one array per parameter.

    A parameter is (n_rows,), or (1,) where all rows share it.
    """

    gap: FloatArray
    total: FloatArray
    parameters: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class Players:
    """Rows of compared players: the models, and any virtual opponents after them.

    Estimates are laid out as n_players strengths, then the parameters of the first slot, then
    those of the next. Predictors are numbered gap, total (where used), then the parameters.
    """

    n_players: int
    first: IntArray  # (n_rows,)
    second: IntArray  # (n_rows,)
    counts: FloatArray  # (n_outcomes, n_rows)
    slot: IntArray  # (n_players,)
    n_slots: int

    @cached_property
    def row_slot(self) -> IntArray:
        """Slot of each row, (n_rows,)."""
        return self.slot[self.first]

    @cached_property
    def cell(self) -> IntArray:
        """Flat place of each row in an (n_players, n_players) matrix, (n_rows,)."""
        return self.first * self.n_players + self.second

    def predictors(self, estimates: FloatArray, n_parameters: int) -> Predictors:
        """Evaluate all predictors at `estimates` (n_estimates,)."""
        of_first, of_second = estimates[self.first], estimates[self.second]
        values = self.parameters(estimates, n_parameters)
        if self.n_slots > 1:
            values = values[self.row_slot]
        return Predictors(of_first - of_second, of_first + of_second, tuple(values.T))

    def parameters(self, estimates: FloatArray, n_parameters: int) -> FloatArray:
        """Parameters of each slot, (n_slots, n_parameters)."""
        return estimates[self.n_players :].reshape(self.n_slots, n_parameters)

    def per_player(self, of_first: FloatArray, of_second: FloatArray) -> FloatArray:
        """Sum a quantity of each row's two sides over the players, (n_players,)."""
        of_players = _sum_at(self.first, of_first, self.n_players)
        of_players += _sum_at(self.second, of_second, self.n_players)
        return of_players

    def per_slot(self, of_row: FloatArray) -> FloatArray:
        """Sum a quantity of the rows over each slot, (n_slots,)."""
        return _sum_at(self.row_slot, of_row, self.n_slots)

    def sum_vector(self, of_row: list[FloatArray], *, has_total: bool) -> FloatArray:
        """Sum a gradient in the predictors into one in the estimates, (n_estimates,)."""
        gap, total, parameters = _split(of_row, has_total=has_total)
        strengths = self.per_player(total + gap, total - gap)
        of_slots = np.array([self.per_slot(of_parameter) for of_parameter in parameters])
        return np.concatenate([strengths, of_slots.T.ravel()])

    def sum_matrix(self, of_row: RowMatrix, n_parameters: int, *, has_total: bool) -> FloatArray:
        """Sum matrices in the predictors into one in the estimates, (n_estimates, n_estimates).

        With a = e_first - e_second for the gap and b = e_first + e_second for the total, a row
        adds m_gg a a^T + m_gt (a b^T + b a^T) + m_tt b b^T among the strengths.
        """
        n = self.n_players
        n_estimates = n + self.n_slots * n_parameters
        matrix = np.zeros((n_estimates, n_estimates))
        zero = np.zeros(1)
        square = of_row[0, 0]
        mixed, total = (of_row[0, 1], of_row[1, 1]) if has_total else (zero, zero)
        strengths = _sum_at(self.cell, total - square, n * n).reshape(n, n)
        matrix[:n, :n] = strengths + strengths.T
        matrix[np.arange(n), np.arange(n)] = self.per_player(
            square + total + 2 * mixed, square + total - 2 * mixed
        )
        offset = 1 + has_total
        for one in range(n_parameters):
            gap = of_row[0, offset + one]
            total = of_row[1, offset + one] if has_total else zero
            rows = np.arange(n), n + self.slot * n_parameters + one
            matrix[rows] = matrix[rows[::-1]] = self.per_player(total + gap, total - gap)
            for other in range(one, n_parameters):
                of_slots = self.per_slot(of_row[offset + one, offset + other])
                places = n + np.arange(self.n_slots) * n_parameters
                matrix[places + one, places + other] = of_slots
                matrix[places + other, places + one] = of_slots
        return matrix


def logistic(log_odds: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probability p of these log-odds, 1 - p and log p, each to full precision, (n_rows,)."""
    odds = np.exp(-np.abs(log_odds))  # of the less likely side; cannot overflow
    likelier = 1 / (1 + odds)
    other = odds * likelier
    is_likelier = log_odds >= 0
    log_p = np.minimum(log_odds, 0) - np.log1p(odds)
    return np.where(is_likelier, likelier, other), np.where(is_likelier, other, likelier), log_p


def _sum_at(place: IntArray, values: FloatArray, n_places: int) -> FloatArray:
    """Sum values by their place, (n_places,)."""
    if n_places == 1:
        total: FloatArray = values.sum(keepdims=True)
        return total
    return np.bincount(place, weights=values, minlength=n_places).astype(np.float64, copy=False)


def _split(
    of_row: list[FloatArray], *, has_total: bool
) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """Take apart what belongs to the gap, to the total and to the parameters."""
    if has_total:
        return of_row[0], of_row[1], of_row[2:]
    return of_row[0], np.zeros(1), of_row[1:]
