"""Floors per context: in each language or category every model gets its minimum of battles."""

from __future__ import annotations

import numpy as np

from arena.battles.sampling.errors import BadState
from arena.battles.sampling.pairs import PairProbabilities
from arena.battles.sampling.state import BoolArray, FloatArray

# Least share of a model in a context's battles, relative to the share under uniform draws.
FLOOR = 0.5


def floored(
    probabilities: PairProbabilities, battles: FloatArray, floor: float = FLOOR
) -> PairProbabilities:
    """Draw a model that is below its floor in this context as often as the uniform would.

    With b models below, uniform pairs that contain one of them, each focal alike, replace the
    smallest share of the preference that brings each of them to the uniform rate 2 / n.

    Args:
        probabilities: of a sampler.
        battles: (n_models,) battles of each model in this context so far.
        floor: least share of a model, relative to the uniform one, in [0, 1).

    Raises:
        BadState: numbers of battles that are none.
        ValueError: a floor out of range.
    """
    if battles.shape != (probabilities.n_models,):
        raise BadState(f"battles has shape {battles.shape}; expected ({probabilities.n_models},)")
    if not (np.isfinite(battles) & (battles >= 0)).all():
        raise BadState("battles has a value that is negative or not finite")
    below = is_below(battles, floor)
    if not below.any():
        return probabilities
    focal = np.where(below, 1.0, 0.0)
    refill = probabilities.from_weights(focal[:, None] + focal[None, :])
    preferred, refilled = (p.preferred_of_models[below] for p in (probabilities, refill))
    rate = 2 / probabilities.n_models
    # `refilled` is at least 2 / n and equals it only where all models are below.
    lacks = preferred < rate
    share = np.max((rate - preferred[lacks]) / (refilled[lacks] - preferred[lacks]), initial=0.0)
    return probabilities.mixed_with(focal[:, None] + focal[None, :], float(share))


def is_below(battles: FloatArray, floor: float = FLOOR) -> BoolArray:
    """Tell which models have had less than `floor` of the mean number of battles, (n_models,)."""
    if not 0 <= floor < 1:
        raise ValueError(f"floor is {floor}; use a share from 0 to below 1")
    below: BoolArray = battles < floor * battles.mean()
    return below
