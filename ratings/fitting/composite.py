"""Boards over several dimensions of one comparison, and composites of them with their intervals.

A vote may answer several questions about the same two outputs: which is more faithful, which reads
better. Each question gives a Bradley-Terry board. The answers of one vote go together, so the
boards' errors do as well, and a composite's interval must know it: the estimating equations of all
dimensions are stacked and their covariance is the sandwich over votes, or over voters (Liang &
Zeger 1986, doi:10.1093/biomet/73.1.13; White 1982, doi:10.2307/1912526).

Two composites are offered. `weighted_mean` averages the scores of the dimensions. The composite
fit maximises a weighted sum of their likelihoods over one set of scores, each likelihood divided by
its number of votes (as `CompositeBradleyTerry` of arena-rank 3900eae), so a weight is the influence
of its dimension however many votes that has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.fit import Fit
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.residuals import (
    cell_counts,
    cell_residuals,
    robust_covariance,
)
from ratings.fitting.sandwich import as_covariance, averaging_within, sandwich
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import COUNTS, BothBad, Outcome, PairTallies
from ratings.fitting.validation import check_shape, integers

ABSENT = -1  # outcome of a vote that does not answer a dimension


@dataclass(frozen=True, eq=False)
class DimensionVotes:
    """Votes that answer one or more dimensions.

    Attributes:
        n_models: number of models.
        dimensions: their names, (n_dimensions,).
        first, second: (n_votes,) model indices.
        outcomes: (n_votes, n_dimensions) codes of `Outcome`, `ABSENT` where a vote says nothing.
        voter: (n_votes,) any integers that tell voters apart; None where votes are independent.

    Raises:
        ValueError: shapes that do not match, no dimension, a name twice, or a code out of range.
    """

    n_models: int
    dimensions: tuple[str, ...]
    first: IntArray
    second: IntArray
    outcomes: IntArray
    voter: IntArray | None = None

    def __post_init__(self) -> None:
        """Check the arrays and hold them as int64."""
        if not self.dimensions or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError(f"dimensions are {self.dimensions}; name at least one, each once")
        names = ("first", "second", "outcomes", *(["voter"] if self.voter is not None else []))
        for name in names:
            given = integers(name, getattr(self, name), 2 if name == "outcomes" else 1)
            object.__setattr__(self, name, given.astype(np.int64))
        n_votes = self.first.size
        for name in names:
            expected = (n_votes, len(self.dimensions)) if name == "outcomes" else (n_votes,)
            check_shape(name, getattr(self, name), expected)
        if n_votes and not ABSENT <= self.outcomes.min() <= self.outcomes.max() < len(Outcome):
            raise ValueError(f"outcomes are codes of Outcome, or {ABSENT} for no answer")

    def tallies(self, dimension: str) -> PairTallies:
        """Count the votes that answer one dimension."""
        outcome = self.outcomes[:, self.dimensions.index(dimension)]
        answers = outcome != ABSENT
        return PairTallies.from_votes(
            self.n_models, self.first[answers], self.second[answers], outcome[answers]
        )


@dataclass(frozen=True, eq=False)
class DimensionFits:
    """The boards of all dimensions and how their errors go together.

    Attributes:
        fits: one board per dimension, in the order of the covariance's blocks.
        covariance: (n_dimensions * n_models,) squared, robust covariance of all scores, dimension
            by dimension.
    """

    fits: dict[str, Fit]
    covariance: FloatArray

    def between(self, one: str, other: str) -> FloatArray:
        """Covariance of the scores of two dimensions, (n_models, n_models)."""
        size = len(self.covariance) // len(self.fits)
        names = list(self.fits)
        rows, columns = (
            slice(names.index(n) * size, (names.index(n) + 1) * size) for n in (one, other)
        )
        block: FloatArray = self.covariance[rows, columns]
        return block


def fit_dimensions(
    votes: DimensionVotes, *, prior_ties: float = PRIOR_TIES, both_bad: BothBad = "tie"
) -> DimensionFits:
    """Fit one board per dimension, with the covariance across dimensions.

    With voters the covariance is clustered by voter, scaled by G / (G - 1) for G voters.

    Raises:
        ValueError: a single voter, who leaves no spread between voters to measure.
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`.
    """
    fits = {
        name: fit_bradley_terry(votes.tallies(name), prior_ties=prior_ties, both_bad=both_bad)
        for name in votes.dimensions
    }
    cluster, n_clusters = _clusters(votes)
    gradients = [
        _gradients(votes, column, fit.scores, both_bad, cluster)
        for column, fit in enumerate(fits.values())
    ]
    stacked = sparse.hstack(gradients, format="csr")  # (n_clusters, n_dimensions * n_models)
    bread = sparse.block_diag([fit.fisher_covariance for fit in fits.values()], format="csr")
    meat = (stacked.T @ stacked).toarray() * _cluster_scale(votes, n_clusters)
    covariance = as_covariance((bread @ (bread @ meat).T).T)
    clustered = {}
    for number, (name, fit) in enumerate(fits.items()):
        block = slice(number * votes.n_models, (number + 1) * votes.n_models)
        clustered[name] = replace(
            fit,
            joint_covariance=covariance[block, block],
            n_clusters=None if votes.voter is None else n_clusters,
        )
    return DimensionFits(clustered, covariance)


def fit_separate_dimensions(
    tallies: Mapping[str, PairTallies],
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> DimensionFits:
    """Fit one board per dimension from counts, as if no vote answered two dimensions.

    Raises:
        ValueError: no dimension, or dimensions over different numbers of models.
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`.
    """
    _check_same_models(tallies)
    fits = {
        name: fit_bradley_terry(counts, prior_ties=prior_ties, both_bad=both_bad)
        for name, counts in tallies.items()
    }
    blocks = sparse.block_diag([fit.covariance for fit in fits.values()])
    return DimensionFits(fits, blocks.toarray())


def weighted_mean(dimensions: DimensionFits, weights: Mapping[str, float]) -> Fit:
    """Average the scores of the dimensions, with the covariance that follows.

    Scores compare, and sum to zero, inside the models that every dimension compares. The inverse
    information takes the dimensions as independent; the log-likelihood is the weighted mean.

    Args:
        dimensions: the boards.
        weights: at least 0, one per dimension, any scale; they are scaled to sum 1.

    Raises:
        ValueError: weights that are missing, unknown, negative, not finite or all zero.
    """
    share = _shares(weights, list(dimensions.fits))
    used = [(w, fit) for w, fit in zip(share, dimensions.fits.values(), strict=True) if w > 0]
    component = _common_components([fit.component for _, fit in used])
    size = component.size
    centring = np.eye(size) - averaging_within(component)
    mixing = np.kron(share, centring)  # (n_models, n_dimensions * n_models)
    fisher = sum(w**2 * fit.fisher_covariance for w, fit in used)
    scores = centring @ np.sum([w * fit.scores for w, fit in used], axis=0)
    return Fit(
        scores=scores,
        parameters={},
        joint_covariance=as_covariance(mixing @ dimensions.covariance @ mixing.T),
        joint_fisher_covariance=as_covariance(centring @ fisher @ centring),
        component=component,
        n_votes=np.sum([fit.n_votes for _, fit in used], axis=0),
        insufficient=np.any([fit.insufficient for _, fit in used], axis=0),
        log_likelihood=float(sum(w * fit.log_likelihood for w, fit in used)),
        iterations=max(fit.iterations for _, fit in used),
        residual=max(fit.residual for _, fit in used),
        n_clusters=used[0][1].n_clusters,
    )


def fit_composite(
    votes: DimensionVotes,
    weights: Mapping[str, float],
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> Fit:
    """Fit one set of scores to all dimensions, with the sandwich over votes or voters.

    Raises:
        ValueError: as `weighted_mean`, or a weighted dimension without votes.
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`.
    """
    tallies = {name: votes.tallies(name) for name in votes.dimensions}
    fit, scale = _composite_fit(tallies, weights, prior_ties, both_bad)
    cluster, n_clusters = _clusters(votes)
    gradient = sum(
        factor * _gradients(votes, column, fit.scores, both_bad, cluster)
        for column, factor in enumerate(scale)
        if factor > 0
    )
    meat = (gradient.T @ gradient).toarray() * _cluster_scale(votes, n_clusters)
    return replace(
        fit,
        joint_covariance=sandwich(fit.fisher_covariance, meat),
        n_clusters=None if votes.voter is None else n_clusters,
    )


def fit_separate_composite(
    tallies: Mapping[str, PairTallies],
    weights: Mapping[str, float],
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> Fit:
    """Fit one set of scores to the counts of all dimensions, as if no vote answered two of them.

    Raises:
        ValueError, NoFiniteEstimate, DidNotConverge: as `fit_composite`.
    """
    fit, scale = _composite_fit(tallies, weights, prior_ties, both_bad)
    covariance = np.zeros_like(fit.joint_covariance)
    for factor, counts in zip(scale, tallies.values(), strict=True):
        squared = factor**2 * cell_counts(counts, both_bad)
        covariance += robust_covariance(
            fit.fisher_covariance, fit.scores, counts.first, counts.second, squared
        )
    return replace(fit, joint_covariance=covariance)


def _composite_fit(
    tallies: Mapping[str, PairTallies],
    weights: Mapping[str, float],
    prior_ties: float,
    both_bad: BothBad,
) -> tuple[Fit, FloatArray]:
    """Fit the scaled counts; return the factor of each dimension's votes, (n_dimensions,).

    Factors are weight / votes of the dimension, times all votes used, which keeps the prior in
    units of votes.
    """
    _check_same_models(tallies)
    share = _shares(weights, list(tallies))
    counted = np.array([cell_counts(counts, both_bad).sum() for counts in tallies.values()])
    empty = [name for name, n, w in zip(tallies, counted, share, strict=True) if w > 0 and n == 0]
    if empty:
        raise ValueError(f"dimension {empty[0]!r} has a weight but no votes; give it the weight 0")
    scale = np.where(share > 0, share * counted[share > 0].sum() / np.maximum(counted, 1), 0.0)
    pooled = [counts for counts, factor in zip(tallies.values(), scale, strict=True) if factor > 0]
    total = pooled[0]
    for counts in pooled[1:]:
        total = total + counts
    columns = [
        np.concatenate(
            [f * getattr(c, name) for c, f in zip(pooled, scale[scale > 0], strict=True)]
        )
        for name in COUNTS
    ]
    pairs = (np.concatenate([getattr(c, side) for c in pooled]) for side in ("first", "second"))
    scaled = PairTallies(total.n_models, *pairs, *columns)
    fit = fit_bradley_terry(scaled, prior_ties=prior_ties, both_bad=both_bad)
    cells = cell_counts(total, both_bad).sum(axis=1)
    n_votes = totals_of_sides(total.first, total.second, cells, cells, total.n_models)
    return replace(fit, n_votes=n_votes), scale


def _gradients(
    votes: DimensionVotes, column: int, scores: FloatArray, both_bad: BothBad, cluster: IntArray
) -> sparse.csr_array:
    """Sum residual * (e_first - e_second) per cluster in one dimension, (n_clusters, n_models)."""
    outcome = votes.outcomes[:, column]
    counts = outcome != ABSENT
    if both_bad == "ignore":
        counts = counts & (outcome != Outcome.BOTH_BAD)
    first, second, code = votes.first[counts], votes.second[counts], outcome[counts]
    residual = cell_residuals(scores, first, second)[np.arange(code.size), code]
    entries = np.concatenate([residual, -residual])
    place = (np.tile(cluster[counts], 2), np.concatenate([first, second]))
    shape = (int(cluster.max(initial=-1)) + 1, votes.n_models)
    return sparse.coo_array((entries, place), shape).tocsr()


def _clusters(votes: DimensionVotes) -> tuple[IntArray, int]:
    """Number the cluster of each vote, (n_votes,), and count the clusters."""
    if votes.voter is None:
        return np.arange(votes.first.size), votes.first.size
    voters, cluster = np.unique(votes.voter, return_inverse=True)
    if voters.size == 1:
        raise ValueError("all votes are of one voter; clustering by voter needs at least two")
    return cluster.astype(np.int64), int(voters.size)


def _cluster_scale(votes: DimensionVotes, n_clusters: int) -> float:
    """Factor for few clusters, G / (G - 1); 1 for votes on their own, as in every board."""
    return 1.0 if votes.voter is None or n_clusters == 0 else n_clusters / (n_clusters - 1)


def _shares(weights: Mapping[str, float], names: list[str]) -> FloatArray:
    """Weights in the order of `names`, scaled to sum 1, (n_dimensions,)."""
    if set(weights) != set(names):
        raise ValueError(f"weights are for {sorted(weights)}; the dimensions are {sorted(names)}")
    given = np.array([weights[name] for name in names], dtype=np.float64)
    if not (np.isfinite(given) & (given >= 0)).all() or given.sum() == 0:
        raise ValueError(
            f"weights are {dict(weights)}; use finite numbers of at least 0, not all 0"
        )
    shares: FloatArray = given / given.sum()
    return shares


def _check_same_models(tallies: Mapping[str, PairTallies]) -> None:
    """Raise ValueError unless there is a dimension and all count the same models."""
    sizes = {name: counts.n_models for name, counts in tallies.items()}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"dimensions must be over the same models, at least one: seen {sizes}")


def _common_components(components: list[IntArray]) -> IntArray:
    """Group models that every dimension compares, numbered by their lowest model, (n_models,)."""
    _, lowest, group = np.unique(
        np.stack(components, axis=1), axis=0, return_index=True, return_inverse=True
    )
    number: IntArray = np.argsort(np.argsort(lowest)).astype(np.int64)
    return number[group.reshape(-1)]
