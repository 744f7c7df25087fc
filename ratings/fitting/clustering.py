"""Fits and intervals that know that votes of one person go together.

A person casts many votes and has tastes, so votes are not independent and n of them say less than
n. Three things repair that:

- a cap: a vote of a voter with n_u votes weighs min(1, cap / n_u), so nobody is heard more than
  `cap` times. The estimate itself becomes more precise, as extra votes of the same taste add
  little;
- a covariance clustered by voter (Liang & Zeger 1986, Biometrika 73(1),
  doi:10.1093/biomet/73.1.13), CR1: scores of one voter are added before they are squared, and the
  sum over G voters is multiplied by G / (G - 1) (Cameron & Miller 2015, J. Hum. Resour. 50(2),
  doi:10.3368/jhr.50.2.317);
- Student t quantiles with the effective number of voters less one as degrees of freedom (Carter,
  Schnepel & Steigerwald 2017, Rev. Econ. Stat. 99(4), doi:10.1162/REST_a_00639).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import Undetermined, listed
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import half_width, t_half_width
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.sandwich import as_covariance
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import COUNTS, BothBad, PairTallies
from ratings.fitting.voter_kernels import add_voters, count_voters
from ratings.fitting.voter_tallies import VoterTallies

SmallSample = Literal["cr0", "cr1"]

# Votes of one voter that count in full. Of 10, 30, 100, 300, 1000 and no cap, 100 and 300 give the
# smallest errors in simulated arenas of 20,000 to 100,000 votes of people with tastes, within 2 %
# of each other; the smaller one leaves a single person less power.
CAP = 100.0
# Weights are multiples of 2^-30: sums of weighted whole votes are then exact below 2^23 votes, so
# the board cannot depend on how voters are numbered.
_WEIGHT_STEPS = 2.0**30
# Fewest degrees of freedom: below 1 the quantile of Student's t says nothing.
_DEGREES_MIN = 1.0


class TooFewVoters(Undetermined):
    """One voter alone tells nothing of how much voters differ.

    Attributes:
        models: indices of the models whose connected component has votes of one voter only.
    """

    def __init__(self, models: Iterable[int]) -> None:
        self.models = tuple(int(model) for model in models)
        super().__init__(
            f"models {listed(self.models)} have votes of one voter only, which "
            "show no variance between voters; collect votes of more voters, or fit the votes as "
            "independent with fit_bradley_terry"
        )


@dataclass(frozen=True, eq=False)
class VoterEffects:
    """What repeat voters do to a board that is fitted to tallies of pairs.

    Such a board subtracts `excess` from its tallies, fits them, and multiplies the half-width of
    each interval by `widening`.

    Attributes:
        excess: what the cap takes from the votes, per pair, in fractions of votes.
        widening: (n_models,) half-width with the clustered covariance and t quantile, over that of
            the covariance which `fit_bradley_terry` reports for the capped tallies, with normal
            quantile. At least 1: voters without tastes would allow less, but a factor below 1 is
            more often a variance that few voters underrate. 1 in a component with one voter: its
            interval speaks of that voter's taste alone.
        effective_voters: (n_models,) as of `effective_clusters`.
        n_voters: voters with votes.
        largest_share: share of all votes, before the cap, that the busiest voter cast.
    """

    excess: PairTallies
    widening: FloatArray
    effective_voters: FloatArray
    n_voters: int
    largest_share: float


@dataclass(frozen=True, eq=False)
class _Spread:
    """Sums over voters at a fit, before the bread: what the variance is made of."""

    meat: FloatArray  # (n_models, n_models), sum over voters of score score^T
    independent_meat: FloatArray  # the same if every vote were a voter of its own
    # (5, n_models) sums over voters of x, y, xx, xy, yy, where x = w^2 n and y = (w n)^2 for a
    # voter of weight w with n votes on the model
    moments: FloatArray

    def shared_fraction(self, bread: FloatArray) -> float:
        """Part of the scores' variance that exists because votes of a voter go together, 0 to 1."""
        clustered = float(np.sum((bread @ self.meat) * bread))
        independent = float(np.sum((bread @ self.independent_meat) * bread))
        return min(max(1 - independent / clustered, 0.0), 1.0) if clustered > 0 else 0.0

    def effective_clusters(self, shared: float) -> FloatArray:
        """Effective number of voters of each model, (n_models,); 0 for a model without votes."""
        x, y, xx, xy, yy = self.moments
        voted = x > 0
        x, y = np.where(voted, x, 1), np.where(voted, y, 1)
        noise, taste = 1 - shared, shared
        # Sum over voters of the squared share of the variance, noise x / sum x + taste y / sum y.
        squares = noise**2 * xx / x**2 + 2 * noise * taste * xy / (x * y) + taste**2 * yy / y**2
        return np.where(voted, 1 / np.where(voted, squares, 1), 0.0)


def voter_weights(n_votes_of_voter: FloatArray, cap: float = CAP) -> FloatArray:
    """Return min(1, cap / n_u), rounded down to a multiple of 2^-30, (n_voters,).

    Raises:
        ValueError: a cap that is not above 0; infinity is no cap.
    """
    if not cap > 0:
        raise ValueError(f"cap is {cap}; use a number of votes above 0, or infinity for no cap")
    if math.isinf(cap):
        return np.ones(n_votes_of_voter.shape)
    weights = cap / np.maximum(n_votes_of_voter, cap)
    steps: FloatArray = np.maximum(np.floor(weights * _WEIGHT_STEPS), 1) / _WEIGHT_STEPS
    return steps


def fit_by_voter(
    votes: VoterTallies,
    *,
    cap: float = CAP,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    small_sample: SmallSample = "cr1",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Bradley-Terry to capped votes, with the covariance clustered by voter.

    In the result `n_votes` counts every vote once, `log_likelihood` is of the weighted votes, and
    `n_clusters` is the number of voters. Intervals: `t_interval` with
    `degrees_of_freedom(effective_clusters(votes, fit, ...))`.

    Args:
        votes: votes per voter and pair.
        cap: votes of one voter that count in full; infinity for no cap.
        prior_ties, both_bad, max_iterations, tolerance: as in `fit_bradley_terry`.
        small_sample: "cr1" multiplies by G / (G - 1), G the voters of the component; "cr0" does
            not, and is too small where voters are few.

    Raises:
        TooFewVoters: a component has votes of one voter only.
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`.
        ValueError: an argument out of range.
    """
    if small_sample not in ("cr0", "cr1"):
        raise ValueError(f"small_sample is {small_sample!r}; use 'cr0' or 'cr1'")
    counted = _counted(votes, both_bad)
    weight = voter_weights(counted.votes_of_voter, cap)
    fit = fit_bradley_terry(
        counted.pair_tallies(weight),
        prior_ties=prior_ties,
        both_bad=both_bad,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    voters = _voters_of_component(counted, fit.component)
    if ((voters == 1) & (fit.n_votes > 0)).any():
        raise TooFewVoters(np.flatnonzero((voters == 1) & (fit.n_votes > 0)))
    return replace(
        fit,
        joint_covariance=_clustered(
            fit, _spread(counted, weight, fit.scores), voters, small_sample
        ),
        n_votes=totals_of_sides(
            counted.first, counted.second, counted.votes, counted.votes, counted.n_models
        ),
        n_clusters=counted.n_voters,
    )


def effective_clusters(
    votes: VoterTallies, fit: Fit, *, cap: float = CAP, both_bad: BothBad = "tie"
) -> FloatArray:
    """Return how many equal voters would give the variance of each score as much certainty.

    (sum gamma)^2 / sum gamma^2 over voters, where gamma is what a voter is expected to add to the
    score's variance (Carter, Schnepel & Steigerwald 2017). What is expected needs a model:
    of the voter's votes on that model, noise that is new in each vote and a taste that all share,
    in the proportion that this fit's clustered and unclustered variances show.

    Args:
        votes, cap, both_bad: as given to `fit_by_voter`.
        fit: what it returned.

    Returns:
        (n_models,), at least 1, and 0 for a model without votes.
    """
    counted = _counted(votes, both_bad)
    spread = _spread(counted, voter_weights(counted.votes_of_voter, cap), fit.scores)
    return spread.effective_clusters(spread.shared_fraction(fit.fisher_covariance))


def degrees_of_freedom(clusters: FloatArray) -> FloatArray:
    """Return the degrees of freedom of t for this many (effective) clusters, (n_models,)."""
    return np.maximum(clusters - 1, _DEGREES_MIN)


def voter_effects(
    votes: VoterTallies,
    *,
    cap: float = CAP,
    level: float = 0.95,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> VoterEffects:
    """Measure what repeat voters do, for a board that refits tallies of pairs by itself.

    Raises:
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`.
        ValueError: an argument out of range.
    """
    counted = _counted(votes, both_bad)
    weight = voter_weights(counted.votes_of_voter, cap)
    tallies = counted.pair_tallies(weight)
    fit = fit_bradley_terry(tallies, prior_ties=prior_ties, both_bad=both_bad)
    spread = _spread(counted, weight, fit.scores)
    clusters = spread.effective_clusters(spread.shared_fraction(fit.fisher_covariance))
    voters = _voters_of_component(counted, fit.component)
    clustered = t_half_width(
        _clustered(fit, spread, voters, "cr1"), degrees_of_freedom(clusters), level
    )
    plain = half_width(fit.covariance, level)
    ratio = np.divide(clustered, plain, out=np.ones(plain.size), where=plain > 0)
    of_voter = counted.votes_of_voter
    return VoterEffects(
        excess=counted.pair_tallies(1 - weight),
        widening=np.where(voters > 1, np.maximum(ratio, 1.0), 1.0),
        effective_voters=clusters,
        n_voters=counted.n_voters,
        largest_share=float(of_voter.max() / of_voter.sum()) if of_voter.size else 0.0,
    )


def without_excess(tallies: PairTallies, excess: PairTallies) -> PairTallies:
    """Subtract the excess from tallies over the same models; no count falls below 0.

    A count can be smaller than its excess only where votes were withdrawn since it was measured.

    Raises:
        ValueError: tallies over another number of models.
    """
    if tallies.n_models != excess.n_models:
        raise ValueError(
            f"tallies over {tallies.n_models} models cannot lose an excess over {excess.n_models}"
        )
    pair = tallies.first * tallies.n_models + tallies.second
    heavy = excess.first * excess.n_models + excess.second
    _, here, there = np.intersect1d(pair, heavy, assume_unique=True, return_indices=True)
    counts = {name: getattr(tallies, name).copy() for name in COUNTS}
    for name, count in counts.items():
        count[here] = np.maximum(count[here] - getattr(excess, name)[there], 0)
    return replace(tallies, **counts)


def _counted(votes: VoterTallies, both_bad: BothBad) -> VoterTallies:
    """Take the votes that enter the fit under this reading of "both bad"."""
    return votes if both_bad == "tie" else votes.without_both_bad()


def _clustered(fit: Fit, spread: _Spread, voters: IntArray, small_sample: str) -> FloatArray:
    """Covariance of the scores for votes that are independent between voters only."""
    bread = fit.fisher_covariance
    covariance = bread @ spread.meat @ bread
    if small_sample == "cr1":
        several = np.maximum(voters, 2)
        # Constant in a component, and the covariance is zero between components.
        covariance *= (several / (several - 1))[:, None]
    return as_covariance(covariance)


def _voters_of_component(votes: VoterTallies, component: IntArray) -> IntArray:
    """Count the voters of each model's component, (n_models,)."""
    counts = np.zeros(component.size, dtype=np.int64)
    count_voters(votes.starts, votes.first, component, counts)
    of_model: IntArray = counts[component]
    return of_model


def _spread(votes: VoterTallies, weight: FloatArray, scores: FloatArray) -> _Spread:
    """Sum the voters' scores and votes at these strengths."""
    n_models = votes.n_models
    p_first = expit(scores[:, None] - scores[None, :])
    meat, noise, moments = (np.zeros(s) for s in ((n_models,) * 2, (n_models,) * 2, (5, n_models)))
    ties = votes.ties + votes.both_bad
    columns = (votes.first, votes.second, votes.wins_first, votes.wins_second, ties)
    add_voters(votes.starts, weight, *columns, p_first, meat, noise, moments)
    independent = -(noise + noise.T)
    np.fill_diagonal(independent, -independent.sum(axis=1))
    return _Spread(meat + meat.T, independent, moments)
