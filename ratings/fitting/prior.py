"""The prior that the fits share: virtual ties of each model with one virtual opponent.

Every model of a component with votes has `prior_ties` virtual ties with one virtual opponent of
that component, whose strength is free (Turner et al. 2020, Comput. Statist. 35,
doi:10.1007/s00180-020-00959-3, where npseudo = prior_ties / 2). It keeps a model that never lost
finite, never links two components, and vanishes with prior_ties = 0.
"""

import math

import numpy as np

from ratings.fitting.arrays import IntArray

# Virtual ties per model: enough to hold a model that never lost, worth a tenth of a vote.
PRIOR_TIES = 0.1


def check_prior_ties(prior_ties: float, *, may_be_zero: bool = True) -> None:
    """Raise ValueError for a prior that no fit can honour."""
    is_enough = prior_ties >= 0 if may_be_zero else prior_ties > 0
    if not (math.isfinite(prior_ties) and is_enough):
        least = "of at least 0" if may_be_zero else "above 0"
        raise ValueError(f"prior_ties is {prior_ties}; use a finite number {least}")


def virtual_opponents(component: IntArray, models: IntArray) -> tuple[IntArray, int]:
    """Return the opponent of each of `models` (n,) and the number of players.

    Players are the models, `component` (n_models,), then one opponent for each component that is
    among `models`, by the component's number.
    """
    components, place = np.unique(component[models], return_inverse=True)
    return component.size + place, int(component.size + components.size)
