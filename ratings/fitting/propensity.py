"""Boards reweighted by how often each pair was drawn, and what the reweighting costs.

A pair that is drawn often counts more in a fit. Where Bradley-Terry holds, that only makes the
scores more precise; where it does not, the scores depend on the drawing. Weights of one over the
probability with which the pair was drawn (Horvitz & Thompson 1952,
doi:10.1080/01621459.1952.10483446) make the scores those of pairs drawn evenly, at the price of
wider intervals. The weighted estimating equations have the covariance of White (1982,
doi:10.2307/1912526): the meat holds the squares of the weights, so counts of votes alone are not
enough for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import listed
from ratings.fitting.fit import Fit
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.residuals import cell_counts, robust_covariance
from ratings.fitting.tallies import SEATS_SWAPPED, BothBad, Outcome, PairTallies
from ratings.fitting.validation import weights as checked_weights

# Votes of a pair below which its frequency weight grows no more: arena-rank's constant, which
# bounds the weight of a pair that was hardly ever drawn.
FREQUENCY_FLOOR = 50


class BadPropensity(ValueError):
    """A probability of drawing a pair that no draw can have had.

    Attributes:
        votes: indices of the votes.
    """

    def __init__(self, votes: Iterable[int], seen: float) -> None:
        self.votes = tuple(int(vote) for vote in votes)
        super().__init__(
            f"the propensity of votes {listed(self.votes)} is not a "
            f"probability above 0 (seen: {seen}); leave out the votes whose draw was not recorded"
        )


@dataclass(frozen=True, eq=False)
class WeightedFit:
    """A weighted board beside the plain one.

    Attributes:
        fit: of the weighted votes; its covariance is the sandwich of weighted votes.
        plain: of the same votes, each with weight 1.
        variance_price: (mean standard error of `fit` / that of `plain`)^2 over models whose score
            the votes determine: how many times the votes the weighted board needs to be as precise.
        effective_votes: (sum of weights)^2 / sum of squared weights (Kish 1965).
        n_votes: votes that entered the fit.
        weight_max: largest weight, where the mean is 1.
    """

    fit: Fit
    plain: Fit
    variance_price: float
    effective_votes: float
    n_votes: int
    weight_max: float


def fit_inverse_propensity(
    n_models: int,
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    propensity: ArrayLike,
    *,
    weight_max: float | None = None,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> WeightedFit:
    """Fit with weights of one over the probability with which each vote's pair was drawn.

    Args:
        n_models: number of models.
        first, second: (n_votes,) model indices.
        outcome: (n_votes,) codes of `Outcome`.
        propensity: (n_votes,) probability, above 0 and at most 1.
        weight_max: cut weights at this many times their mean, which trades bias for variance;
            None for no cut.
        prior_ties, both_bad: as in `fit_bradley_terry`.

    Raises:
        BadPropensity: a propensity that is not above 0 and at most 1.
        ValueError, NoFiniteEstimate, DidNotConverge: as `fit_weighted`.
    """
    weights = inverse_propensity_weights(propensity, weight_max=weight_max)
    return fit_weighted(
        n_models, first, second, outcome, weights, prior_ties=prior_ties, both_bad=both_bad
    )


def inverse_propensity_weights(
    propensity: ArrayLike, *, weight_max: float | None = None
) -> FloatArray:
    """Return 1 / propensity with mean 1, cut at `weight_max` times the mean, (n_votes,).

    Raises:
        BadPropensity: a propensity that is not above 0 and at most 1.
        ValueError: weight_max below 1 or not finite, or propensities not in one dimension.
    """
    drawn = np.asarray(propensity, dtype=np.float64)
    if drawn.ndim != 1:
        raise ValueError(f"propensity has {drawn.ndim} dimensions; expected one value per vote")
    wrong = np.flatnonzero(~((drawn > 0) & (drawn <= 1)))
    if wrong.size:
        raise BadPropensity(wrong, float(drawn[wrong[0]]))
    if weight_max is not None and not (np.isfinite(weight_max) and weight_max >= 1):
        raise ValueError(f"weight_max is {weight_max}; use a finite number of at least 1")
    weights = _mean_one(drawn.min(initial=1.0) / drawn)  # scaled first: 1 / drawn may overflow
    return weights if weight_max is None else _mean_one(np.minimum(weights, weight_max))


def pair_frequency_weights(
    n_models: int, first: ArrayLike, second: ArrayLike, *, floor: int = FREQUENCY_FLOOR
) -> FloatArray:
    """Return 1 / max(votes of the pair, floor) with mean 1, (n_votes,).

    This is arena-rank's reweighting: all pairs with `floor` votes or more weigh the same.

    Raises:
        ValueError: floor below 1, or models as `PairTallies` refuses them.
    """
    if floor < 1:
        raise ValueError(f"floor is {floor}; use at least 1")
    pair = _pair_numbers(n_models, first, second)
    _, row, votes = np.unique(pair, return_inverse=True, return_counts=True)
    return _mean_one(1 / np.maximum(votes, floor)[row])


def fit_weighted(
    n_models: int,
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    weights: ArrayLike,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> WeightedFit:
    """Fit votes that each have a weight; weights are scaled to a mean of 1 over counted votes.

    Args:
        n_models: number of models.
        first, second: (n_votes,) model indices.
        outcome: (n_votes,) codes of `Outcome`.
        weights: (n_votes,) above 0, any scale; taken as given, not as random.
        prior_ties, both_bad: as in `fit_bradley_terry`.

    Raises:
        ValueError: arrays that do not match, no votes, or a weight that is not finite and above 0.
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: Newton's method did not end.
    """
    plain_tallies = PairTallies.from_votes(n_models, first, second, outcome)  # checks the arrays
    plain = fit_bradley_terry(plain_tallies, prior_ties=prior_ties, both_bad=both_bad)
    codes = np.asarray(outcome)
    given = checked_weights("weights", weights, codes.size)
    counted = np.ones(codes.size, dtype=bool) if both_bad == "tie" else codes != Outcome.BOTH_BAD
    if not counted.any():
        raise ValueError("no vote enters the fit; a board of no votes has no variance to compare")
    pair, codes = _pair_numbers(n_models, first, second)[counted], _codes(first, second, codes)
    codes, given = codes[counted], _mean_one(given[counted])
    weighted = _weighted_tallies(n_models, pair, codes, given)
    squared = _weighted_tallies(n_models, pair, codes, given**2)
    fit = fit_bradley_terry(weighted, prior_ties=prior_ties, both_bad=both_bad)
    covariance = robust_covariance(
        fit.fisher_covariance,
        fit.scores,
        squared.first,
        squared.second,
        cell_counts(squared, both_bad),
    )
    fit = replace(fit, joint_covariance=covariance, n_votes=plain.n_votes)
    return WeightedFit(
        fit=fit,
        plain=plain,
        variance_price=_variance_price(fit, plain),
        effective_votes=float(given.sum() ** 2 / np.sum(given**2)),
        n_votes=int(given.size),
        weight_max=float(given.max()),
    )


def _variance_price(fit: Fit, plain: Fit) -> float:
    """Return (mean standard error of one / that of the other)^2, where the votes determine it."""
    shown = ~plain.insufficient if not plain.insufficient.all() else plain.n_votes > 0
    weighted, unweighted = fit.standard_errors[shown].mean(), plain.standard_errors[shown].mean()
    # Votes that all say the same show no variance, with weights or without.
    return float((weighted / unweighted) ** 2) if unweighted > 0 else 1.0


def _mean_one(weights: FloatArray) -> FloatArray:
    """Scale weights to a mean of 1."""
    scaled: FloatArray = weights / weights.mean() if weights.size else weights
    return scaled


def _pair_numbers(n_models: int, first: ArrayLike, second: ArrayLike) -> IntArray:
    """Number the unordered pair of each vote: low * n_models + high, (n_votes,)."""
    one, other = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    numbers: IntArray = np.minimum(one, other) * n_models + np.maximum(one, other)
    return numbers


def _codes(first: ArrayLike, second: ArrayLike, outcome: NDArray[Any]) -> IntArray:
    """Outcomes as seen from the lower model of each pair, (n_votes,)."""
    is_swapped = np.asarray(first) > np.asarray(second)
    codes: IntArray = np.where(is_swapped, np.array(SEATS_SWAPPED)[outcome], outcome)
    return codes.astype(np.int64)


def _weighted_tallies(
    n_models: int, pair: IntArray, codes: IntArray, weights: FloatArray
) -> PairTallies:
    """Sum weights per pair and outcome."""
    pairs, row = np.unique(pair, return_inverse=True)
    cells = np.bincount(row * len(Outcome) + codes, weights, pairs.size * len(Outcome))
    return PairTallies(n_models, *np.divmod(pairs, n_models), *cells.reshape(-1, len(Outcome)).T)
