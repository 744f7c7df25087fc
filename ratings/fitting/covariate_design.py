"""The quasi-likelihood of Bradley-Terry with covariates: its votes, its estimates, its derivatives.

A pass over the votes leaves sums by segment; from these the gradient and the information are put
together with one entry per segment, pair and model, whatever the number of votes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg  # type: ignore[import-untyped]
from scipy.special import expit, log_expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.comparison_graph import connected_components
from ratings.fitting.covariate_kernels import curvature_pass
from ratings.fitting.covariates import SIDE, VotesByPair, observed_sums
from ratings.fitting.errors import DidNotConverge
from ratings.fitting.prior import virtual_opponents
from ratings.fitting.sandwich import anchored, averaging_within, sum_zero
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import BothBad

# How many times fewer rows a sample has.
_SAMPLE_SHARE = 17
# Mean rows of a segment from which a sample takes a part of each instead of some of them.
_LONG_SEGMENT = 256


@dataclass(frozen=True, eq=False)
class Rows:
    """Votes that enter, by segment, and what they say."""

    columns: tuple[NDArray[Any], ...]  # (n_rows,) contrasts of each covariate
    weights: tuple[NDArray[Any], ...]  # none, or one (n_rows,)
    outcome: NDArray[np.int8]  # (n_rows,)
    begin: IntArray  # (n_segments,)
    end: IntArray
    first: IntArray
    second: IntArray
    sums: tuple[FloatArray, FloatArray]  # (n_segments, 2) and (2, n_covariates): `observed_sums`

    @property
    def votes(self) -> FloatArray:
        """Weight of the votes of each segment, (n_segments,)."""
        votes: FloatArray = self.sums[0][:, 0]
        return votes

    @property
    def points(self) -> FloatArray:
        """Points of the first seat in each segment, (n_segments,)."""
        points: FloatArray = self.sums[0][:, 1]
        return points

    @property
    def won(self) -> FloatArray:
        """Sum of points * contrast, (n_covariates,)."""
        won: FloatArray = self.sums[1][0]
        return won

    @property
    def squares(self) -> FloatArray:
        """Sum of squared contrasts, (n_covariates,)."""
        squares: FloatArray = self.sums[1][1]
        return squares

    def votes_per_model(self, n_models: int) -> FloatArray:
        """Weight of the votes of each model, (n_models,)."""
        return totals_of_sides(self.first, self.second, self.votes, self.votes, n_models)

    def points_of_seats(self) -> tuple[FloatArray, FloatArray]:
        """Points of the first and of the second seat, rounding of weights left out."""
        lost, rounding = self.votes - self.points, 1e-9 * self.votes
        return (
            np.where(self.points > rounding, self.points, 0.0),
            np.where(lost > rounding, lost, 0.0),
        )

    def sample(self) -> "Rows":
        """About one row in `_SAMPLE_SHARE`, of every model where possible."""
        if self.outcome.size < _LONG_SEGMENT * self.first.size:
            # Drawn, as a regular choice of sorted pairs can miss a model.
            kept = np.random.default_rng(0).random(self.first.size) * _SAMPLE_SHARE < 1
            begin, end = self.begin[kept], self.end[kept]
            seats = self.first[kept], self.second[kept]
        else:
            seats = self.first, self.second
            begin, end = self.begin, self.begin + (self.end - self.begin) // _SAMPLE_SHARE
        sums = observed_sums(self.columns, self.weights, self.outcome, begin, end)
        return Rows(self.columns, self.weights, self.outcome, begin, end, *seats, sums)


def entering(votes: VotesByPair, both_bad: BothBad) -> Rows:
    """Take the segments that enter under this reading of "both bad"; they come first."""
    n = votes.n_segments if both_bad == "tie" else votes.n_rated_segments
    n_rows = int(votes.starts[n])
    of_segment, of_rated, of_both_bad = votes.sums
    return Rows(
        columns=tuple(column[:n_rows] for column in votes.contrasts),
        weights=() if votes.weights is None else (votes.weights[:n_rows],),
        outcome=votes.outcome[:n_rows],
        begin=votes.starts[:n],
        end=votes.starts[1 : n + 1],
        first=votes.first[:n],
        second=votes.second[:n],
        sums=(of_segment[:n], of_rated + of_both_bad if both_bad == "tie" else of_rated),
    )


@dataclass(frozen=True, eq=False)
class Design:
    """Where each estimate stands: models, virtual opponents, "side", covariates; and the prior."""

    n_models: int
    n_players: int  # models and virtual opponents
    names: tuple[str, ...]  # of the parameters
    has_side: bool
    scales: FloatArray  # (n_covariates,)
    component: IntArray  # (n_models,)
    averaging: FloatArray  # (n_models, n_models)
    prior_first: IntArray  # (n_prior,)
    prior_second: IntArray
    prior_votes: float  # ties of each row

    @classmethod
    def of(
        cls, rows: Rows, votes: VotesByPair, scales: FloatArray, *, side: bool, prior_ties: float
    ) -> "Design":
        """Give each component with votes an opponent that ties with its models in either seat."""
        component = connected_components(votes.n_models, rows.first, rows.second)
        has_votes = np.zeros(votes.n_models, dtype=bool)
        has_votes[rows.first] = has_votes[rows.second] = prior_ties > 0
        models = np.flatnonzero(has_votes)
        opponent, n_players = virtual_opponents(component, models)
        return cls(
            n_models=votes.n_models,
            n_players=n_players,
            names=((SIDE,) if side else ()) + votes.covariates,
            has_side=side,
            scales=scales,
            component=component,
            averaging=averaging_within(component),
            prior_first=np.concatenate([models, opponent]),
            prior_second=np.concatenate([opponent, models]),
            prior_votes=prior_ties / 2,
        )

    @property
    def size(self) -> int:
        """Number of estimates."""
        return self.n_players + len(self.names)

    @property
    def kept(self) -> IntArray:
        """Places of the models and parameters."""
        return np.concatenate([np.arange(self.n_models), np.arange(self.n_players, self.size)])

    def side_of(self, estimates: FloatArray) -> float:
        """Advantage of the first seat."""
        return float(estimates[self.n_players]) if self.has_side else 0.0

    def slopes(self, estimates: FloatArray) -> tuple[float, ...]:
        """Coefficients per unit of each contrast."""
        return tuple((estimates[self.n_players + self.has_side :] / self.scales).tolist())

    def offsets(self, estimates: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
        """Log-odds of rows without contrasts."""
        gap: FloatArray = estimates[first] - estimates[second] + self.side_of(estimates)
        return gap

    def matrix(
        self, first: IntArray, second: IntArray, sums: FloatArray, triangle: FloatArray
    ) -> FloatArray:
        """Sum a d d^T over rows, d = (e_first - e_second, 1, z), (size, size).

        `sums` (n_segments, 1 + k) are those of a and a x, `triangle` those of a x x.
        """
        n, k = self.n_players, self.scales.size
        pairs = np.bincount(first * n + second, sums[:, 0], n * n).reshape(n, n)
        full = np.zeros((n + 1 + k, n + 1 + k))
        models = full[:n, :n]
        np.subtract(-pairs, pairs.T, out=models)
        np.fill_diagonal(models, -models.sum(axis=1))
        for c, column in enumerate(sums.T):
            full[:n, n + c] = np.bincount(first, column, n) - np.bincount(second, column, n)
        full[n, n:] = sums.sum(axis=0)
        upper = np.zeros((k, k))
        upper[np.triu_indices(k)] = triangle
        full[n + 1 :, n + 1 :] = upper + np.triu(upper, 1).T
        full[:, n + 1 :] /= self.scales
        full[n + 1 :, n + 1 :] /= self.scales[:, None]
        full[n + 1 :, n] = full[n, n + 1 :]
        full[n:, :n] = full[:n, n:].T
        return full if self.has_side else np.delete(np.delete(full, n, axis=0), n, axis=1)

    def centred(self, inverse: FloatArray) -> FloatArray:
        """Inverse information of the sum-zero scores and the parameters."""
        return sum_zero(inverse[np.ix_(self.kept, self.kept)], self.averaging)

    def reported(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sum-zero scores and the parameters."""
        scores = estimates[: self.n_models]
        return scores - self.averaging @ scores, estimates[self.n_players :]


class QuasiLikelihood:
    """Objective: one pass over the votes gives likelihood, gradient and information at once."""

    def __init__(self, rows: Rows, design: Design) -> None:
        self.rows, self.design = rows, design
        self._at: FloatArray | None = None

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Of votes and prior."""
        self._evaluate(estimates)
        return self.of_votes + self._of_prior

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient and anchored information."""
        self._evaluate(estimates)
        return self._gradient, self._information.copy()

    def inverse_of_last(self, iterations: int) -> FloatArray:
        """Invert the information of the last pass.

        Raises:
            DidNotConverge: it is not positive definite.
        """
        try:
            factor = linalg.cho_factor(self._information, lower=True)
        except (linalg.LinAlgError, ValueError) as error:
            raise DidNotConverge(iterations, np.inf) from error
        inverse: FloatArray = linalg.cho_solve(factor, np.eye(len(self._information)))
        return inverse

    def _evaluate(self, estimates: FloatArray) -> None:
        """Pass over the votes, unless the last pass was at the same estimates."""
        if self._at is not None and np.array_equal(self._at, estimates):
            return
        rows, design, k = self.rows, self.design, self.design.scales.size
        offset = design.offsets(estimates, rows.first, rows.second)
        slopes = design.slopes(estimates)
        of_segment = np.zeros((offset.size, 2 + k))
        of_all = np.zeros(k + k * (k + 1) // 2)
        loss = curvature_pass(
            rows.columns, rows.weights, rows.begin, rows.end, offset, slopes, of_segment, of_all
        )
        prior = design.offsets(estimates, design.prior_first, design.prior_second)
        p_prior, w_prior = expit(prior), expit(prior) * expit(-prior)
        self.of_votes = float(rows.points @ offset + rows.won @ np.array(slopes) - loss)
        log_p = log_expit(prior) + log_expit(-prior)
        self._of_prior = float(design.prior_votes / 2 * log_p.sum())

        first = np.concatenate([rows.first, design.prior_first])
        second = np.concatenate([rows.second, design.prior_second])
        surplus_prior = design.prior_votes * (0.5 - p_prior)
        surplus = np.concatenate([rows.points - of_segment[:, 0], surplus_prior])
        n = design.n_players
        of_players = np.bincount(first, surplus, n) - np.bincount(second, surplus, n)
        of_side = [surplus.sum()] if design.has_side else []
        of_covariates = (rows.won - of_all[:k]) / design.scales
        self._gradient: FloatArray = np.concatenate([of_players, of_side, of_covariates])
        prior_sums = np.zeros((prior.size, 1 + k))
        prior_sums[:, 0] = design.prior_votes * w_prior
        sums = np.concatenate([of_segment[:, 1:], prior_sums])
        information = design.matrix(first, second, sums, of_all[k:])
        self._information = anchored(information, design.averaging)
        self._at = estimates.copy()
