"""The rank-focused sampler: settle the pairs whose order is in doubt.

The weight of a pair is P(its order is wrong) * h (1 - h): the chance that the better-rated model
is in truth the worse one, Phi(-|difference| / its standard error), times the information of a
vote. It separates neighbours soonest and leaves the intervals of isolated models wide.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr  # type: ignore[import-untyped]

from arena.battles.sampling.state import FloatArray, State, information

NAME = "rank_focused"
VERSION = 1


def weights(state: State) -> FloatArray:
    """Weigh pairs by doubt times information, (n_models, n_models)."""
    scores, covariance = state.estimates()
    variances = covariance.diagonal() / 2  # halved, that the sum cannot overflow
    of_difference = np.maximum(variances[:, None] + variances[None, :] - covariance, 0.0)
    gap = np.abs(scores[:, None] - scores[None, :])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p_wrong = ndtr(-gap / np.sqrt(2.0) / np.sqrt(of_difference))
    # Equal scores known exactly, or two groups that never met: nothing is known of the order.
    p_wrong = np.where((gap == 0) | ~state.same_component(), 0.5, p_wrong)
    weight: FloatArray = p_wrong * information(scores)
    return weight
