"""Votes for the tests of outcome models, and those models written down a second time.

The second version is the plain formula per vote; its derivatives are complex steps, so nothing of
the code under test is used.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy import optimize

from ratings.fitting.fit import Fit
from ratings.fitting.outcome_design import Predictors
from ratings.fitting.outcome_models import OutcomeModel
from ratings.fitting.tallies import Outcome, PairTallies

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
N_MODELS = 5
SWAP = np.array([Outcome.SECOND, Outcome.FIRST, Outcome.TIE, Outcome.BOTH_BAD])
SAME = {"rtol": 1e-6, "atol": 1e-7}
# One vote of each of three kinds between neighbours in a ring: every model is finite.
RING = [
    (i, (i + 1) % N_MODELS, outcome)
    for i in range(N_MODELS)
    for outcome in (Outcome.FIRST, Outcome.SECOND, Outcome.TIE)
]

vote = st.tuples(
    st.integers(0, N_MODELS - 1), st.integers(0, N_MODELS - 1), st.sampled_from(list(Outcome))
).filter(lambda drawn: drawn[0] != drawn[1])
vote_lists = st.lists(vote, min_size=1, max_size=60)

LogP = Callable[[Any, Any, Any], Any]  # gap, total, parameters to (n_outcomes, n_rows)


def davidson_log_p(gap, total, parameters):
    win, loss, tie = np.exp(gap / 2), np.exp(-gap / 2), np.exp(parameters[0]) + 0 * gap
    return np.log(np.array([win, loss, tie]) / (win + loss + tie))


def rao_kupper_log_p(gap, total, parameters):
    win, loss = (1 / (1 + np.exp(parameters[0] - x)) for x in (gap, -gap))
    return np.log(np.array([win, loss, 1 - win - loss]))


def four_outcomes_log_p(gap, total, parameters):
    tie, both_bad, quality = parameters
    odds = [np.exp(gap / 2), np.exp(-gap / 2), np.exp(tie) + 0 * gap]
    odds = np.array([*odds, np.exp(both_bad - quality * total / 2)])
    return np.log(odds / odds.sum(axis=0))


def first_seat_log_p(gap, total, parameters):
    win = 1 / (1 + np.exp(-gap - parameters[0]))
    return np.array([np.log(win), np.log(1 - win), (np.log(win) + np.log(1 - win)) / 2])


def tallied(rows, n_models: int = N_MODELS) -> PairTallies:
    first, second, outcome = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return PairTallies.from_votes(n_models, first, second, outcome)


def three_counts(tallies) -> np.ndarray:
    """Wins, losses and ties, "both bad" among the ties, (3, n_rows)."""
    return np.array([tallies.wins_first, tallies.wins_second, tallies.ties + tallies.both_bad])


def four_counts(tallies) -> np.ndarray:
    return np.array([tallies.wins_first, tallies.wins_second, tallies.ties, tallies.both_bad])


def simulated_counts(log_p: LogP, seed: int, strengths, parameters, n_votes: int):
    """Draw `n_votes` on random ordered pairs; return first, second (n_rows,) and the counts."""
    rng = np.random.default_rng(seed)
    strengths = np.asarray(strengths, dtype=float)
    first, second = np.nonzero(~np.eye(strengths.size, dtype=bool))
    per_row = rng.multinomial(n_votes, np.full(first.size, 1 / first.size))
    a, b = strengths[first], strengths[second]
    p = np.exp(log_p(a - b, a + b, parameters)).T
    return first, second, rng.multinomial(per_row, p / p.sum(axis=1, keepdims=True)).T


def simulated_tallies(log_p: LogP, seed: int, strengths, parameters, n_votes: int) -> PairTallies:
    first, second, counts = simulated_counts(log_p, seed, strengths, parameters, n_votes)
    columns = [*counts, *([np.zeros(first.size)] * (4 - len(counts)))]
    return PairTallies(len(strengths), first, second, *columns)


class ByHand:
    """The log-likelihood of one component's votes, in a basis of sum-zero strengths."""

    def __init__(self, log_p: LogP, tallies, counts: np.ndarray, n_parameters: int) -> None:
        self.log_p, self.tallies, self.counts = log_p, tallies, counts
        n = tallies.n_models
        zero_sum = np.linalg.qr(np.eye(n) - 1 / n)[0][:, : n - 1]
        self.basis = np.eye(n + n_parameters, n - 1 + n_parameters)
        self.basis[:n, : n - 1], self.basis[n:, n - 1 :] = zero_sum, np.eye(n_parameters)
        self.basis[:n, n - 1 :] = 0

    def row_log_p(self, reduced: np.ndarray) -> np.ndarray:
        n = self.tallies.n_models
        estimates = self.basis @ reduced
        a, b = estimates[self.tallies.first], estimates[self.tallies.second]
        return self.log_p(a - b, a + b, estimates[n:])

    def scores(self, reduced: np.ndarray) -> np.ndarray:
        """Derivative of log p of every outcome of every row, (n_reduced, n_outcomes, n_rows)."""
        step = 1e-30
        at = [self.row_log_p(reduced + 1j * step * unit) for unit in np.eye(reduced.size)]
        return np.array(at).imag / step

    def gradient(self, reduced: np.ndarray) -> np.ndarray:
        return (self.scores(reduced) * self.counts).sum(axis=(1, 2))

    def information(self, reduced: np.ndarray) -> np.ndarray:
        step = 1e-5
        units = step * np.eye(reduced.size)
        rise = [self.gradient(reduced + unit) - self.gradient(reduced - unit) for unit in units]
        return -np.array(rise) / (2 * step)

    def optimum(self, start: np.ndarray) -> np.ndarray:
        """All estimates at the maximum that scipy finds from `start` (n_estimates,)."""
        found = optimize.minimize(
            self._loss,
            start @ self.basis,
            jac=lambda x: -self.gradient(x),
            method="BFGS",
        )
        root = optimize.root(self.gradient, found.x, tol=1e-13)
        return self.basis @ root.x

    def _loss(self, reduced: np.ndarray) -> float:
        with np.errstate(invalid="ignore"):  # a step may leave the range of a threshold
            loss = -(self.row_log_p(reduced) * self.counts).sum()
        return loss if np.isfinite(loss) else np.inf

    def covariances(self, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sandwich, as an explicit sum over votes, and inverse information, of all estimates."""
        reduced = estimates @ self.basis
        bread = np.linalg.inv(self.information(reduced))
        meat = np.zeros_like(bread)
        scores = self.scores(reduced)
        for outcome, row in np.argwhere(self.counts):
            for _ in range(int(self.counts[outcome, row])):
                meat += np.outer(scores[:, outcome, row], scores[:, outcome, row])
        sandwich = self.basis @ bread @ meat @ bread @ self.basis.T
        return sandwich, self.basis @ bread @ self.basis.T


def estimates_of(fit: Fit) -> np.ndarray:
    return np.array([*fit.scores, *fit.parameters.values()])


def assert_fit_is_the_one_by_hand(fit: Fit, by_hand: ByHand, start: np.ndarray) -> None:
    """The estimates are scipy's optimum; both covariances are those summed vote by vote."""
    estimates = estimates_of(fit)
    np.testing.assert_allclose(estimates, by_hand.optimum(start), rtol=0, atol=1e-7)
    sandwich, fisher = by_hand.covariances(estimates)
    np.testing.assert_allclose(fit.joint_covariance, sandwich, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.joint_fisher_covariance, fisher, rtol=1e-6, atol=1e-9)
    log_p = by_hand.row_log_p(estimates @ by_hand.basis)
    assert np.isclose(fit.log_likelihood, (by_hand.counts * log_p).sum(), rtol=1e-12)


def assert_derivatives_are_those_of_the_formula(
    model: OutcomeModel, log_p: LogP, gap, total, parameters, counts
) -> None:
    """Compare the law of one row with complex steps and differences of the plain formula."""
    values = np.array([gap, total, *parameters] if model.has_total else [gap, *parameters])

    def row(x: np.ndarray) -> np.ndarray:
        both = (x[0], x[1], x[2:]) if model.has_total else (x[0], 0 * x[0], x[1:])
        return log_p(*both)

    def scores(x: np.ndarray) -> np.ndarray:
        return np.array([row(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(x.size)]).T

    counts = np.array(counts, dtype=float)
    steps = 1e-5 * np.eye(values.size)
    curvature = (
        -np.array([counts @ (scores(values + h) - scores(values - h)) for h in steps]) / 2e-5
    )
    one = [np.array([float(x)]) for x in (gap, total)]
    law = model.law(Predictors(*one, tuple(np.array([float(x)]) for x in parameters)))
    np.testing.assert_allclose(law.log_likelihood(counts[:, None]), counts @ row(values), rtol=1e-9)
    found = np.array([[float(np.ravel(s)[0]) for s in of] for of in law.scores()])
    np.testing.assert_allclose(found, scores(values), rtol=1e-7, atol=1e-9)
    gradient = [float(np.ravel(s)[0]) for s in law.gradient(counts[:, None])]
    np.testing.assert_allclose(gradient, counts @ scores(values), rtol=1e-6, atol=1e-6)
    for (i, j), entry in law.information(counts[:, None]).items():
        np.testing.assert_allclose(float(np.ravel(entry)[0]), curvature[i, j], rtol=1e-5, atol=1e-5)
    p = np.exp(row(values))
    expected = counts.sum() * (scores(values).T * p) @ scores(values)
    for (i, j), entry in law.expected_information(counts[:, None]).items():
        np.testing.assert_allclose(float(np.ravel(entry)[0]), expected[i, j], rtol=1e-6, atol=1e-6)


def assert_renaming_only_renames(fit_tallies: Callable[..., Fit], rows, names) -> None:
    fit = fit_tallies(tallied(rows))
    renamed = fit_tallies(tallied([(names[i], names[j], o) for i, j, o in rows]))
    place = np.array(names)
    np.testing.assert_allclose(renamed.scores[place], fit.scores, **SAME)
    np.testing.assert_allclose(renamed.covariance[np.ix_(place, place)], fit.covariance, **SAME)
    np.testing.assert_array_equal(renamed.insufficient[place], fit.insufficient)
    np.testing.assert_allclose(renamed.log_likelihood, fit.log_likelihood, rtol=1e-9)


def assert_same_fit(one: Fit, other: Fit) -> None:
    np.testing.assert_allclose(estimates_of(one), estimates_of(other), **SAME)
    np.testing.assert_allclose(one.joint_covariance, other.joint_covariance, **SAME)
    np.testing.assert_allclose(one.joint_fisher_covariance, other.joint_fisher_covariance, **SAME)
    assert list(one.parameters) == list(other.parameters)


def is_separable(tallies, statistics: Callable[[int, int, int], np.ndarray]) -> bool:
    """Ask a linear program whether some direction never lowers any vote's likelihood.

    `statistics(first, second, outcome)` are an outcome's sufficient ones, (n_estimates,).
    """
    better = []
    for row, (first, second) in enumerate(zip(tallies.first, tallies.second, strict=True)):
        for outcome, count in enumerate(three_counts(tallies)[:, row]):
            if count:
                seen = statistics(first, second, outcome)
                others = (statistics(first, second, k) for k in range(3) if k != outcome)
                better += [seen - other for other in others]
    better = np.array(better)
    program = optimize.linprog(
        -better.sum(axis=0), A_ub=-better, b_ub=0 * better[:, 0], bounds=(-1, 1)
    )
    return bool(-program.fun > 1e-7)


def statistics_with_ties(component, first: int, second: int, outcome: int) -> np.ndarray:
    """Statistics of strengths and of the tie parameter of each component."""
    found = np.zeros(2 * N_MODELS)
    if outcome == 2:
        found[N_MODELS + component[first]] = 1
    else:
        found[[first, second]] = np.array([0.5, -0.5]) * (1 - 2 * outcome)
    return found
