"""Bradley-Terry with covariates of the vote and an advantage of the first seat.

Model: the model i in the first seat beats j with probability sigma(s_i - s_j + side + beta . z),
z the contrasts of the vote (first less second), each divided by its root mean square over the votes
(Fahrmeir & Tutz 1994, JASA 89(428), doi:10.1080/01621459.1994.10476890, for covariates of a
comparison; Li, Angelopoulos & Chiang 2024, LMSYS blog, for style). A tie is half a win each, so
this is a quasi-likelihood and its covariance the sandwich (White 1982, doi:10.2307/1912526): one
score per vote, or one per cluster of votes (Liang & Zeger 1986, doi:10.1093/biomet/73.1.13) times
G / (G - 1). The prior is that of `ratings.fitting.bradley_terry`, its virtual ties half in either
seat with contrast 0; coefficients have no prior and are shared by all components.

A pass over the votes costs a few nanoseconds a vote, so passes are saved: Newton starts from the
fit to a sample, and scatters into models once per segment, from sums of w, w z and the residual.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray
from ratings.fitting.comparison_graph import (
    refuse_infinite_scores,
    without_finite_score,
)
from ratings.fitting.covariate_design import Design, QuasiLikelihood, Rows, entering
from ratings.fitting.covariate_kernels import (
    cluster_meat,
    place_rows,
    residual_pass,
    scatter_pass,
)
from ratings.fitting.covariates import VotesByPair
from ratings.fitting.errors import DidNotConverge, NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties
from ratings.fitting.sandwich import sandwich
from ratings.fitting.tallies import BothBad, check_both_bad

# Newton decrements, in standard errors, at which the climb pauses to look whether what is left is
# small: from a sample one or two steps are enough, and a pass over all votes is saved.
_COARSE = (100.0, 1.0)
# Longest last step, natural log, that is taken without a pass to check it, and where votes are few
# and a pass is nothing. Newton leaves about a fifth of its square, 5e-8, and the covariance is off
# by about half of it, relatively.
_STEP_LEFT, _STEP_LEFT_OF_FEW = 5e-4, 1e-8
# Votes from which a sample is fitted first.
_SAMPLE_FROM = 1 << 18
# Information left to a coefficient, or to a sum of them, after the scores and all others have
# taken theirs: below this share it is rounding (single precision squared is 4e-15).
_INFORMATION_MIN = 1e-9
# Standard error, per root mean square of the contrast, from which a coefficient is unknown:
# log-odds of 30 are certainty. Where votes are separated it grows as Newton climbs, without end.
_ERROR_MAX = 30.0


@dataclass(frozen=True, eq=False)
class CovariateFit(Fit):
    """A fit whose parameters are "side" and the covariates, per root mean square of the contrast.

    Attributes:
        scales: root mean square of each covariate's contrast over the votes that entered: a
            parameter divided by its scale is the log-odds per unit of the contrast itself.
    """

    scales: dict[str, float] = field(default_factory=dict)


def fit_with_covariates(
    votes: VotesByPair,
    *,
    side: bool = True,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> CovariateFit:
    """Fit scores, the advantage of the first seat and one coefficient per covariate.

    The covariance is clustered where the votes have clusters. A weighted vote counts as so many
    votes in the estimates and in the Fisher covariance, and as one in the robust covariance, with
    its score times its weight.

    Args:
        votes: votes grouped by pair, with their contrasts.
        side: whether the first seat has a parameter.
        prior_ties: virtual ties of each model with its component's virtual opponent.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NotIdentified: a covariate is 0 in every vote, cannot be told from the scores and the other
            parameters, or explains votes without end; leave it out with `votes.without`.
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range, or clusters of which only one is used.
    """
    check_prior_ties(prior_ties)
    check_both_bad(both_bad)
    check_options(max_iterations, tolerance)
    rows = entering(votes, both_bad)
    scales = np.sqrt(rows.squares / max(float(rows.votes.sum()), 1e-300))
    _refuse_zeros(votes, scales)
    design = Design.of(rows, votes, scales, side=side, prior_ties=prior_ties)
    n_votes = rows.votes_per_model(votes.n_models)
    insufficient = without_finite_score(
        design.component, n_votes, rows.first, rows.second, *rows.points_of_seats()
    )
    if prior_ties == 0:
        refuse_infinite_scores(design.component, n_votes, insufficient)

    objective = QuasiLikelihood(rows, design)
    start = _start(rows, design)
    _refuse_unidentified(objective, start)
    try:
        solution = _climb(objective, start, max_iterations, tolerance)
    except DidNotConverge:
        _refuse_infinite(design, objective.inverse_of_last(0))
        raise
    _refuse_infinite(design, solution.inverse)
    bread = design.centred(solution.inverse)
    meat, n_clusters = _meat(rows, votes, design, solution.estimates)
    robust = sandwich(bread, meat)
    for covariance in (robust, bread):
        covariance[: design.n_models, : design.n_models] *= design.averaging > 0
    scores, parameters = design.reported(solution.estimates)
    return CovariateFit(
        scores=scores,
        parameters=dict(zip(design.names, parameters.tolist(), strict=True)),
        joint_covariance=robust,
        joint_fisher_covariance=bread,
        component=design.component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=solution.log_likelihood,
        iterations=solution.iterations,
        residual=solution.residual,
        n_clusters=n_clusters,
        scales=dict(zip(votes.covariates, scales.tolist(), strict=True)),
    )


@dataclass(frozen=True, eq=False)
class _Solution:
    """The maximum with the inverse of the anchored information there."""

    estimates: FloatArray
    inverse: FloatArray
    log_likelihood: float
    iterations: int
    residual: float


def _climb(
    objective: QuasiLikelihood, start: FloatArray, max_iterations: int, tolerance: float
) -> _Solution:
    """Climb, and take the last step from the pass that was made to check the one before."""
    iterations, estimates = 0, start
    is_large = objective.rows.outcome.size >= _SAMPLE_FROM
    step_left = _STEP_LEFT if is_large else _STEP_LEFT_OF_FEW
    for goal in (*_COARSE, tolerance):
        maximum = maximise(objective, estimates, max_iterations=max_iterations, tolerance=goal)
        iterations, estimates = iterations + maximum.iterations, maximum.estimates
        gradient, _ = objective.derivatives(estimates)
        inverse = objective.inverse_of_last(iterations)
        step = inverse @ gradient
        if np.max(np.abs(step), initial=0.0) <= step_left:
            break
    return _Solution(
        estimates=estimates + step,
        inverse=inverse,
        log_likelihood=objective.of_votes,
        iterations=iterations + 1,
        residual=math.sqrt(max(float(gradient @ step), 0.0)),
    )


def _start(rows: Rows, design: Design) -> FloatArray:
    """Fit a sample where that saves passes over all votes; else zeros."""
    start = np.zeros(design.size)
    if rows.outcome.size < _SAMPLE_FROM:
        return start
    try:
        return maximise(
            QuasiLikelihood(rows.sample(), design), start, max_iterations=10, tolerance=1.0
        ).estimates
    except DidNotConverge:  # the sample lacks what all votes may have
        return start


def _meat(
    rows: Rows, votes: VotesByPair, design: Design, estimates: FloatArray
) -> tuple[FloatArray, int | None]:
    """Sum of score score^T over votes or clusters, (n_models + n_parameters,) squared."""
    offset = design.offsets(estimates, rows.first, rows.second)
    slopes, k = design.slopes(estimates), design.scales.size
    if votes.clusters is None:
        of_segment, of_all = np.zeros((offset.size, 1 + k)), np.zeros(k * (k + 1) // 2)
        scatter_pass(
            rows.columns,
            rows.weights,
            rows.outcome,
            rows.begin,
            rows.end,
            offset,
            slopes,
            of_segment,
            of_all,
        )
        meat = design.matrix(rows.first, rows.second, of_segment, of_all)
        return meat[np.ix_(design.kept, design.kept)], None
    return _clustered_meat(rows, votes, design, offset, slopes)


def _clustered_meat(
    rows: Rows,
    votes: VotesByPair,
    design: Design,
    offset: FloatArray,
    slopes: tuple[float, ...],
) -> tuple[FloatArray, int]:
    """Sum over clusters of the outer product of their scores, times G / (G - 1)."""
    n_rows, n_models = rows.outcome.size, design.n_models
    residuals = np.zeros(n_rows)
    residual_pass(
        rows.columns,
        rows.weights,
        rows.outcome,
        rows.begin,
        rows.end,
        offset,
        slopes,
        residuals,
    )
    assert votes.clusters is not None
    codes = votes.clusters[:n_rows]
    counts = np.bincount(codes)
    starts = np.concatenate([[0], np.cumsum(counts)])
    order = np.empty(n_rows, dtype=np.int32)
    order[place_rows(codes, starts[:-1].copy())] = np.arange(n_rows, dtype=np.int32)
    n_clusters = int(np.count_nonzero(counts))
    if n_clusters < 2:
        raise ValueError(
            f"the votes have {n_clusters} cluster; use at least 2, or votes without clusters"
        )
    n = n_models + 1 + design.scales.size
    meat = np.zeros((n, n))
    lengths = rows.end - rows.begin
    cluster_meat(
        votes.contrasts[:, :n_rows],
        residuals,
        np.repeat(rows.first, lengths),
        np.repeat(rows.second, lengths),
        order,
        starts,
        n_models,
        meat,
    )
    scales = np.concatenate([np.ones(n_models + 1), design.scales])
    meat *= n_clusters / (n_clusters - 1) / scales / scales[:, None]
    kept = np.arange(n)[[c != n_models or design.has_side for c in range(n)]]
    return meat[np.ix_(kept, kept)], n_clusters


def _refuse_zeros(votes: VotesByPair, scales: FloatArray) -> None:
    """Raise for a covariate that is the same for both responses of every vote."""
    zero = [name for name, scale in zip(votes.covariates, scales, strict=True) if scale == 0]
    if zero:
        reason = (
            f"{' and '.join(map(repr, zero))} {'is' if len(zero) == 1 else 'are'} 0 in every vote"
        )
        raise NotIdentified(zero[0], (), reason, _ADVICE)


def _refuse_unidentified(objective: QuasiLikelihood, estimates: FloatArray) -> None:
    """Raise for parameters that scores and other parameters can stand in for.

    What is left of their information is the Schur complement of that of the players.
    """
    names, n = objective.design.names, objective.design.n_players
    if not names:
        return
    information = objective.derivatives(estimates)[1]
    unit = np.sqrt(np.diagonal(information)[n:])
    if not unit.all():
        raise NotIdentified(names[int(np.argmin(unit))], (), "there are no votes", "collect votes")
    try:
        factor = linalg.cho_factor(information[:n, :n])
    except linalg.LinAlgError as error:
        raise DidNotConverge(0, np.inf) from error
    border = information[:n, n:]
    left = information[n:, n:] - border.T @ linalg.cho_solve(factor, border)
    values, vectors = np.linalg.eigh(left / unit / unit[:, None])
    if values[0] < _INFORMATION_MIN:
        direction = np.abs(vectors[:, 0])
        involved = [name for name, share in zip(names, direction, strict=True) if share > 0.1]
        reason = f"the scores and {' and '.join(map(repr, involved))} explain the same votes"
        raise NotIdentified(names[int(np.argmax(direction))], (), reason, _ADVICE)


def _refuse_infinite(design: Design, inverse: FloatArray) -> None:
    """Raise for a parameter that grows without end: its information has vanished."""
    errors = np.sqrt(np.maximum(np.diagonal(inverse)[design.n_players :], 0))
    if errors.size and errors.max() > _ERROR_MAX:
        name = design.names[int(np.argmax(errors))]
        reason = (
            "the votes hold next to no information on it, as where a larger value always explains "
            "them better"
        )
        raise NotIdentified(name, (), reason, "collect more votes or leave it out")


_ADVICE = "leave it out (votes.without([...]), side=False) or collect votes in which it varies"
