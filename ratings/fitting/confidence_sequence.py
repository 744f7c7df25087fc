"""Intervals that may be looked at after every vote: for decisions to stop, list or release.

The ordinary 95 % interval promises its level at one number of votes, fixed beforehand. Whoever
looks again and again and acts on the first interval that pleases is wrong far more often. A
confidence sequence covers at all looks at once with its level, and so whenever one stops. This is
the asymptotic one of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024 (Ann. Statist. 52(6),
doi:10.1214/24-AOS2408): Robbins' normal mixture (Robbins 1970, Ann. Math. Statist. 41(5),
doi:10.1214/aoms/1177696786) around an estimate that is nearly a mean, with its standard error.

What it assumes:

- votes are independent given what came before; pairs may be drawn by any rule that looks only at
  the past. With a covariance clustered by voter this holds between voters; a person who comes back
  makes looks more alike, which makes a miss rarer (checked in `manage.py bench coverage`);
- the first look comes after enough votes for the standard error to be right, such as 30 per model;
- `best_at` is chosen before the votes are seen.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray
from ratings.fitting.validation import check_level


def stretch(n_votes: ArrayLike, *, best_at: float, level: float = 0.95) -> FloatArray:
    """Return the half-width of the sequence in standard errors, in the shape of `n_votes`.

    sqrt((1 + 1/v) log((1 + v) / alpha^2)), for v = rho^2 n and alpha = 1 - level
    (Waudby-Smith et al. 2024).

    Args:
        n_votes: votes at the look; of the model, or of the board, but always the same.
        best_at: number of votes, of the same kind, at which the sequence shall be narrowest.
        level: probability that all looks cover.

    Raises:
        ValueError: n_votes or best_at not above 0 or not finite, or a level outside (0, 1).
    """
    check_level(level)
    if not (math.isfinite(best_at) and best_at > 0):
        raise ValueError(f"best_at is {best_at}; use a number of votes above 0")
    votes = np.asarray(n_votes, dtype=np.float64)
    if not (np.isfinite(votes) & (votes > 0)).all():
        raise ValueError("n_votes has a value that is not above 0; look once there are votes")
    alpha = 1 - level
    scaled = mixture_variance(level) * votes / best_at
    half: FloatArray = np.sqrt((1 + 1 / scaled) * (np.log1p(scaled) - 2 * math.log(alpha)))
    return half


def mixture_variance(level: float = 0.95) -> float:
    """Return rho^2 n at which the sequence is narrowest for this level.

    The minimum of `stretch` over v solves v = log(1 + v) - 2 log(alpha), so
    v = -W(-alpha^2 / e) - 1 on the lower branch of Lambert's W; the half-width is then sqrt(1 + v)
    standard errors.
    """
    alpha = 1 - level
    return float(-lambertw(-(alpha**2) / math.e, k=-1).real - 1)


def radius(
    standard_error: ArrayLike, n_votes: ArrayLike, *, best_at: float, level: float = 0.95
) -> FloatArray:
    """Return the half-width of the confidence sequence, in the unit of the standard error.

    Args:
        standard_error: of each score, (n_models,) or one; from the sandwich or clustered by voter.
        n_votes, best_at, level: as in `stretch`.

    Raises:
        ValueError: as `stretch`, or a standard error that is negative or not finite.
    """
    errors = np.asarray(standard_error, dtype=np.float64)
    if not (np.isfinite(errors) & (errors >= 0)).all():
        raise ValueError("standard_error has a value that is negative or not finite")
    half: FloatArray = errors * stretch(n_votes, best_at=best_at, level=level)
    return half
