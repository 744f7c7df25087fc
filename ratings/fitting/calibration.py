"""One slope that puts scores of any scale on the log-odds of pairwise votes.

Some listwise losses, and any model that the votes do not follow, order models well on a scale that
is not that of pairwise odds. With scores s held still, the slope b of P(i beats j) =
1 / (1 + exp(-b (s_i - s_j))) is estimated on pairwise votes that the fit has not seen (Platt 1999
without the intercept). The noise of both enters the result by the delta method for two-step
estimates (Newey & McFadden 1994, Handbook of Econometrics 4, section 6).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.errors import Undetermined
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, maximise
from ratings.fitting.sums import totals
from ratings.fitting.tallies import BothBad, PairTallies, ties_that_count

SLOPE = "slope"


class CannotCalibrate(Undetermined):
    """The held votes give no slope that the scores could be multiplied by."""


@dataclass(frozen=True, eq=False)
class _HeldVotes:
    """The likelihood of the slope."""

    gap: FloatArray  # (n_pairs,) scores of the first less those of the second
    for_first: FloatArray  # (n_pairs,) wins, a tie as half a win
    for_second: FloatArray  # (n_pairs,)

    @property
    def votes(self) -> FloatArray:
        """Votes of each pair, (n_pairs,)."""
        votes: FloatArray = self.for_first + self.for_second
        return votes

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood of the slope, `estimates` (1,)."""
        logit = estimates[0] * self.gap
        loss = self.for_first * np.logaddexp(0, -logit) + self.for_second * np.logaddexp(0, logit)
        return -float(loss.sum())

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (1,) and information (1, 1)."""
        logit = estimates[0] * self.gap
        gradient = self.gap @ (self.for_first * expit(-logit) - self.for_second * expit(logit))
        information = self.gap**2 @ (self.votes * expit(logit) * expit(-logit))
        return np.array([gradient]), np.array([[information]])


def calibrate_to_pairs(
    fit: Fit,
    tallies: PairTallies,
    *,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Multiply the scores of a fit by the slope that held pairwise votes give.

    Args:
        fit: scores on any scale, each component centred.
        tallies: pairwise votes independent of those that the fit has seen. A tie counts as half a
            win for each side, and each vote as independent of the others.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Returns:
        The fit with scores on the log-odds scale and the parameter "slope" after the others. Its
        covariance holds the noise of the scores and of the held votes; a scale error common to
        all scores drops out. `log_likelihood`, `iterations` and `residual` are those of the slope.

    Raises:
        CannotCalibrate: no votes between models of different scores, votes that all agree (the
            slope would be infinite), or votes that contradict the scores (it would not be above 0).
        DidNotConverge: max_iterations steps were not enough.
        ValueError: other models than the fit's, a pair from different components, a fit that is
            calibrated already, or an option out of range.
    """
    first, second, held, of_ties = _held_votes(fit, tallies, both_bad)
    maximum = maximise(held, np.ones(1), max_iterations=max_iterations, tolerance=tolerance)
    slope = float(maximum.estimates[0])
    logit = slope * held.gap
    p_first, p_second = expit(logit), expit(-logit)
    information = float(held.gap**2 @ (held.votes * p_first * p_second))
    wins_first, wins_second = held.for_first - of_ties / 2, held.for_second - of_ties / 2
    squares = wins_first * p_second**2 + wins_second * p_first**2 + of_ties * (0.5 - p_first) ** 2
    noise = float(held.gap**2 @ squares) / information**2
    # d slope / d scores: the implicit derivative of the slope's likelihood equation
    surplus = held.for_first * p_second - held.for_second * p_first
    of_gap = (surplus - held.votes * logit * p_first * p_second) / information
    n = fit.n_models
    slope_by_score = totals(first, of_gap, n) - totals(second, of_gap, n)
    return replace(
        fit,
        scores=slope * fit.scores,
        parameters={**fit.parameters, SLOPE: slope},
        joint_covariance=_delta_method(fit, fit.joint_covariance, slope, slope_by_score, noise),
        joint_fisher_covariance=_delta_method(
            fit, fit.joint_fisher_covariance, slope, slope_by_score, 1 / information
        ),
        log_likelihood=held.log_likelihood(maximum.estimates),
        iterations=maximum.iterations,
        residual=maximum.residual,
    )


def _held_votes(
    fit: Fit, tallies: PairTallies, both_bad: BothBad
) -> tuple[IntArray, IntArray, _HeldVotes, FloatArray]:
    """Return the pairs with votes, their likelihood and their ties, or refuse."""
    if SLOPE in fit.parameters:
        raise ValueError("the fit is calibrated already; calibrate the fit that it came from")
    if tallies.n_models != fit.n_models:
        raise ValueError(f"the votes are over {tallies.n_models} models, the fit {fit.n_models}")
    ties = ties_that_count(tallies, both_bad)
    voted = (tallies.wins_first + tallies.wins_second + ties) > 0
    first, second, ties = tallies.first[voted], tallies.second[voted], ties[voted]
    apart = fit.component[first] != fit.component[second]
    if apart.any():
        row = int(np.argmax(apart))
        raise ValueError(
            f"models {first[row]} and {second[row]} are in different components of the fit, so "
            "their scores do not compare; leave their votes out"
        )
    held = _HeldVotes(
        gap=fit.scores[first] - fit.scores[second],
        for_first=tallies.wins_first[voted] + ties / 2,
        for_second=tallies.wins_second[voted] + ties / 2,
    )
    towards = np.where(held.gap > 0, held.for_first, held.for_second) @ np.abs(held.gap)
    against = np.where(held.gap > 0, held.for_second, held.for_first) @ np.abs(held.gap)
    if towards + against == 0:
        raise CannotCalibrate(
            "no held vote compares models of different scores; hold out more pairwise votes"
        )
    if against == 0:
        raise CannotCalibrate(
            "every held vote agrees with the scores, so the slope is infinite; "
            "hold out more pairwise votes"
        )
    if towards <= against:
        raise CannotCalibrate(
            "the held votes do not agree with the order of the scores, so no slope above 0 fits "
            "them; see whether both tell of the same models and the same question"
        )
    return first, second, held, ties


def _delta_method(
    fit: Fit, covariance: FloatArray, slope: float, slope_by_score: FloatArray, noise: float
) -> FloatArray:
    """Covariance of slope * scores, the old parameters and the slope, with `noise` of the slope."""
    n, n_old = fit.n_models, len(covariance)
    change = np.zeros((n_old + 1, n_old))  # new estimates by old ones
    change[:n_old] = np.eye(n_old)
    change[:n, :n] = slope * np.eye(n) + np.outer(fit.scores, slope_by_score)
    change[n_old, :n] = slope_by_score
    by_slope = np.zeros(n_old + 1)
    by_slope[:n], by_slope[n_old] = fit.scores, 1
    joint: FloatArray = change @ covariance @ change.T + noise * np.outer(by_slope, by_slope)
    joint[:n, :n] *= fit.component[:, None] == fit.component
    return (joint + joint.T) / 2
