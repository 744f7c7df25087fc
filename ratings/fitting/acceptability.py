"""Four outcomes: a win of either side, a tie, and "both are bad", which is no tie.

"Both bad" speaks of the level of two answers where a tie speaks of their difference, so it is an
outcome of its own. Davidson's odds (1970, doi:10.1080/01621459.1970.10481082) get a fourth: with
strengths a and b of a pair

    win : loss : tie : both bad = exp((a - b)/2) : exp((b - a)/2) : nu
                                  : exp(gamma - quality (a + b)/2).

Parameters: "tie" is log nu; "both_bad" is gamma, the log-odds of "both bad" between two models of
strength zero against a win of the first; "quality" says how fast a higher strength makes "both
bad" rarer. Strengths sum to zero in each component, which fixes gamma: raising all of them by x
and gamma by quality * x changes no probability. Votes that are not "both bad" follow Davidson's
model of the same strengths, and given the strengths "both bad" is a logistic regression.

`acceptability` turns the fit into a level that pairwise strengths lack and that no gauge moves.
"""

from dataclasses import dataclass

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.davidson import Davidson
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, maximise
from ratings.fitting.outcome_design import Players, Predictors, RowMatrix, VotedRows
from ratings.fitting.outcome_models import (
    Likelihood,
    check_votes,
    fit_rows,
    virtual_votes,
)
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.sandwich import averaging_within
from ratings.fitting.tallies import PairTallies
from ratings.fitting.tie_models import insufficient_models

# The fit without "both bad" only gives a start, which need not be exact.
_START_TOLERANCE = 1e-2
# Spread of pairs' mean strengths, natural log, below which it is rounding.
_SPREAD_MIN = 1e-6


@dataclass(frozen=True, eq=False)
class Acceptability:
    """How often a model's answers pass, on the scale of probabilities.

    Attributes:
        probability: (n_models,) probability that a vote between two models of this strength is
            not "both bad"; 0.5 for a model without votes.
        standard_error: (n_models,) robust, by the delta method; 0.5, the widest that a
            probability allows, for a model without votes.
    """

    probability: FloatArray
    standard_error: FloatArray


def fit_acceptability(
    tallies: PairTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit the four outcomes; parameters "tie" (log nu), "both_bad" (gamma) and "quality".

    The likelihood is concave in all but "quality" and the fit is a maximum near the strengths
    that the other three outcomes give.

    Args:
        tallies: votes per pair.
        prior_ties: virtual votes of each model with its component's virtual opponent, spread over
            the outcomes as the votes are; 0 for the plain maximum likelihood.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NotIdentified: there are no votes; or some component has no tie, no "both bad", nothing
            else, or no two pairs of different strength; or prior_ties is 0 and the votes put a
            parameter at infinity.
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    counts = np.array([tallies.wins_first, tallies.wins_second, tallies.ties, tallies.both_bad])
    rows = VotedRows.count(tallies.n_models, tallies.first, tallies.second, counts)
    check_votes(rows, prior_ties, "both_bad")
    _refuse_missing_outcomes(rows)
    insufficient = insufficient_models(rows, prior_ties)
    players = rows.with_virtual_opponents(virtual_votes(rows, prior_ties))
    start = _start(rows, players, max_iterations)
    _refuse_equal_pairs(rows, start)
    if prior_ties == 0:
        _refuse_infinite_quality(rows, start)
    return fit_rows(
        FourOutcomes(),
        rows,
        players=players,
        start=start,
        insufficient=insufficient,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


def acceptability(fit: Fit) -> Acceptability:
    """How often two answers of each model's strength would not both be called bad.

    With strength s it is (2 + nu) / (2 + nu + exp(gamma - quality s)); its error is that of its
    log-odds times p (1 - p), from the joint robust covariance.

    Args:
        fit: a result of `fit_acceptability`.

    Raises:
        ValueError: another fit.
    """
    if not {"tie", "both_bad", "quality"} <= fit.parameters.keys():
        raise ValueError(
            f"the fit has parameters {sorted(fit.parameters)}; use one of fit_acceptability"
        )
    rows, place = np.arange(fit.n_models), _first_parameter(fit)
    values = np.array([*fit.parameters.values(), 0.0, 0.0, 0.0])
    tie, both_bad, quality = (values[place + k] for k in range(3))
    log_odds = np.logaddexp(np.log(2), tie) - both_bad + quality * fit.scores
    probability = 1 / (1 + np.exp(-log_odds))

    gradient = np.zeros((fit.n_models, fit.n_models + values.size))  # (n_models, n_estimates + 3)
    gradient[rows, rows] = quality
    gradient[rows, fit.n_models + place] = 1 / (1 + 2 * np.exp(-tie))
    gradient[rows, fit.n_models + place + 1] = -1
    gradient[rows, fit.n_models + place + 2] = fit.scores
    gradient = gradient[:, :-3]
    variance = np.einsum("ij,jk,ik->i", gradient, fit.joint_covariance, gradient, optimize=True)
    error = probability * (1 - probability) * np.sqrt(np.maximum(variance, 0))
    has_votes = fit.n_votes > 0
    return Acceptability(np.where(has_votes, probability, 0.5), np.where(has_votes, error, 0.5))


def _first_parameter(fit: Fit) -> IntArray:
    """Place among the parameters of the first one of each model's component, (n_models,).

    A model without votes has none and gets the place after the last.
    """
    places = {name: place for place, name in enumerate(fit.parameters)}
    named = [f"tie[{component}]" for component in fit.component]
    main = np.bincount(fit.component, weights=fit.n_votes).argmax()
    return np.array(
        [
            places["tie"] if component == main else places.get(name, len(places))
            for component, name in zip(fit.component, named, strict=True)
        ],
        dtype=np.int64,
    )


class FourOutcomes:
    """Log-odds d/2, -d/2, tie and both_bad - quality * total / 2."""

    parameters: tuple[str, ...] = ("tie", "both_bad", "quality")
    has_total = True
    is_concave = False

    def law(self, predictors: Predictors) -> "FourOutcomesLaw":
        """The law of every row."""
        return FourOutcomesLaw(predictors)

    def gauge(self, parameters: FloatArray) -> FloatArray:
        """Strengths one higher need a both_bad higher by quality."""
        none = np.zeros(len(parameters))
        return np.column_stack([none, parameters[:, 2], none])


class FourOutcomesLaw:
    """The law of every row; predictors are gap, total, tie, both_bad, quality.

    It is an exponential family in the gap, the tie parameter and the log-odds of "both bad",
    which is the total times `by_total`, plus both_bad, plus quality times `by_quality`.
    """

    def __init__(self, predictors: Predictors) -> None:
        half, (log_nu, both_bad, quality) = predictors.gap / 2, predictors.parameters
        self.by_total, self.by_quality = -quality / 2, -predictors.total / 2
        log_bad = both_bad + quality * self.by_quality
        largest = np.maximum(np.maximum(np.abs(half), log_nu), log_bad)
        self.log_p = np.array([half, -half, log_nu + 0 * half, log_bad]) - largest
        win, loss, tie, bad = np.exp(self.log_p)
        total = win + loss + tie + bad
        self.log_p -= np.log(total)
        self.p_win, self.p_loss = win / total, loss / total
        self.p_tie, self.p_bad = tie / total, bad / total
        self.lead = (self.p_win - self.p_loss) / 2  # expected half a win less half a loss

    def log_likelihood(self, counts: FloatArray) -> float:
        """Sum of counts * log p."""
        return float(np.vdot(counts, self.log_p))

    def gradient(self, counts: FloatArray) -> list[FloatArray]:
        """What was seen less what was expected, without loss of digits in a landslide."""
        wins, losses, ties, bad = counts
        half, decided = (self.p_tie + self.p_bad) / 2, self.p_win + self.p_loss
        level = ties + bad
        return self._chain(
            wins * (self.p_loss + half) - losses * (self.p_win + half) - level * self.lead,
            ties * (decided + self.p_bad) - (wins + losses + bad) * self.p_tie,
            bad * (decided + self.p_tie) - (wins + losses + ties) * self.p_bad,
        )

    def information(self, counts: FloatArray) -> RowMatrix:
        """The expected information, and the curvature of the log-odds of "both bad"."""
        of_row = self.expected_information(counts)
        wins, losses, ties, bad = counts
        surplus = bad - (wins + losses + ties + bad) * self.p_bad  # by -1/2 the second derivative
        of_row[1, 4] = of_row[1, 4] + surplus / 2
        return of_row

    def expected_information(self, counts: FloatArray) -> RowMatrix:
        """Votes times the variance of the sufficient statistics, by the chain rule."""
        wins, losses, ties, bad = counts
        votes, decided = wins + losses + ties + bad, self.p_win + self.p_loss
        gap_bad = -votes * self.lead * self.p_bad
        tie_bad = -votes * self.p_tie * self.p_bad
        bad_bad = votes * self.p_bad * (decided + self.p_tie)
        level = self.p_tie + self.p_bad
        of_row = {
            (0, 0): votes * (self.p_win * self.p_loss + level * decided / 4),
            (0, 2): -votes * self.lead * self.p_tie,
            (2, 2): votes * self.p_tie * (decided + self.p_bad),
        }
        slopes = {1: self.by_total, 3: np.ones(1), 4: self.by_quality}
        for one, slope in slopes.items():
            of_row[0, one] = slope * gap_bad
            of_row[min(one, 2), max(one, 2)] = slope * tie_bad
            of_row.update(
                {(one, other): slope * slopes[other] * bad_bad for other in slopes if other >= one}
            )
        return of_row

    def scores(self) -> list[list[FloatArray]]:
        """Statistics of each outcome less their expectation, by the chain rule."""
        return [
            self._chain(half - self.lead, is_tie - self.p_tie, is_bad - self.p_bad)
            for half, is_tie, is_bad in ((0.5, 0, 0), (-0.5, 0, 0), (0, 1, 0), (0, 0, 1))
        ]

    def _chain(self, gap: FloatArray, tie: FloatArray, bad: FloatArray) -> list[FloatArray]:
        """Derivatives in the five predictors from those in gap, tie and log-odds of bad."""
        return [gap, self.by_total * bad, tie, bad, self.by_quality * bad]


def _start(rows: VotedRows, players: Players, max_iterations: int) -> FloatArray:
    """Strengths and ties of Davidson's model; "both bad" as often everywhere, (n_estimates,)."""
    without_bad = Players(
        players.n_players,
        players.first,
        players.second,
        players.counts[:3],
        players.slot,
        players.n_slots,
    )
    smoothed = virtual_votes(rows, 2.0)  # as shares, (n_slots, 4)
    share_of_ties = smoothed[:, 2] / (1 - smoothed[:, 3])
    ties = Davidson().start(share_of_ties)
    estimates = maximise(
        Likelihood(Davidson(), without_bad, averaging_within(rows.component)),
        np.concatenate([np.zeros(players.n_players), ties.ravel()]),
        max_iterations=max_iterations,
        tolerance=_START_TOLERANCE,
    ).estimates
    log_nu = estimates[players.n_players :]
    bad_odds = smoothed[:, 3] / (1 - smoothed[:, 3])
    both_bad = np.log(bad_odds) + np.logaddexp(np.log(2), log_nu)
    parameters = np.column_stack([log_nu, both_bad, np.zeros(log_nu.size)])
    return np.concatenate([estimates[: players.n_players], parameters.ravel()])


def _refuse_missing_outcomes(rows: VotedRows) -> None:
    """Raise NotIdentified for the first component that lacks one kind of outcome."""
    for slot, (first, second, ties, bad) in enumerate(rows.totals):
        models = rows.models_of(slot)
        if bad == 0:
            advice = "use fit_davidson, or leave these models out"
            raise NotIdentified("both_bad", models, "none of their votes is both bad", advice)
        if first + second == 0:
            advice = "collect votes with a winner, or leave these models out"
            raise NotIdentified("quality", models, "none of their votes has a winner", advice)
        if ties == 0:
            advice = "offer ties to voters, or leave these models out"
            raise NotIdentified("tie", models, "none of their votes is a tie", advice)


def _refuse_equal_pairs(rows: VotedRows, start: FloatArray) -> None:
    """Raise NotIdentified where all pairs of a component have the same mean strength."""
    for slot, spread in enumerate(_spread_of_pairs(rows, start[: rows.n_models])):
        if spread < _SPREAD_MIN:
            reason = "all their pairs have the same mean strength"
            advice = "collect votes on more pairs, or leave these models out"
            raise NotIdentified("quality", rows.models_of(slot), reason, advice)


def _refuse_infinite_quality(rows: VotedRows, start: FloatArray) -> None:
    """Raise NotIdentified where strength alone tells "both bad", without exception.

    The likelihood then nears that of Davidson's model as quality grows, and nothing exceeds it.
    """
    total = start[rows.first] + start[rows.second]
    is_bad, is_other = rows.counts[3] > 0, rows.counts[:3].any(axis=0)
    for slot in range(rows.slots.size):
        here = rows.slot[rows.first] == slot
        bad, other = total[here & is_bad], total[here & is_other]
        if bad.max() <= other.min() or bad.min() >= other.max():
            reason = "a bound of strength parts the votes that are both bad from all others"
            advice = "use prior_ties > 0 or collect more votes"
            raise NotIdentified("quality", rows.models_of(slot), reason, advice)


def _spread_of_pairs(rows: VotedRows, strengths: FloatArray) -> FloatArray:
    """Standard deviation over the votes of the mean strength of their pair, (n_slots,)."""
    mean = (strengths[rows.first] + strengths[rows.second]) / 2
    slot, votes = rows.slot[rows.first], rows.counts.sum(axis=0)

    def per_vote(of_rows: FloatArray) -> FloatArray:
        sums = np.bincount(slot, weights=votes * of_rows, minlength=rows.slots.size)
        return sums / np.bincount(slot, weights=votes, minlength=rows.slots.size)

    spread: FloatArray = np.sqrt(per_vote((mean - per_vote(mean)[slot]) ** 2))
    return spread
