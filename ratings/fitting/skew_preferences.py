"""The penalised likelihood of scores beside a skew-symmetric embedding, and its best maximum."""

import math
from dataclasses import replace

import numpy as np
from scipy import linalg, optimize, sparse  # type: ignore[import-untyped]
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.errors import DidNotConverge
from ratings.fitting.fit import Fit
from ratings.fitting.prior import virtual_opponents
from ratings.fitting.residuals import cell_counts, cell_residuals
from ratings.fitting.sandwich import anchored, as_covariance, averaging_within
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import PairTallies

# Decrement, in standard errors, up to which L-BFGS counts as converged.
_TOLERANCE = 1e-2
_ITERATIONS_MAX = 3000
_START_SPREAD = 0.1  # natural log, of the random starts


def skew_part(embedding: FloatArray) -> FloatArray:
    """Cyclic part of the log-odds, v_i^T R v_j, (n_models, n_models)."""
    x, y = embedding[:, 0::2], embedding[:, 1::2]
    skew: FloatArray = x @ y.T - y @ x.T
    return skew


class PenalisedPreferences:
    """The penalised likelihood of one set of votes: scores, virtual opponents, embedding."""

    def __init__(self, tallies: PairTallies, prior_ties: float) -> None:
        self.tallies, self.n_models = tallies, tallies.n_models
        self.base = fit_bradley_terry(tallies, prior_ties=prior_ties)
        component, voted = self.base.component, np.flatnonzero(self.base.n_votes > 0)
        opponent, self.n_players = virtual_opponents(component, voted)
        self.n_pairs = tallies.n_pairs
        self.first = np.concatenate([tallies.first, voted])
        self.second = np.concatenate([tallies.second, opponent])
        half = np.full(voted.size, prior_ties / 2)
        ties = (tallies.ties + tallies.both_bad) / 2
        self.of_first = np.concatenate([tallies.wins_first + ties, half])
        self.of_second = np.concatenate([tallies.wins_second + ties, half])
        self.averaging = averaging_within(component)
        scores = self.base.scores
        self.base_log_odds = scores[:, None] - scores
        start = np.zeros(self.n_players)
        start[: self.n_models] = scores
        surplus, variance = self._surplus_and_variance(start, np.zeros((self.n_models, 2)))
        self.start, self.surplus = start, surplus
        information = variance[: self.n_pairs]
        pairs = tallies.first, tallies.second
        per_model = totals_of_sides(*pairs, information, information, self.n_models)
        self.noise = math.sqrt(float(per_model.max(initial=0.0)))
        self.variance = variance

    def fitted(self, planes: int, ridge: float) -> FloatArray:
        """Log-odds of the fit from the spectral start, (n_models, n_models)."""
        if math.isinf(ridge):
            return self.base_log_odds
        scores, embedding, _ = self._climb(self._spectral(planes, ridge), ridge)
        odds: FloatArray = scores[: self.n_models, None] - scores[: self.n_models]
        return odds + skew_part(embedding)

    def best(
        self, planes: int, ridge: float, starts: int, rng: np.random.Generator
    ) -> tuple[Fit, FloatArray]:
        """Scores with covariance, and the embedding, of the best of several starts."""
        if math.isinf(ridge) or self.noise == 0:
            return self.base, np.zeros((self.n_models, 2 * planes))
        begin = [self._spectral(planes, ridge)]
        for _ in range(starts - 1):
            begin.append(rng.normal(0, _START_SPREAD, begin[0].shape))
        climbed = [self._climb(embedding, ridge) for embedding in begin]
        players, embedding, iterations = max(
            climbed, key=lambda c: self._objective(c[0], c[1], ridge)
        )
        return self._with_covariance(players, embedding, iterations, ridge)

    def _objective(self, players: FloatArray, embedding: FloatArray, ridge: float) -> float:
        """Penalised log-likelihood."""
        gap = self._gaps(players, embedding)
        loss = self.of_first @ np.logaddexp(0, -gap) + self.of_second @ np.logaddexp(0, gap)
        return -float(loss) - ridge * self.noise * float(np.sum(embedding**2)) / 2

    def _gaps(self, players: FloatArray, embedding: FloatArray) -> FloatArray:
        """Log-odds of each row, (n_rows,); the prior's rows have scores only."""
        gap: FloatArray = players[self.first] - players[self.second]
        first, second = self.first[: self.n_pairs], self.second[: self.n_pairs]
        gap[: self.n_pairs] += skew_part(embedding)[first, second]
        return gap

    def _surplus_and_variance(
        self, players: FloatArray, embedding: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Points less expected points of each row's first, and votes * p (1 - p), (n_rows,)."""
        gap = self._gaps(players, embedding)
        p_first, p_second = expit(gap), expit(-gap)
        surplus = self.of_first * p_second - self.of_second * p_first
        return surplus, (self.of_first + self.of_second) * p_first * p_second

    def _skew_surplus(self, surplus: FloatArray) -> FloatArray:
        """Surplus of each voted pair as a skew-symmetric matrix, (n_models, n_models)."""
        matrix = np.zeros((self.n_models, self.n_models))
        first, second = self.first[: self.n_pairs], self.second[: self.n_pairs]
        matrix[first, second] = surplus[: self.n_pairs]
        matrix[second, first] = -surplus[: self.n_pairs]
        return matrix

    def _spectral(self, planes: int, ridge: float) -> FloatArray:
        """Leading planes of the Bradley-Terry residuals, each as long as its curvature allows."""
        residual = self._centred(self._centred(self._skew_surplus(self.surplus)).T).T
        embedding, sizes = _planes(residual, planes)
        first, second = self.first[: self.n_pairs], self.second[: self.n_pairs]
        for plane in range(planes):
            axes = slice(2 * plane, 2 * plane + 2)
            cyclic = skew_part(embedding[:, axes])[first, second]
            curvature = float(self.variance[: self.n_pairs] @ cyclic**2)
            excess = max(sizes[plane] - ridge * self.noise, 0.05 * sizes[plane])
            embedding[:, axes] *= math.sqrt(excess / curvature) if curvature > 0 else 0.0
        return embedding

    def _centred(self, values: FloatArray) -> FloatArray:
        """Subtract each component's mean, (n_models, ...)."""
        centred: FloatArray = values - self.averaging @ values
        return centred

    def _climb(self, embedding: FloatArray, ridge: float) -> tuple[FloatArray, FloatArray, int]:
        """Maximise by L-BFGS; return (n_players,) scores, centred embedding, and iterations."""
        shape, n_players = embedding.shape, self.n_players

        def loss(flat: FloatArray) -> tuple[float, FloatArray]:
            players, v = flat[:n_players], self._centred(flat[n_players:].reshape(shape))
            surplus, _ = self._surplus_and_variance(players, v)
            gradient = np.bincount(self.first, surplus, n_players)
            gradient = gradient - np.bincount(self.second, surplus, n_players)
            matrix = self._skew_surplus(surplus)
            of_v = np.empty(shape)
            of_v[:, 0::2], of_v[:, 1::2] = matrix @ v[:, 1::2], -matrix @ v[:, 0::2]
            of_v = self._centred(of_v - ridge * self.noise * v)
            return -self._objective(players, v, ridge), -np.concatenate([gradient, of_v.ravel()])

        found = optimize.minimize(
            loss,
            np.concatenate([self.start, embedding.ravel()]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS_MAX, "maxcor": 30, "ftol": 1e-15, "gtol": 1e-6},
        )
        players, v = found.x[:n_players], self._centred(found.x[n_players:].reshape(shape))
        return players, v, int(found.nit)

    def _with_covariance(
        self, players: FloatArray, embedding: FloatArray, iterations: int, ridge: float
    ) -> tuple[Fit, FloatArray]:
        """Sandwich of scores beside the embedding; raise where the gradient is not near zero."""
        n = self.n_models
        surplus, variance = self._surplus_and_variance(players, embedding)
        design = self._design(embedding)  # (n_rows, n_players + embedding.size)
        fixed = np.eye(self.n_players + embedding.size)
        fixed[self.n_players :, self.n_players :] -= np.kron(
            self.averaging, np.eye(embedding.shape[1])
        )
        information = fixed @ (design.T @ (variance[:, None] * design.toarray())) @ fixed
        information[np.diag_indices_from(information)] += np.where(
            np.arange(len(information)) < self.n_players, 0.0, ridge * self.noise
        )
        information = anchored(information, self.averaging, n)
        gradient = fixed @ (design.T @ surplus)
        gradient[self.n_players :] -= ridge * self.noise * embedding.ravel()
        bread = linalg.inv(information)
        residual = math.sqrt(max(float(gradient @ bread @ gradient), 0.0))
        if not residual <= _TOLERANCE:
            raise DidNotConverge(iterations, residual)
        centring = np.zeros((n, len(information)))
        centring[:, :n] = np.eye(n) - self.averaging
        bread = centring @ bread @ fixed
        pairs = design[: self.n_pairs]
        meat = pairs.T @ (self._squares(players, embedding)[:, None] * pairs.toarray())
        fit = replace(
            self.base,
            scores=self._centred(players[:n]),
            joint_covariance=as_covariance(bread @ meat @ bread.T),
            joint_fisher_covariance=as_covariance(bread[:, :n] @ centring[:, :n].T),
            log_likelihood=self._log_likelihood(players, embedding),
            iterations=iterations,
            residual=residual,
        )
        canonical, sizes = _planes(skew_part(embedding), embedding.shape[1] // 2)
        return fit, canonical * np.sqrt(np.repeat(sizes, 2))

    def _design(self, embedding: FloatArray) -> sparse.csr_array:
        """Derivative of each row's log-odds by players, then embedding, row by row of models."""
        rows, width = np.arange(self.first.size), embedding.shape[1]
        pairs, first, second = rows[: self.n_pairs], self.first, self.second
        entries = [np.ones(rows.size), -np.ones(rows.size)]
        places = [(rows, first), (rows, second)]
        first, second = first[: self.n_pairs], second[: self.n_pairs]
        turned = np.empty_like(embedding)  # R v: what multiplies the axes of the other model
        turned[:, 0::2], turned[:, 1::2] = embedding[:, 1::2], -embedding[:, 0::2]
        for axis in range(width):
            entries += [turned[second, axis], -turned[first, axis]]
            places += [(pairs, self.n_players + side * width + axis) for side in (first, second)]
        row, column = (np.concatenate([place[side] for place in places]) for side in (0, 1))
        shape = (rows.size, self.n_players + embedding.size)
        return sparse.coo_array((np.concatenate(entries), (row, column)), shape).tocsr()

    def _squares(self, players: FloatArray, embedding: FloatArray) -> FloatArray:
        """Sum of squared residuals of each pair's votes, (n_pairs,)."""
        gap = self._gaps(players, embedding)[: self.n_pairs]
        rows = np.arange(self.n_pairs)
        both = np.concatenate([gap, np.zeros(self.n_pairs)])
        residuals = cell_residuals(both, rows, rows + self.n_pairs)
        squares: FloatArray = np.sum(cell_counts(self.tallies, "tie") * residuals**2, axis=1)
        return squares

    def _log_likelihood(self, players: FloatArray, embedding: FloatArray) -> float:
        """Log-likelihood of the votes, without prior and ridge."""
        gap = self._gaps(players, embedding)[: self.n_pairs]
        loss = self.of_first[: self.n_pairs] @ np.logaddexp(0, -gap)
        return -float(loss + self.of_second[: self.n_pairs] @ np.logaddexp(0, gap))


def _planes(skew: FloatArray, planes: int) -> tuple[FloatArray, FloatArray]:
    """Leading planes of a skew-symmetric matrix, orthonormal axes (n, 2 * planes), and their sizes.

    For an eigenvector a + ib of i times the matrix with value m > 0, the matrix is m (x y^T - y
    x^T) on the plane of x = sqrt(2) b, y = sqrt(2) a.
    """
    values, vectors = np.linalg.eigh(1j * skew)
    axes, sizes = np.zeros((len(skew), 2 * planes)), np.zeros(planes)
    for plane in range(min(planes, len(skew) // 2)):
        vector = vectors[:, -1 - plane]
        furthest = vector[np.argmax(np.round(np.abs(vector), 9))]
        vector = vector * np.exp(-1j * np.angle(furthest)) * 1j  # turned to x > 0, y = 0 there
        axes[:, 2 * plane], axes[:, 2 * plane + 1] = vector.imag, vector.real
        sizes[plane] = max(float(values[-1 - plane]), 0.0)
    return axes * math.sqrt(2), sizes
