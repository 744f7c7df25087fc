"""Newton's method with the safeguards that every fit needs: it returns a maximum or raises."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray
from ratings.fitting.errors import DidNotConverge

# Newton takes 5 to 8 steps on votes, and about one more per factor e of an extreme win ratio.
MAX_ITERATIONS = 100
# Newton decrement at which a fit stops, in standard errors. Newton squares the error at each step,
# so the estimates returned are then exact to rounding.
TOLERANCE = 1e-6
# Longest Newton step, natural log: odds of 3000 to 1. Where the votes have all been explained, the
# information is so small that a step could leave the range of floating point.
_STEP_MAX = 8.0
# Newton decrement, in standard errors, below which a whole step is right: what it can gain is then
# less than the rounding of a log-likelihood over millions of votes, which would refuse it.
_SURE = 1e-3
# Halvings of a step before it counts as rounding: 2^-30 of a step is below any printed digit.
_HALVINGS_MAX = 30
# Relative rounding allowed when two log-likelihoods (sums over all votes) are compared.
_ROUNDING = 1e-13


class Objective(Protocol):
    """A log-likelihood to maximise, concave or made so by its information matrix."""

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood, with any prior, at `estimates` (n,)."""

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (n,) and information (n, n), positive definite: anchored where it is not.

        Only the lower triangle of the information is read, and its memory may be overwritten.
        """


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the log-likelihood is largest, and how well that is known.

    Attributes:
        estimates: (n,) the maximum.
        iterations: Newton steps done.
        residual: Newton decrement before the last step: no estimate was further from the maximum
            than about this many of its Fisher standard errors.
    """

    estimates: FloatArray
    iterations: int
    residual: float


def maximise(
    objective: Objective,
    start: FloatArray,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Maximum:
    """Climb from `start` (n,) until the Newton decrement is at most `tolerance`.

    The decrement sqrt(gradient . step) bounds each entry of the step in standard errors
    (Boyd & Vandenberghe 2004, Convex Optimization, section 9.5.1).

    Raises:
        DidNotConverge: max_iterations steps were not enough, or the information is singular.
        ValueError: an option out of range.
    """
    check_options(max_iterations, tolerance)
    if not start.size:
        return Maximum(start, iterations=0, residual=0.0)
    estimates, decrement = start, math.inf
    log_likelihood = objective.log_likelihood(estimates)
    for iteration in range(1, max_iterations + 1):
        gradient, information = objective.derivatives(estimates)
        factor, failure = linalg.lapack.dpotrf(information, lower=1, overwrite_a=1)
        if failure:
            raise DidNotConverge(iteration, decrement)
        step: FloatArray = linalg.lapack.dpotrs(factor, gradient, lower=1)[0]
        if not np.isfinite(step).all():
            raise DidNotConverge(iteration, decrement)
        decrement = math.sqrt(max(float(gradient @ step), 0.0))
        if decrement <= _SURE:
            estimates = estimates + step
        else:
            estimates, log_likelihood = _climb(objective, estimates, step, log_likelihood)
        if decrement <= tolerance:
            return Maximum(estimates, iteration, decrement)
    raise DidNotConverge(max_iterations, decrement)


def _climb(
    objective: Objective, estimates: FloatArray, step: FloatArray, log_likelihood: float
) -> tuple[FloatArray, float]:
    """Take the step, cut and halved until the log-likelihood does not fall."""
    floor = log_likelihood - _ROUNDING * abs(log_likelihood)
    step = step * min(1.0, _STEP_MAX / max(float(np.max(np.abs(step), initial=0.0)), _STEP_MAX))
    for halvings in range(_HALVINGS_MAX):
        reached = estimates + step / 2**halvings
        log_likelihood = objective.log_likelihood(reached)
        if log_likelihood >= floor:
            break
    return reached, log_likelihood


def check_options(max_iterations: int, tolerance: float) -> None:
    """Raise ValueError for options that no fit can honour."""
    if max_iterations < 1:
        raise ValueError(f"max_iterations is {max_iterations}; use at least 1")
    if not (math.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"tolerance is {tolerance}; use a finite number above 0")
