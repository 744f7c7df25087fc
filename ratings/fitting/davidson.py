"""Davidson's model of ties: how often two models tie is a parameter beside their strengths.

Davidson 1970, J. Amer. Statist. Assoc. 65(329), doi:10.1080/01621459.1970.10481082: with gap d of
the strengths a win, a tie and a loss have odds exp(d/2) : nu : exp(-d/2). Equals tie with
probability nu / (2 + nu). It is an exponential family in the strengths and log nu, so tallies
are sufficient and the likelihood is concave. A decided vote alone follows Bradley-Terry.
"""

from typing import Literal, Protocol

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray
from ratings.fitting.bradley_terry import PRIOR_TIES
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE
from ratings.fitting.outcome_design import CountedVotes, Predictors, RowMatrix, VotedRows
from ratings.fitting.outcome_models import (
    OutcomeModel,
    check_votes,
    fit_rows,
    virtual_votes,
)
from ratings.fitting.separation import (
    infinite_strengths,
    refuse_infinite_strengths,
    slots_with_separable_ties,
)
from ratings.fitting.tallies import PairTallies

BothBad = Literal["tie", "ignore"]


def fit_davidson(
    tallies: PairTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Davidson's model; its parameter "tie" is log nu, on the natural-log scale of scores.

    Args:
        tallies: votes per pair.
        prior_ties: virtual votes of each model with its component's virtual opponent, spread over
            the outcomes as the votes are; 0 for the plain maximum likelihood.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NotIdentified: there are no votes; or prior_ties is 0 and the votes put log nu at infinity,
            as where none of them is a tie, or all are.
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    return fit_with_ties(
        Davidson(),
        tallies,
        prior_ties=prior_ties,
        both_bad=both_bad,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


class Davidson:
    """Odds exp(d/2) : exp(-d/2) : exp(tie) of a win, a loss and a tie."""

    parameters: tuple[str, ...] = ("tie",)
    has_total = False
    is_concave = True

    def law(self, predictors: Predictors) -> "DavidsonLaw":
        """The law of every row."""
        return DavidsonLaw(predictors)

    def gauge(self, parameters: FloatArray) -> FloatArray:
        """Ties do not depend on the level of the strengths."""
        return np.zeros_like(parameters)

    def start(self, tie_share: FloatArray) -> FloatArray:
        """Parameter with which equals tie as often as all do, (n_slots, 1)."""
        start: FloatArray = np.log(2 * tie_share / (1 - tie_share))[:, None]
        return start


class DavidsonLaw:
    """Davidson's law of every row; exponents are taken from the largest, so none overflows."""

    def __init__(self, predictors: Predictors) -> None:
        half, (log_nu,) = predictors.gap / 2, predictors.parameters
        largest = np.maximum(np.abs(half), log_nu)
        self.log_p = np.array([half - largest, -half - largest, log_nu - largest])
        win, loss, tie = np.exp(self.log_p)
        total = win + loss + tie
        self.log_p -= np.log(total)
        self.p_win, self.p_loss, self.p_tie = win / total, loss / total, tie / total
        self.lead = (self.p_win - self.p_loss) / 2  # expectation of half a win less half a loss

    def log_likelihood(self, counts: FloatArray) -> float:
        """Sum of counts * log p."""
        return float(np.vdot(counts, self.log_p))

    def gradient(self, counts: FloatArray) -> list[FloatArray]:
        """What was seen less what was expected, without loss of digits in a landslide."""
        wins, losses, ties = counts
        half = self.p_tie / 2
        return [
            wins * (self.p_loss + half) - losses * (self.p_win + half) - ties * self.lead,
            ties * (self.p_win + self.p_loss) - (wins + losses) * self.p_tie,
        ]

    def information(self, counts: FloatArray) -> RowMatrix:
        """Votes times the variance of the sufficient statistics."""
        wins, losses, ties = counts
        votes, decided = wins + losses + ties, self.p_win + self.p_loss
        return {
            (0, 0): votes * (self.p_win * self.p_loss + self.p_tie * decided / 4),
            (0, 1): -votes * self.lead * self.p_tie,
            (1, 1): votes * self.p_tie * decided,
        }

    def expected_information(self, counts: FloatArray) -> RowMatrix:
        """The same, as in every exponential family."""
        return self.information(counts)

    def scores(self) -> list[list[FloatArray]]:
        """Statistics of a win, a loss and a tie less their expectation."""
        return [
            [0.5 - self.lead, -self.p_tie],
            [-0.5 - self.lead, -self.p_tie],
            [-self.lead, 1 - self.p_tie],
        ]


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
    insufficient = infinite_strengths(rows)
    separable = slots_with_separable_ties(rows)
    if prior_ties == 0:
        refuse_infinite_ties(rows, separable)
        refuse_infinite_strengths(rows, insufficient)
    insufficient |= (separable[rows.slot]) & (rows.n_votes > 0)
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
    if both_bad not in ("tie", "ignore"):
        raise ValueError(f"both_bad is {both_bad!r}; use 'tie' or 'ignore'")
    ties = tallies.ties + tallies.both_bad if both_bad == "tie" else tallies.ties
    counts = np.array([tallies.wins_first, tallies.wins_second, ties])
    return VotedRows.count(tallies.n_models, tallies.first, tallies.second, counts)


def refuse_infinite_ties(rows: VotedRows, separable: BoolArray) -> None:
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
