"""The new-model boost: newcomers meet more often until they have caught up."""

from __future__ import annotations

import numpy as np

from arena.battles.sampling.pairs import PairProbabilities
from arena.battles.sampling.state import BoolArray, FloatArray

# How many times likelier a preferred pair with a newcomer becomes; LMArena's published weight for
# new models (policy of 1 March 2024).
BOOST = 5.0
# Votes from which on nobody is new: a half-width of about 0.11 (natural log), 20 Elo.
NEW_BELOW = 1000
# Share of the median model's votes from which on nobody is new: where all are equally new,
# nobody is.
NEW_BELOW_MEDIAN = 0.5


def boosted(
    probabilities: PairProbabilities, votes: FloatArray | None, boost: float = BOOST
) -> PairProbabilities:
    """Multiply the preference for pairs with a new model by `boost`, once even if both are new.

    Two newcomers gain nothing more from each other: they learn most from models that are known.

    Args:
        probabilities: of a sampler.
        votes: (n_models,) votes of each model; None leaves the probabilities as they are.
        boost: at least 1.
    """
    if not (np.isfinite(boost) and boost >= 1):
        raise ValueError(f"boost is {boost}; use a finite number of at least 1")
    if votes is None:
        return probabilities
    new = is_new(votes)
    return probabilities.reweighted(np.where(new[:, None] | new[None, :], boost, 1.0))


def is_new(votes: FloatArray) -> BoolArray:
    """Tell which models have too few votes yet, (n_models,)."""
    few: BoolArray = votes < min(NEW_BELOW, NEW_BELOW_MEDIAN * float(np.median(votes)))
    return few
