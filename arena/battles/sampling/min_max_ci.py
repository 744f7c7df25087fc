"""The min-max-CI sampler: narrow the widest interval of the board.

One more vote on the pair (i, j) lowers the variance of model m's score by

    w_ij (C_mi - C_mj)^2 / (1 + w_ij R_ij),    w_ij = h (1 - h),

where C is the covariance and R_ij the variance of the pair's difference: the update of an inverse
by a matrix of rank one (Sherman & Morrison 1950, doi:10.1214/aoms/1177729893) applied to the
Bradley-Terry information. The denominator is 1 after some votes and is left out.

The weight of a pair is its share in that fall, summed over focal models m. A model is focal in
proportion to variance^POWER, so that the widest intervals count and the others do not: the
gradient of a power mean of variances, which tends to their maximum (the minimax counterpart of
the D- and A-optimal designs in Fedorov 1972, Theory of Optimal Experiments, chapter 2).

Where only standard errors are known C is diagonal, and the rule reads: draw a model by
variance^POWER, then its opponent in proportion to information.
"""

from __future__ import annotations

import numpy as np

from arena.battles.sampling.state import FloatArray, State, information

NAME = "min_max_ci"
VERSION = 1

# Simulated with 50 models (`manage.py bench sampling`): 10, 30 and 60 need 0.80, 0.78 and 0.76 of
# the uniform's 20,000 votes for the same widest interval; 60 is behind in the first 5,000.
POWER = 30
# Largest share of preferred battles made for one model, where there are enough models: a newcomer
# would otherwise be in every battle until its interval is as narrow as the others.
FOCAL_SHARE_MAX = 0.25
# In an arena of a few models, how many times the uniform's 1 / n that share may be instead.
FOCAL_TIMES_MAX = 3
# Fall of a variance, relative to its row of the covariance, below which the row says nothing.
_FALL_MIN = 1e-9


def weights(state: State) -> FloatArray:
    """Weigh pairs by how much a vote on them lowers the widest variances, (n_models, n_models)."""
    scores, covariance = state.estimates()
    of_vote = information(scores)
    rows = covariance / np.abs(covariance).max(axis=1, keepdims=True)  # the scale cancels below
    fall = _total_fall(rows, of_vote)
    # A row that no pair changes is no covariance; the model's own pairs then count for it.
    is_flat = fall < _FALL_MIN
    rows = np.where(is_flat[:, None], np.eye(state.n_models), rows)
    fall = np.where(is_flat, _total_fall(np.eye(state.n_models), of_vote), fall)
    share = focal_shares(covariance.diagonal()) / fall  # (n_models,)
    # Sum over m of share_m (row_mi - row_mj)^2, expanded so that it is one matrix product.
    of_model = share @ rows**2
    squares = of_model[:, None] + of_model[None, :] - 2 * rows.T @ (share[:, None] * rows)
    weight: FloatArray = of_vote * np.maximum(squares + squares.T, 0.0)
    return weight


def focal_shares(variances: FloatArray) -> FloatArray:
    """Return how often each model is the focal one, (n_models,): variance^POWER, capped; sum 1."""
    share: FloatArray = (variances / variances.max()) ** POWER
    share /= share.sum()
    cap = max(FOCAL_SHARE_MAX, FOCAL_TIMES_MAX / variances.size)
    is_capped = np.zeros(variances.size, dtype=np.bool_)
    while (exceeds := (share > cap) & ~is_capped).any():
        is_capped |= exceeds
        share[is_capped] = cap
        # The smallest normal number stands in for shares that are 0 to floating point.
        share[~is_capped] = np.maximum(share[~is_capped], np.finfo(np.float64).tiny)
        share[~is_capped] /= share[~is_capped].sum()
        share[~is_capped] *= 1 - cap * is_capped.sum()
    return share


def _total_fall(rows: FloatArray, of_vote: FloatArray) -> FloatArray:
    """Return the sum over ordered pairs of w_ij (row_mi - row_mj)^2 for each row m, (n_models,)."""
    laplacian = np.diag(of_vote.sum(axis=1)) - of_vote
    fall: FloatArray = 2 * np.einsum("mi,mi->m", rows @ laplacian, rows)
    return fall
