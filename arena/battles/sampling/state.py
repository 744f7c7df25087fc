"""What a sampler may know about the models when it weighs their pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from arena.battles.sampling.errors import BadState

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Votes of a model below which the robust variance, learnt from these votes alone, may be absurdly
# small; it is then at least that of as many fair coins (the same 30 as on the boards).
FEW_VOTES = 30
# Variance of a score after one vote between equals, natural log squared: 1 / (h (1 - h)), h = 1/2.
VARIANCE_OF_ONE_VOTE = 4.0
# Least information of a vote, so that no pair has none; h (1 - h) at a gap of 14 (natural log).
INFORMATION_MIN = 1e-6


@dataclass(frozen=True, eq=False)
class State:
    """Models as the newest fit saw them; everything but their number may be absent.

    A model is unknown when nothing gives it a variance: no votes, a variance that is 0 or
    infinite, or no such array at all. Arrays are copied to float64 and made read-only.

    Attributes:
        n_models: number of models.
        scores: (n_models,) log-strengths, natural log.
        covariance: (n_models, n_models) of the scores.
        standard_errors: (n_models,) of the scores; they replace the covariance's diagonal, and
            infinity says that the votes give the model no finite score.
        votes: (n_models,) votes of each model.
        component: (n_models,) group of models linked by votes; scores of two groups do not
            compare, and a number below 0 is a group of its own.

    Raises:
        BadState: wrong shapes, nan, a negative variance or number of votes.
    """

    n_models: int
    scores: FloatArray | None = None
    covariance: FloatArray | None = None
    standard_errors: FloatArray | None = None
    votes: FloatArray | None = None
    component: IntArray | None = None

    def __post_init__(self) -> None:
        """Validate what is given."""
        n = self.n_models
        if n < 0:
            raise BadState(f"n_models is {n}; it cannot be negative")
        for name, axes in _AXES.items():
            values = getattr(self, name)
            if values is not None:
                array = _checked(name, values, (n,) * axes)
                array.setflags(write=False)
                object.__setattr__(self, name, array)

    @property
    def variances(self) -> FloatArray:
        """Variance of each score, (n_models,): infinite where it is unknown."""
        variances = self._given_variances()
        if self.votes is not None:
            careful = np.maximum(variances, _variances_of_coins(self.votes))
            variances = np.where(self.votes < FEW_VOTES, careful, variances)
        variances[variances == 0] = np.inf
        return variances

    @property
    def is_known(self) -> BoolArray:
        """Which models have a variance, (n_models,)."""
        return np.isfinite(self.variances)

    def estimates(self) -> tuple[FloatArray, FloatArray]:
        """Return scores (n_models,) and covariance (n_models, n_models) without gaps.

        An unknown model has score 0 and the widest known variance: it matters as much as the
        worst-known one, and no more (`new_models` gives it more).
        """
        variances, is_known = self.variances, self.is_known
        widest = variances[is_known].max(initial=0.0) or VARIANCE_OF_ONE_VOTE
        n = self.n_models
        scores = np.zeros(n) if self.scores is None else self.scores
        covariance = np.zeros((n, n)) if self.covariance is None else self.covariance
        covariance = np.where(is_known[:, None] & is_known[None, :], covariance, 0.0)
        np.fill_diagonal(covariance, np.where(is_known, variances, widest))
        return np.where(is_known, scores, 0.0), covariance

    def same_component(self) -> BoolArray:
        """Which pairs of models are linked by votes, (n_models, n_models)."""
        if self.component is None:
            return np.ones((self.n_models, self.n_models), dtype=np.bool_)
        linked: BoolArray = self.component[:, None] == self.component[None, :]
        linked &= (self.component >= 0)[:, None]
        np.fill_diagonal(linked, True)
        return linked

    def take(self, indices: Sequence[int | None]) -> State:
        """Return the state of these models, in this order; None is a model it does not know."""
        rows = np.array([-1 if index is None else index for index in indices], dtype=np.int64)
        if rows.size and (rows.max() >= self.n_models or rows.min() < -1):
            raise BadState(f"the state has {self.n_models} models; an index is out of range")

        def take(values: NDArray[Any] | None, of_unknown: float) -> NDArray[Any] | None:
            return None if values is None else _taken(values, rows, of_unknown)

        return State(
            int(rows.size),
            scores=take(self.scores, 0.0),
            covariance=None if self.covariance is None else _taken_square(self.covariance, rows),
            standard_errors=take(self.standard_errors, np.inf),
            votes=take(self.votes, 0.0),
            component=take(self.component, -1),
        )

    def _given_variances(self) -> FloatArray:
        """Return a new array of the variances as given, infinite where none is."""
        if self.standard_errors is not None:
            with np.errstate(over="ignore"):
                return np.square(self.standard_errors)
        if self.covariance is not None:
            return self.covariance.diagonal().copy()
        if self.votes is not None:
            return _variances_of_coins(self.votes)
        return np.full(self.n_models, np.inf)


def information(scores: FloatArray) -> FloatArray:
    """Return h (1 - h) of each pair, the information of one vote on it, (n_models, n_models).

    h is the probability that the first wins (Bradley & Terry 1952, doi:10.2307/2334029); the
    diagonal is 0.
    """
    p_first = expit(scores[:, None] - scores[None, :])
    weight: FloatArray = np.maximum(p_first * p_first.T, INFORMATION_MIN)
    np.fill_diagonal(weight, 0.0)
    return weight


# Number of axes, each as long as there are models.
_AXES = {"scores": 1, "covariance": 2, "standard_errors": 1, "votes": 1, "component": 1}
# Rounding allowed between the two halves of a covariance, relative to its largest entry.
_ROUNDING = 1e-6


def _checked(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a copy of this shape without nan; only standard errors may be infinite."""
    kind: type[Any] = np.int64 if name == "component" else np.float64
    array: NDArray[Any] = np.array(values, dtype=kind)
    if array.shape != shape:
        raise BadState(f"{name} has shape {array.shape}; expected {shape}")
    is_sound = ~np.isnan(array) if name == "standard_errors" else np.isfinite(array)
    if not is_sound.all():
        raise BadState(f"{name} has a value that is not a finite number")
    if name in ("standard_errors", "votes") and (array < 0).any():
        raise BadState(f"{name} has a negative value")
    return _checked_covariance(array) if name == "covariance" else array


def _checked_covariance(covariance: FloatArray) -> FloatArray:
    """Return the covariance without the rounding between its halves."""
    if (covariance.diagonal() < 0).any():
        raise BadState("covariance has a negative variance")
    size = np.abs(covariance).max(initial=0.0)
    halves: FloatArray = covariance / 2
    if (np.abs(halves - halves.T) > _ROUNDING * size).any():
        raise BadState("covariance is not symmetric")
    symmetric: FloatArray = halves + halves.T
    return symmetric


def _variances_of_coins(votes: FloatArray) -> FloatArray:
    """Return the variance of a score after so many votes between equals, (n_models,)."""
    with np.errstate(divide="ignore", over="ignore"):
        return VARIANCE_OF_ONE_VOTE / votes


def _taken(values: NDArray[Any], rows: IntArray, of_unknown: float) -> NDArray[Any]:
    """Return the values of these rows, `of_unknown` where a row is below 0."""
    if values.size == 0:
        return np.full(rows.size, of_unknown, dtype=values.dtype)
    taken: NDArray[Any] = np.where(rows < 0, of_unknown, values[rows]).astype(values.dtype)
    return taken


def _taken_square(matrix: FloatArray, rows: IntArray) -> FloatArray:
    """Return these rows and columns, 0 where one is below 0."""
    is_known = (rows >= 0)[:, None] & (rows >= 0)[None, :]
    if matrix.size == 0:
        return np.zeros((rows.size, rows.size))
    return np.where(is_known, matrix[np.ix_(rows, rows)], 0.0)
