"""Agreement of two raters beyond chance: Cohen's kappa with its standard error.

kappa = (p_o - p_e) / (1 - p_e), where p_o is the share of items that both raters put into the same
category and p_e the share that two raters with their habits would by chance (Cohen 1960, Educ.
Psychol. Meas. 20(1), doi:10.1177/001316446002000104). Categories are nominal: a tie is as far from
a win as a win is from a loss. The standard error is the large-sample one for any kappa (Fleiss,
Cohen & Everitt 1969, Psychol. Bull. 72(5), doi:10.1037/h0028106), which replaces Cohen's own: that
one takes p_e as known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray


class KappaNotDefined(ValueError):
    """The ratings leave nothing that could agree or disagree beyond chance."""


@dataclass(frozen=True)
class Agreement:
    """How far two raters agree on the items that both rated.

    Attributes:
        kappa: 1 is full agreement, 0 what chance gives, below 0 less than that.
        standard_error: large-sample standard error of kappa, for items that are independent. At
            full agreement it is 0, which is no evidence that the next item agrees.
        observed: share of items on which they agree, 0 to 1.
        expected: share on which they would agree by chance, 0 to 1.
        n_items: items that both rated.
    """

    kappa: float
    standard_error: float
    observed: float
    expected: float
    n_items: int


def cohens_kappa(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Measure how two raters agree on nominal outcomes, beyond chance.

    Args:
        first, second: (n_items,) integer codes of what each rater said of the same items, such as
            those of `Outcome`; which integers, and their order, does not matter.

    Raises:
        KappaNotDefined: no item, or both raters gave one and the same code to every item.
        ValueError: unequal lengths or no integers.
    """
    codes_first, codes_second = _codes("first", first), _codes("second", second)
    if codes_first.shape != codes_second.shape:
        raise ValueError(
            f"first has {codes_first.size} ratings and second {codes_second.size}; "
            "give those of the items that both rated"
        )
    if not codes_first.size:
        raise KappaNotDefined("there is no item that both rated; kappa needs some")
    shares = _shares(codes_first, codes_second)
    of_first, of_second = shares.sum(axis=1), shares.sum(axis=0)
    if of_first.size == 1:
        raise KappaNotDefined(
            f"both raters gave code {codes_first[0]} to every item, so that chance alone explains "
            "their agreement; use items on which at least one of them varies"
        )
    observed, expected = float(np.trace(shares)), float(of_first @ of_second)
    kappa = (observed - expected) / (1 - expected)
    return Agreement(
        kappa=kappa,
        standard_error=_standard_error(shares, kappa, expected, codes_first.size),
        observed=observed,
        expected=expected,
        n_items=codes_first.size,
    )


def _shares(first: NDArray[Any], second: NDArray[Any]) -> FloatArray:
    """Share of items of each pair of codes, (n_codes, n_codes), first rater in the rows."""
    known, code = np.unique(np.concatenate([first, second]), return_inverse=True)
    cell = code[: first.size] * known.size + code[first.size :]
    counts = np.bincount(cell, minlength=known.size**2)
    shares: FloatArray = counts.reshape(known.size, known.size) / first.size
    return shares


def _standard_error(shares: FloatArray, kappa: float, expected: float, n_items: int) -> float:
    """Standard error by Fleiss, Cohen & Everitt 1969, as the spread of each item's influence.

    An item in cell (i, j) moves (1 - p_e) kappa by [i = j] - (1 - kappa) (p_.i + p_j.) less its
    mean; rounding cannot make the mean square of that negative, as it can the expanded equation.
    """
    of_first, of_second = shares.sum(axis=1), shares.sum(axis=0)
    influence = np.eye(len(shares)) - (1 - kappa) * (of_second[:, None] + of_first[None, :])
    influence -= np.sum(shares * influence)
    return float(np.sqrt(np.sum(shares * influence**2) / n_items) / (1 - expected))


def _codes(name: str, values: ArrayLike) -> NDArray[Any]:
    """Return a one-dimensional integer array; an empty one of any type counts as integers."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; expected one dimension")
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name} has type {array.dtype}; expected integer codes")
    return array.astype(np.int64)
