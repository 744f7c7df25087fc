"""The samplers by name: floors(boost(preference)), mixed with the uniform draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from arena.battles.sampling import min_max_ci, rank_focused, uniform
from arena.battles.sampling.contexts import floored
from arena.battles.sampling.errors import TooFewModels, UnknownSampler
from arena.battles.sampling.new_models import boosted
from arena.battles.sampling.pairs import UNIFORM_SHARE, FloatArray, PairProbabilities
from arena.battles.sampling.state import State


@dataclass(frozen=True)
class Sampler:
    """A way to weigh pairs; the version changes with anything that changes a probability.

    That includes the constants of the boost and of the floors.
    """

    name: str
    version: int
    weights: Callable[[State], FloatArray]


UNIFORM = Sampler(uniform.NAME, uniform.VERSION, uniform.weights)
SAMPLERS = {
    sampler.name: sampler
    for sampler in (
        UNIFORM,
        Sampler(min_max_ci.NAME, min_max_ci.VERSION, min_max_ci.weights),
        Sampler(rank_focused.NAME, rank_focused.VERSION, rank_focused.weights),
    )
}


@dataclass(frozen=True, eq=False)
class Sampling:
    """What a battle is drawn from: who made the probabilities, and the probabilities."""

    sampler: Sampler
    probabilities: PairProbabilities


def sampling(
    name: str,
    state: State,
    *,
    uniform_share: float = UNIFORM_SHARE,
    battles_in_context: FloatArray | None = None,
) -> Sampling:
    """Return the exact probability of every pair under the named sampler.

    The uniform sampler takes neither boost nor floors. Where nothing is known of any model, and no
    context is given, every sampler is the uniform one, and says so.

    Args:
        name: of a sampler.
        state: what is known of the models.
        uniform_share: share of uniform draws, at least UNIFORM_SHARE.
        battles_in_context: (n_models,) battles of each model in the context of this battle.

    Raises:
        UnknownSampler: no sampler has this name.
        TooFewModels: fewer than two models.
        BadState: what is known cannot be.
        ValueError: a uniform share out of range.
    """
    if name not in SAMPLERS:
        raise UnknownSampler(name, SAMPLERS)
    if state.n_models < 2:
        raise TooFewModels(state.n_models, 2)
    sampler = SAMPLERS[name]
    if sampler is UNIFORM or not (state.is_known.any() or battles_in_context is not None):
        return Sampling(UNIFORM, PairProbabilities.from_weights(uniform.weights(state), 1.0))
    probabilities = PairProbabilities.from_weights(sampler.weights(state), uniform_share)
    probabilities = boosted(probabilities, state.votes)
    if battles_in_context is not None:
        probabilities = floored(probabilities, battles_in_context)
    return Sampling(sampler, probabilities)
