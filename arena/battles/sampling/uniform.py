"""The uniform sampler: every pair is equally likely."""

from __future__ import annotations

import numpy as np

from arena.battles.sampling.state import FloatArray, State

NAME = "uniform"
VERSION = 1


def weights(state: State) -> FloatArray:
    """Weigh every pair alike, (n_models, n_models)."""
    return np.ones((state.n_models, state.n_models))
