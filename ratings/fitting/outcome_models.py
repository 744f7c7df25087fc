"""The fit that every model of pairwise outcomes shares: likelihood, prior, sandwich covariance.

A model gives the law of one row (log-probabilities and their derivatives in the row's predictors,
`RowLaw`); this module sums it over the rows, climbs with Newton's method and turns the maximum
into a `Fit`.

Prior: each model of a component with votes has `prior_ties` virtual votes with one virtual
opponent of that component, whose strength is free. They are spread over the outcomes as the
component's own votes are (wins and losses evenly, one more vote spread over all outcomes), so that
they hold a strength without moving the share of ties. With prior_ties = 0 it is the plain maximum
likelihood.

Components share nothing: each has parameters of its own. In `Fit.parameters` those of the
component with most votes have the plain name ("tie"), the others that of their component as well
("tie[3]").

Covariance: the sandwich (Huber 1967; White 1982, doi:10.2307/1912526) with the observed
information, that of the prior included, and one score per vote; the Fisher covariance is the
inverse of that information.
"""

from typing import Protocol

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.newton import check_options, maximise
from ratings.fitting.outcome_design import Players, Predictors, RowMatrix, VotedRows
from ratings.fitting.prior import check_prior_ties
from ratings.fitting.sandwich import (
    anchored,
    averaging_within,
    positive_definite_inverse,
    sandwich,
    symmetric,
)


class RowLaw(Protocol):
    """The law of every row at given predictors, with its derivatives in them."""

    def log_likelihood(self, counts: FloatArray) -> float:
        """Sum counts (n_outcomes, n_rows) * log p; -inf outside the range of a parameter."""

    def gradient(self, counts: FloatArray) -> list[FloatArray]:
        """Derivative of each row's log-likelihood in each predictor, (n_rows,) each."""

    def information(self, counts: FloatArray) -> RowMatrix:
        """Negative second derivatives of each row's log-likelihood in the predictors."""

    def expected_information(self, counts: FloatArray) -> RowMatrix:
        """The expectation of `information` under the law; positive semidefinite."""

    def scores(self) -> list[list[FloatArray]]:
        """Derivative of each outcome's log p in each predictor, by outcome, (n_rows,) each."""


class OutcomeModel(Protocol):
    """A model of what a vote on a pair says.

    Attributes:
        parameters: names of the parameters beside the strengths.
        has_total: whether the law depends on the total of the two strengths.
        is_concave: whether the log-likelihood is concave in all estimates.
    """

    parameters: tuple[str, ...]
    has_total: bool
    is_concave: bool

    def law(self, predictors: Predictors) -> RowLaw:
        """The law of every row."""

    def gauge(self, parameters: FloatArray) -> FloatArray:
        """What a shift of all strengths by one adds to `parameters` (n_slots, n_parameters)."""


class GapModel:
    """What the models share whose law depends on the gap of strengths alone, and is concave."""

    has_total = False
    is_concave = True

    def gauge(self, parameters: FloatArray) -> FloatArray:
        """A shift of all strengths changes no gap, and so no parameter (n_slots, n_parameters)."""
        return np.zeros_like(parameters)


class Likelihood:
    """The log-likelihood of rows under a model, an objective for `maximise`."""

    def __init__(self, model: OutcomeModel, players: Players, averaging: FloatArray) -> None:
        self.model = model
        self.players = players
        self.averaging = averaging  # (n_models, n_models)
        self._last: tuple[FloatArray, RowLaw] | None = None

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood of all rows, the prior's among them."""
        return self.law(estimates).log_likelihood(self.players.counts)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient and anchored information; the expected one where the observed is no use."""
        of_row = self.law(estimates).gradient(self.players.counts)
        gradient = self.players.sum_vector(of_row, has_total=self.model.has_total)
        information = self.anchored_information(estimates)
        if not (self.model.is_concave or _is_positive_definite(information)):
            information = self.anchored_information(estimates, is_expected=True)
        return gradient, information

    def anchored_information(
        self, estimates: FloatArray, *, is_expected: bool = False
    ) -> FloatArray:
        """Information with the sum-zero anchor of each component, (n_estimates, n_estimates)."""
        law = self.law(estimates)
        of_row = (law.expected_information if is_expected else law.information)(self.players.counts)
        information = self._sum(of_row)
        return anchored(information, self.averaging, self.players.n_players)

    def meat(self, estimates: FloatArray) -> FloatArray:
        """Sum of score score^T over votes; votes of a row with one outcome share their score."""
        of_outcomes = list(zip(self.players.counts, self.law(estimates).scores(), strict=True))
        n_predictors = len(of_outcomes[0][1])
        of_row: RowMatrix = {}
        for one in range(n_predictors):
            weighted = [n * score[one] for n, score in of_outcomes]
            for other in range(one, n_predictors):
                products = (
                    w * score[other] for w, (_, score) in zip(weighted, of_outcomes, strict=True)
                )
                of_row[one, other] = sum(products, np.zeros(1))
        return self._sum(of_row)

    def law(self, estimates: FloatArray) -> RowLaw:
        """The law at `estimates`, kept until others are asked for."""
        if self._last is None or self._last[0] is not estimates:
            predictors = self.players.predictors(estimates, len(self.model.parameters))
            self._last = estimates, self.model.law(predictors)
        return self._last[1]

    def _sum(self, of_row: RowMatrix) -> FloatArray:
        n_parameters = len(self.model.parameters)
        return self.players.sum_matrix(of_row, n_parameters, has_total=self.model.has_total)


def fit_rows(
    model: OutcomeModel,
    rows: VotedRows,
    *,
    players: Players,
    start: FloatArray,
    insufficient: BoolArray,
    max_iterations: int,
    tolerance: float,
) -> Fit:
    """Maximise the likelihood of `players` from `start` and return the fit to the votes `rows`.

    Args:
        model: law of a row.
        rows: the votes.
        players: the votes and the prior's rows.
        start: (n_estimates,) strengths and parameters.
        insufficient: (n_models,) models whose votes alone give no finite score.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an option out of range.
    """
    check_options(max_iterations, tolerance)
    averaging = averaging_within(rows.component)
    likelihood = Likelihood(model, players, averaging)
    maximum = maximise(likelihood, start, max_iterations=max_iterations, tolerance=tolerance)
    sum_zero = _Gauge(model, rows, players, maximum.estimates)
    estimates = sum_zero.project(maximum.estimates)
    kept = np.r_[: rows.n_models, players.n_players : estimates.size]  # no virtual opponent
    of_votes = Likelihood(model, rows.without_prior(), averaging)
    bread = positive_definite_inverse(likelihood.anchored_information(estimates))
    fisher = symmetric(sum_zero.project(sum_zero.project(bread).T)[np.ix_(kept, kept)])
    at_votes = estimates[kept]
    return Fit(
        scores=at_votes[: rows.n_models],
        parameters=dict(
            zip(parameter_names(model, rows), at_votes[rows.n_models :].tolist(), strict=True)
        ),
        joint_covariance=sandwich(fisher, of_votes.meat(at_votes)),
        joint_fisher_covariance=fisher,
        component=rows.component,
        n_votes=rows.n_votes,
        insufficient=insufficient,
        log_likelihood=of_votes.log_likelihood(at_votes),
        iterations=maximum.iterations,
        residual=maximum.residual,
    )


def parameter_names(model: OutcomeModel, rows: VotedRows) -> list[str]:
    """Names of the parameters of every component with votes, in the order of the estimates."""
    places = ["", *(f"[{component}]" for component in rows.slots[1:])]
    return [name + place for place in places for name in model.parameters]


def virtual_votes(rows: VotedRows, prior_ties: float) -> FloatArray:
    """Votes of one virtual comparison, of which each model has two, (n_slots, n_outcomes)."""
    totals = rows.totals + 1 / len(rows.counts)
    totals[:, :2] = totals[:, :2].mean(axis=1, keepdims=True)
    shares: FloatArray = totals / totals.sum(axis=1, keepdims=True)
    return prior_ties / 2 * shares


def check_votes(rows: VotedRows, prior_ties: float, parameter: str) -> None:
    """Refuse a prior out of range, and tallies without any vote."""
    check_prior_ties(prior_ties)
    if rows.slots.size == 0:
        raise NotIdentified(parameter, (), "there are no votes", "collect votes first")


class _Gauge:
    """The direction of each component in which nothing changes, and the sum that fixes it."""

    def __init__(
        self, model: OutcomeModel, rows: VotedRows, players: Players, estimates: FloatArray
    ) -> None:
        self.n_models = rows.n_models
        self.component = rows.component
        self.size = np.bincount(rows.component, minlength=1).astype(np.float64)
        # Component whose mean each estimate follows, and by how much.
        of_parameters = model.gauge(players.parameters(estimates, len(model.parameters)))
        virtual = rows.slots[: players.n_players - rows.n_models]
        follows = np.repeat(rows.slots, len(model.parameters))
        self.follows = np.concatenate([rows.component, virtual, follows])
        self.rate = np.concatenate([np.ones(players.n_players), of_parameters.ravel()])

    def project(self, values: FloatArray) -> FloatArray:
        """Shift along the gauge until each component's strengths sum to zero, (n_estimates, ...).

        Along the first axis; applied to both sides of an inverse of the anchored information it
        gives the covariance of the sum-zero estimates.
        """
        columns = values.reshape(len(values), -1)
        sums = np.zeros((self.size.size, columns.shape[1]))
        if self.size.size == 1:
            sums[0] = columns[: self.n_models].sum(axis=0)
        else:
            np.add.at(sums, self.component, columns[: self.n_models])
        means = sums / self.size[:, None]
        shifted: FloatArray = columns - self.rate[:, None] * means[self.follows]
        return shifted.reshape(values.shape)


def _is_positive_definite(matrix: FloatArray) -> bool:
    """Tell whether a Cholesky factor exists."""
    return int(linalg.lapack.dpotrf(matrix, lower=1)[1]) == 0
