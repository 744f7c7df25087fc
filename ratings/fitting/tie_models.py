"""What the models of win, loss and tie share: their votes, their refusals and their fit.

Each is a law of three outcomes with one parameter for ties: `davidson`, `rao_kupper`.
"""

from typing import Protocol

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray
from ratings.fitting.comparison_graph import refuse_infinite_scores
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.outcome_design import VotedRows
from ratings.fitting.outcome_models import OutcomeModel, check_votes, fit_rows, virtual_votes
from ratings.fitting.separation import infinite_strengths, slots_with_separable_ties
from ratings.fitting.tallies import BothBad, CountedVotes, PairTallies, ties_that_count


class TieModel(OutcomeModel, Protocol):
    """A model of win, loss and tie with one parameter for ties."""

    def start(self, tie_share: FloatArray) -> FloatArray:
        """Parameter with which equals tie as often as all do, (n_slots, 1)."""


def fit_with_ties(
    model: TieModel,
    tallies: PairTallies,
    *,
    prior_ties: float,
    both_bad: BothBad,
    max_iterations: int,
    tolerance: float,
) -> Fit:
    """Fit a model of win, loss and tie; see `fit_davidson` for arguments and errors."""
    rows = three_outcomes(tallies, both_bad)
    check_votes(rows, prior_ties, "tie")
    insufficient = insufficient_models(rows, prior_ties)
    players = rows.with_virtual_opponents(virtual_votes(rows, prior_ties))
    smoothed = virtual_votes(rows, 2.0)  # as shares, (n_slots, 3)
    start = np.concatenate([np.zeros(players.n_players), model.start(smoothed[:, 2]).ravel()])
    return fit_rows(
        model,
        rows,
        players=players,
        start=start,
        insufficient=insufficient,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


def three_outcomes(tallies: CountedVotes, both_bad: BothBad) -> VotedRows:
    """Take wins, losses and ties under this reading of "both bad".

    Raises:
        ValueError: another reading.
    """
    ties = ties_that_count(tallies, both_bad)
    counts = np.array([tallies.wins_first, tallies.wins_second, ties])
    return VotedRows.count(tallies.n_models, tallies.first, tallies.second, counts)


def insufficient_models(rows: VotedRows, prior_ties: float) -> BoolArray:
    """Tell which models the votes alone leave without a finite score or tie, (n_models,).

    Raises:
        NotIdentified, NoFiniteEstimate: prior_ties is 0 and there is one with votes.
    """
    insufficient = infinite_strengths(rows)
    separable = slots_with_separable_ties(rows)
    if prior_ties == 0:
        _refuse_infinite_ties(rows, separable)
        refuse_infinite_scores(rows.component, rows.n_votes, insufficient)
    insufficient |= separable[rows.slot] & (rows.n_votes > 0)
    return insufficient


def _refuse_infinite_ties(rows: VotedRows, separable: BoolArray) -> None:
    """Raise NotIdentified for the first component whose votes put the tie parameter at infinity."""
    totals = rows.totals  # (n_slots, 3)
    advice = "use prior_ties > 0 or collect more votes"
    for slot, (decided, ties) in enumerate(
        zip(totals[:, 0] + totals[:, 1], totals[:, 2], strict=True)
    ):
        if ties == 0:
            reason = "none of their votes is a tie"
            or_else = "use fit_bradley_terry, prior_ties > 0 or more votes"
            raise NotIdentified("tie", rows.models_of(slot), reason, or_else)
        if decided == 0:
            reason = "all of their votes are ties"
            raise NotIdentified("tie", rows.models_of(slot), reason, advice)
        if separable[slot]:
            reason = "no circle of their votes holds more wins than ties"
            raise NotIdentified("tie", rows.models_of(slot), reason, advice)
