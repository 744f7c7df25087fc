"""Davidson's model of ties: how often two models tie is a parameter beside their strengths.

Davidson 1970, J. Amer. Statist. Assoc. 65(329), doi:10.1080/01621459.1970.10481082: with gap d of
the strengths a win, a tie and a loss have odds exp(d/2) : nu : exp(-d/2). Equals tie with
probability nu / (2 + nu). It is an exponential family in the strengths and log nu, so tallies
are sufficient and the likelihood is concave. A decided vote alone follows Bradley-Terry.
"""

import numpy as np

from ratings.fitting.arrays import FloatArray
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE
from ratings.fitting.outcome_design import Predictors, RowMatrix
from ratings.fitting.outcome_models import GapModel
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.tallies import BothBad, PairTallies
from ratings.fitting.tie_models import fit_with_ties


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


class Davidson(GapModel):
    """Odds exp(d/2) : exp(-d/2) : exp(tie) of a win, a loss and a tie."""

    parameters: tuple[str, ...] = ("tie",)

    def law(self, predictors: Predictors) -> "DavidsonLaw":
        """The law of every row."""
        return DavidsonLaw(predictors)

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
