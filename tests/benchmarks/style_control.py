"""Time a style-controlled board with intervals against FastChat's own fit without, in one run.

FastChat is not on the package index; its published method (lm-sys/FastChat at 0e6d3e4,
fastchat/serve/monitor/rating_systems.py, `fit_contextual_bt` with `contextual_bt_loss_and_grad`) is
written again below, step for step: the same features, L-BFGS-B, ridge of 0.5 and at most 100
iterations. Neither time has the preparation of votes in it: FastChat starts from its feature
matrix, ours from votes grouped by pair, and the grouping has a line of its own. Ours is the best of
three runs, two before and one after the single run of FastChat's method; one thread is a fair
setting for both (OMP_NUM_THREADS=1). MB is what the prepared votes hold. The last columns are
the largest distance of a coefficient and of a centred score from exact Newton, natural log.
"""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.covariate_fit import fit_with_covariates
from ratings.fitting.covariates import SIDE, VotesByPair, scaling
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import normal_interval
from ratings.fitting.tallies import Outcome

SIZES = [(20, 10**6), (100, 10**6), (400, 10**6), (20, 10**7), (100, 10**7), (400, 10**7)]
NAMES = ("length", "headers", "lists", "bold")
COEFFICIENTS = np.array([0.25, 0.05, 0.05, 0.03])  # about those that LMSYS published, August 2024
SIDE_ADVANTAGE = 0.05
SPREAD = 0.4  # of the contrasts
REPEATS = 3
SEED = 20260101
LINE = "{:>7} {:>10}  {:<30} {:>9} {:>8} {:>6} {:>13} {:>9}\n"
_DIFFERENCE = np.array([1.0, -1.0])

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """Integer codes (n_votes,) and single-precision contrasts (n_votes, k)."""

    n_models: int
    first: NDArray[np.int16]
    second: NDArray[np.int16]
    outcome: NDArray[np.int8]
    contrasts: NDArray[np.float32]


def simulated_votes(n_models: int, n_votes: int) -> Votes:
    """Draw votes with a popularity that falls as rank^-0.7 and about a quarter of ties."""
    rng = np.random.default_rng(SEED)
    strengths = rng.normal(0, 0.6, n_models)
    popularity = np.arange(1, n_models + 1) ** -0.7
    first = rng.choice(n_models, n_votes, p=popularity / popularity.sum()).astype(np.int16)
    apart = rng.integers(1, n_models, n_votes, dtype=np.int16)
    second = ((first + apart) % n_models).astype(np.int16)
    x = rng.standard_normal((n_votes, len(NAMES)), dtype=np.float32)
    x = np.clip(x * np.float32(SPREAD), -1, 1)
    p = expit(strengths[first] - strengths[second] + SIDE_ADVANTAGE + x @ (COEFFICIENTS / SPREAD))
    p_tie, draw = 0.6 * np.minimum(p, 1 - p), rng.random(n_votes)
    kinds = [draw < p_tie, draw < p_tie + (p - p_tie / 2)]
    outcome = np.select(kinds, [Outcome.TIE, Outcome.FIRST], Outcome.SECOND).astype(np.int8)
    return Votes(n_models, first, second, outcome, x)


def fastchat_loss_and_gradient(
    parameters: FloatArray,
    n_models: int,
    matchups: NDArray[Any],
    features: FloatArray,
    outcomes: FloatArray,
    alpha: float,
    ridge: float,
) -> tuple[float, FloatArray]:
    """Penalised quasi-likelihood with its gradient, as `contextual_bt_loss_and_grad`."""
    ratings = parameters[:n_models][matchups]
    logits = alpha * (ratings[:, 0] - ratings[:, 1]) + features @ parameters[n_models:]
    p = expit(logits)
    loss = -(np.log(p) * outcomes + np.log(1.0 - p) * (1.0 - outcomes)).sum()
    error = outcomes - p
    gradient = ridge * parameters
    of_seats = (-alpha * error)[:, None] * _DIFFERENCE
    np.add.at(gradient[:n_models], matchups[:, [0, 1]], of_seats)
    gradient[n_models:] -= features.T @ error
    return float(loss + ridge / 2 * parameters @ parameters), gradient


def fastchat_fit(
    n_models: int, matchups: NDArray[Any], features: FloatArray, outcomes: FloatArray
) -> FloatArray:
    """Fit scores and coefficients as `fit_contextual_bt`; scores in natural-log units."""
    alpha = math.log(10.0)
    result = minimize(
        fastchat_loss_and_gradient,
        np.zeros(n_models + features.shape[1]),
        args=(n_models, matchups, features, outcomes, alpha, 0.5),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 100, "gtol": 1e-6},
    )
    estimates: FloatArray = result.x
    estimates[:n_models] *= alpha
    return estimates


def fastchat_inputs(votes: Votes) -> tuple[int, NDArray[Any], FloatArray, FloatArray]:
    """Matchups, features and outcomes; a column of ones stands in for its missing side."""
    matchups = np.column_stack([votes.first, votes.second]).astype(np.int64)
    ones = np.ones((len(matchups), 1))
    features = np.hstack([ones, votes.contrasts / scaling(votes.contrasts)])
    outcomes = np.array([1.0, 0.0, 0.5, 0.5])[votes.outcome]
    return votes.n_models, matchups, features, outcomes


def grouped(votes: Votes) -> VotesByPair:
    """Group votes by pair."""
    return VotesByPair.from_votes(
        votes.n_models,
        votes.first,
        votes.second,
        votes.outcome,
        votes.contrasts,
        covariates=NAMES,
    )


def agon_board(votes: VotesByPair) -> Fit:
    """Fit without a prior, with sandwich intervals."""
    fit = fit_with_covariates(votes, prior_ties=0)
    normal_interval(fit.scores, fit.covariance)
    return fit


def exact(votes: VotesByPair, start: Fit) -> FloatArray:
    """Plain Newton in double precision on the same stored contrasts, apart from our kernels."""
    n, k = votes.n_models, len(votes.covariates)
    scales = np.array([start.scales[name] for name in votes.covariates])  # type: ignore[attr-defined]
    estimates = np.concatenate([start.scores, [start.parameters[SIDE]], np.zeros(k)])
    first, second = votes.row_first, votes.row_second
    x = np.vstack([np.ones(votes.n_votes), votes.contrasts / scales[:, None]])  # (1 + k, n_votes)
    points = np.array([1.0, 0.0, 0.5, 0.5])[votes.outcome]
    step = np.ones(1)
    while np.abs(step).max() > 1e-11:
        p = expit(estimates[first] - estimates[second] + estimates[n:] @ x)
        w, residual = p * (1 - p), points - p
        information, gradient = np.zeros((n + 1 + k,) * 2), np.zeros(n + 1 + k)
        gradient[:n] = np.bincount(first, residual, n) - np.bincount(second, residual, n)
        gradient[n:] = x @ residual
        pairs = np.bincount(first.astype(np.int64) * n + second, w, n * n).reshape(n, n)
        information[:n, :n] = np.diag(pairs.sum(0) + pairs.sum(1)) - pairs - pairs.T + w.mean()
        for c in range(1 + k):
            wx = w * x[c]
            information[:n, n + c] = np.bincount(first, wx, n) - np.bincount(second, wx, n)
            information[n + c, :n] = information[:n, n + c]
            information[n + c, n:] = x @ wx
        step = np.linalg.solve(information, gradient)
        estimates = estimates + step
    return estimates


def cpu_s(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of a call, and its result."""
    start_s = time.process_time()
    result = work()
    return time.process_time() - start_s, result


def measure(sizes: list[tuple[int, int]] = SIZES) -> None:
    """Print the table: processor time, ratio to ours, memory, and distance to exact Newton."""
    heads = ("models", "votes", "fit", "CPU ms", "ratio", "MB", "coefficients", "scores")
    sys.stdout.write(LINE.format(*heads))
    agon_board(grouped(simulated_votes(3, 1000)))  # compiles
    for n_models, n_votes in sizes:
        _measure_size(simulated_votes(n_models, n_votes))


def _measure_size(votes: Votes) -> None:
    """Print the rows of one size; the one run of FastChat's method stands between ours."""
    n_models, n_votes = votes.n_models, votes.first.size
    grouping_s, layout = min((cpu_s(lambda: grouped(votes)) for _ in range(2)), key=_time)
    inputs = fastchat_inputs(votes)
    inputs_mb = sum(array.nbytes for array in inputs[1:]) / 1e6
    runs = [cpu_s(lambda: agon_board(layout)) for _ in range(REPEATS - 1)]
    theirs_s, theirs = cpu_s(lambda: fastchat_fit(*inputs))
    runs.append(cpu_s(lambda: agon_board(layout)))
    ours_s, fit = min(runs, key=_time)
    reference = exact(layout, fit)
    ours = np.concatenate([fit.scores, list(fit.parameters.values())])
    layout_mb = layout.n_bytes / 1e6
    rows = [
        ("agon, with intervals", ours_s, layout_mb, _differences(ours, reference, n_models)),
        ("agon, grouping the votes once", grouping_s, layout_mb, ("", "")),
        ("FastChat, no intervals", theirs_s, inputs_mb, _differences(theirs, reference, n_models)),
    ]
    for name, seconds, mb, off in rows:
        cells = (f"{1e3 * seconds:.1f}", f"{seconds / ours_s:.1f}x", f"{mb:.0f}", *off)
        sys.stdout.write(LINE.format(n_models, n_votes, name, *cells))
    sys.stdout.flush()


def _time(run: tuple[float, Any]) -> float:
    """Sort runs by processor time."""
    return run[0]


def _differences(estimates: FloatArray, reference: FloatArray, n_models: int) -> tuple[str, str]:
    """Largest difference of a coefficient and of a centred score, natural log."""
    of_scores = estimates[:n_models] - reference[:n_models]
    of_scores -= of_scores.mean()
    of_coefficients = estimates[n_models:] - reference[n_models:]
    return f"{np.abs(of_coefficients).max():.1e}", f"{np.abs(of_scores).max():.1e}"


if __name__ == "__main__":
    measure()
