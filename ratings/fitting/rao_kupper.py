"""Rao and Kupper's model of ties: a voter calls a tie where a difference is below a threshold.

Rao & Kupper 1967, J. Amer. Statist. Assoc. 62(317), doi:10.1080/01621459.1967.10482901: with gap d
of the strengths and threshold c the first wins with probability sigma(d - c) and the second with
sigma(-d - c), sigma the logistic function; the rest ties. That rest is
sigma(d - c) sigma(-d - c) (exp(2c) - 1), so with W, L and T votes the log-likelihood is

    (W + T) log sigma(d - c) + (L + T) log sigma(-d - c) + T log(exp(2c) - 1),

concave in strengths and c > 0. The parameter is c itself, on the natural-log scale of the
scores: the last term keeps it above zero, and at zero, without ties, the model is Bradley-Terry.
"""

import math

import numpy as np

from ratings.fitting.arrays import FloatArray
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE
from ratings.fitting.outcome_design import Predictors, RowMatrix, logistic
from ratings.fitting.outcome_models import GapModel
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.tallies import BothBad, PairTallies
from ratings.fitting.tie_models import fit_with_ties


def fit_rao_kupper(
    tallies: PairTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Rao and Kupper's model; its parameter "tie" is the threshold c > 0, natural log.

    Args:
        tallies: votes per pair.
        prior_ties: virtual votes of each model with its component's virtual opponent, spread over
            the outcomes as the votes are; 0 for the plain maximum likelihood.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NotIdentified: there are no votes; or prior_ties is 0 and the votes put c at its boundary
            (none of them is a tie) or at infinity (as where all are).
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    return fit_with_ties(
        RaoKupper(),
        tallies,
        prior_ties=prior_ties,
        both_bad=both_bad,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


class RaoKupper(GapModel):
    """A win with probability sigma(d - c), a loss with sigma(-d - c), else a tie."""

    parameters: tuple[str, ...] = ("tie",)

    def law(self, predictors: Predictors) -> "RaoKupperLaw":
        """The law of every row."""
        return RaoKupperLaw(predictors)

    def start(self, tie_share: FloatArray) -> FloatArray:
        """Threshold with which equals tie as often as all do, (n_slots, 1)."""
        start: FloatArray = np.log((1 + tie_share) / (1 - tie_share))[:, None]
        return start


class RaoKupperLaw:
    """Rao and Kupper's law of every row."""

    def __init__(self, predictors: Predictors) -> None:
        (self.threshold,) = predictors.parameters
        # Probability of a win and of the rest, and so of a loss.
        self.p_win, self.p_not_win, self.log_win = logistic(predictors.gap - self.threshold)
        self.p_loss, self.p_not_loss, self.log_loss = logistic(-predictors.gap - self.threshold)

    def log_likelihood(self, counts: FloatArray) -> float:
        """Sum of counts * log p; -inf where the threshold is not above zero."""
        if (self.threshold <= 0).any():
            return -math.inf
        return float(np.vdot(counts, self.log_probabilities()))

    def log_probabilities(self) -> FloatArray:
        """Log-probabilities of a win, a loss and a tie, (3, n_rows)."""
        # log(exp(2c) - 1), without overflow
        of_ties = 2 * self.threshold + np.log(-np.expm1(-2 * self.threshold))
        return np.array([self.log_win, self.log_loss, self.log_win + self.log_loss + of_ties])

    def gradient(self, counts: FloatArray) -> list[FloatArray]:
        """Derivatives in the gap and in the threshold."""
        wins, losses, ties = counts
        up, down = (wins + ties) * self.p_not_win, (losses + ties) * self.p_not_loss
        return [up - down, ties * self._slope() - up - down]

    def information(self, counts: FloatArray) -> RowMatrix:
        """Negative second derivatives in the gap and in the threshold."""
        wins, losses, ties = counts
        return self._information(wins + ties, losses + ties, ties)

    def expected_information(self, counts: FloatArray) -> RowMatrix:
        """The same with the expected counts of each outcome."""
        votes = counts.sum(axis=0)
        p_win, p_loss = self.p_win, self.p_loss
        p_tie = p_win * p_loss * np.expm1(2 * self.threshold)
        return self._information(votes * (p_win + p_tie), votes * (p_loss + p_tie), votes * p_tie)

    def scores(self) -> list[list[FloatArray]]:
        """Derivatives of log p of a win, a loss and a tie."""
        up, down = self.p_not_win, self.p_not_loss
        return [[up, -up], [-down, -down], [up - down, self._slope() - up - down]]

    def _information(
        self, not_lost: FloatArray, not_won: FloatArray, ties: FloatArray
    ) -> RowMatrix:
        up = not_lost * self.p_win * self.p_not_win
        down = not_won * self.p_loss * self.p_not_loss
        bend = self._slope() ** 2 * np.exp(-2 * self.threshold)
        return {(0, 0): up + down, (0, 1): down - up, (1, 1): up + down + ties * bend}

    def _slope(self) -> FloatArray:
        """Derivative of log(exp(2c) - 1) in c."""
        slope: FloatArray = -2 / np.expm1(-2 * self.threshold)
        return slope
