"""Compiled passes over votes grouped by pair, the inner loops of the fit with covariates.

Each loop reads the stored contrasts once, works in 64-bit floats, and is written so that LLVM turns
it into vector instructions: the exponential is a polynomial without a call or a branch, slices
start at 0 (a negative index would need a test), and division follows IEEE 754 (Python's test for
zero would be a branch). Sums over covariates are recursions over tuples, which numba unrolls for
each number of covariates, so that every sum stays in a register.

Shapes: a segment is a run of rows with one offset; `begin` and `end` are (n_segments,) row numbers,
`columns` a tuple of (n_rows,) contrasts, `weights` () or a tuple of one (n_rows,) array. Sums of a
triangle run over c, d >= c by rows. Every output is added to.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from ratings.fitting.kernels import compiled

Array = NDArray[Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])

# As in `compiled`: sums may be reordered.
_FAST = {"reassoc", "nsz", "contract"}
# Rows whose odds are multiplied before one logarithm: each factor is at most 2, and 2^1000 < 1e308.
_ROWS_PER_PRODUCT = 1000
# exp(-700) is the last power of ten thousands below which the exponent would leave the format.
_LOG_ODDS_MAX = 700.0
_LOG2_E = 1 / math.log(2)
_LN_2 = math.log(2)
# Added to a whole number n, it leaves n + 1023, the biased exponent of 2^n, in the lowest bits.
_EXPONENT = 1.5 * 2.0**52 + 1023
# Taylor terms of exp on [-ln 2 / 2, ln 2 / 2], relative error below 7e-15.
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11 = (1 / math.factorial(i) for i in range(2, 12))
# Series of log(1 + e) in z = e / (2 + e) <= 1/3, relative error below 1e-13.
_L1, _L3, _L5, _L7, _L9, _L11, _L13, _L15, _L17, _L19, _L21, _L23 = (2 / i for i in range(1, 24, 2))


def _unrolled(stub: Callable[..., Any]) -> Callable[[_Function], _Function]:
    """Give compiled code its body of `stub` by the lengths of the tuples."""

    def register(function: _Function) -> _Function:
        function.__annotations__ = {}  # numba compares signatures with those of the lambdas
        register_body = overload(stub, jit_options={"fastmath": _FAST, "error_model": "numpy"})
        return register_body(function)

    return register


@intrinsic
def _power_of_two(typing_context: Any, whole: Any) -> Any:
    """Build 2^n from the bits of n + _EXPONENT."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], context.get_value_type(types.int64))
        shifted = builder.shl(bits, context.get_constant(types.int64, 52))
        return builder.bitcast(shifted, context.get_value_type(types.float64))

    return types.float64(types.float64), generate


@compiled
def exp_of_negative(x: float) -> float:
    """Return exp(x) for x <= 0, relative error below 1e-14; x below -700 counts as -700."""
    x = max(x, -_LOG_ODDS_MAX)
    whole = math.floor(x * _LOG2_E + 0.5)
    r = x - whole * _LN_2
    r2 = r * r
    r4 = r2 * r2
    # Estrin's scheme: the terms of a level do not wait for each other.
    low = (1 + r) + r2 * (_E2 + r * _E3)
    middle = (_E4 + r * _E5) + r2 * (_E6 + r * _E7)
    high = (_E8 + r * _E9) + r2 * (_E10 + r * _E11)
    return float((low + r4 * (middle + r4 * high)) * _power_of_two(whole + _EXPONENT))  # type: ignore[call-arg]


@compiled
def _log1p(e: float) -> float:
    """Return log(1 + e) for 0 <= e <= 1."""
    z = e / (2 + e)
    z2 = z * z
    tail = _L13 + z2 * (_L15 + z2 * (_L17 + z2 * (_L19 + z2 * (_L21 + z2 * _L23))))
    head = _L1 + z2 * (_L3 + z2 * (_L5 + z2 * (_L7 + z2 * (_L9 + z2 * (_L11 + z2 * tail)))))
    return z * head


# --- sums over a tuple of covariates, unrolled ------------------------------------------------


def _rows_of(columns: Any, low: Any, high: Any) -> Any:
    """Slice every column."""


def _values_at(columns: Any, row: Any) -> Any:
    """Values of every column in one row, as 64-bit floats."""


def _weight_at(weights: Any, row: Any) -> Any:
    """Weight of one row; 1 where there are no weights."""


def _zeros(values: Any) -> Any:
    """One zero for each value."""


def _zero_triangle(values: Any) -> Any:
    """One zero for each unordered pair of values, a value with itself among them."""


def _dot(left: Any, right: Any) -> Any:
    """Sum of the products."""


def _plus(sums: Any, weight: Any, values: Any) -> Any:
    """Add weight * value to each sum."""


def _plus_triangle(sums: Any, weight: Any, values: Any) -> Any:
    """Add weight * value * value to the sum of each unordered pair."""


def _store(out: Any, sums: Any, place: Any) -> Any:
    """Add the sums to an array from a place on."""


@_unrolled(_rows_of)
def _(columns: Any, low: Any, high: Any) -> Any:
    if not len(columns):
        return lambda columns, low, high: ()
    return lambda columns, low, high: (columns[0][low:high], *_rows_of(columns[1:], low, high))


@_unrolled(_values_at)
def _(columns: Any, row: Any) -> Any:
    if not len(columns):
        return lambda columns, row: ()
    return lambda columns, row: (np.float64(columns[0][row]), *_values_at(columns[1:], row))


@_unrolled(_weight_at)
def _(weights: Any, row: Any) -> Any:
    if not len(weights):
        return lambda weights, row: 1.0
    return lambda weights, row: np.float64(weights[0][row])


@_unrolled(_zeros)
def _(values: Any) -> Any:
    if not len(values):
        return lambda values: ()
    return lambda values: (0.0, *_zeros(values[1:]))


@_unrolled(_zero_triangle)
def _(values: Any) -> Any:
    if not len(values):
        return lambda values: ()
    return lambda values: _zeros(values) + _zero_triangle(values[1:])


@_unrolled(_dot)
def _(left: Any, right: Any) -> Any:
    if not len(left):
        return lambda left, right: 0.0
    return lambda left, right: left[0] * right[0] + _dot(left[1:], right[1:])


@_unrolled(_plus)
def _(sums: Any, weight: Any, values: Any) -> Any:
    if not len(sums):
        return lambda sums, weight, values: ()
    return lambda sums, weight, values: (
        sums[0] + weight * values[0],
        *_plus(sums[1:], weight, values[1:]),
    )


@_unrolled(_plus_triangle)
def _(sums: Any, weight: Any, values: Any) -> Any:
    n = len(values)
    if not n:
        return lambda sums, weight, values: ()
    return lambda sums, weight, values: (
        _plus(sums[:n], weight * values[0], values) + _plus_triangle(sums[n:], weight, values[1:])
    )


@_unrolled(_store)
def _(out: Any, sums: Any, place: Any) -> Any:
    if not len(sums):
        return lambda out, sums, place: None

    def body(out, sums, place):  # type: ignore[no-untyped-def]  # as the lambdas of the others
        out[place] += sums[0]
        _store(out, sums[1:], place + 1)

    return body


# --- passes -----------------------------------------------------------------------------------


@compiled
def _points(outcome: int) -> float:
    """Points of the first seat: 1, 0, and 1/2 for both kinds of tie (codes of `Outcome`)."""
    return 1.0 if outcome == 0 else (0.0 if outcome == 1 else 0.5)


@compiled
def _curvature_of_rows(columns: Any, weights: Any, n_rows: int, offset: float, slopes: Any) -> Any:
    """Sum loss, p, w = p (1 - p), w x, p x and w x x over at most `_ROWS_PER_PRODUCT` rows."""
    product, loss, sum_p, sum_w = 1.0, 0.0, 0.0, 0.0
    sum_wx, sum_px, sum_wxx = _zeros(slopes), _zeros(slopes), _zero_triangle(slopes)
    for row in range(n_rows):
        x = _values_at(columns, row)
        weight = _weight_at(weights, row)
        log_odds = offset + _dot(slopes, x)
        size = abs(log_odds)
        odds = exp_of_negative(-size)  # of the weaker side
        stronger = 1 / (1 + odds)
        weaker = stronger * odds
        # -log(1 - p) is log(1 + odds), and the log-odds more where the first is the stronger.
        loss += weight * 0.5 * (log_odds + size)
        if len(weights) == 0:
            product *= 1 + odds
        else:
            loss += weight * _log1p(odds)
        p = weight * (stronger if log_odds >= 0 else weaker)
        w = weight * stronger * weaker
        sum_p += p
        sum_w += w
        sum_wx = _plus(sum_wx, w, x)
        sum_px = _plus(sum_px, p, x)
        sum_wxx = _plus_triangle(sum_wxx, w, x)
    return loss + math.log(product), sum_p, sum_w, sum_wx, sum_px, sum_wxx


@compiled
def curvature_pass(
    columns: Any,
    weights: Any,
    begin: Array,
    end: Array,
    offset: Array,
    slopes: Any,
    of_segment: Array,
    of_all: Array,
) -> float:
    """Return the sum of -log(1 - p), p the probability that the first wins, and add the moments.

    `of_segment` (n_segments, 2 + k) receives sums of p, w and w x; `of_all` (k + k (k + 1) / 2,)
    those of p x and of the triangle of w x x, with w = p (1 - p), all times the weight.
    """
    total = 0.0
    for segment in range(offset.size):
        for low in range(begin[segment], end[segment], _ROWS_PER_PRODUCT):
            high = min(low + _ROWS_PER_PRODUCT, end[segment])
            loss, sum_p, sum_w, sum_wx, sum_px, sum_wxx = _curvature_of_rows(
                _rows_of(columns, low, high),
                _rows_of(weights, low, high),
                high - low,
                offset[segment],
                slopes,
            )
            total += loss
            _store(of_segment[segment], (sum_p, sum_w), 0)
            _store(of_segment[segment], sum_wx, 2)
            _store(of_all, sum_px, 0)
            _store(of_all, sum_wxx, len(sum_px))
    return total


@compiled
def _residual(log_odds: float, outcome: int) -> float:
    """Points of the first less what the model expects."""
    odds = exp_of_negative(-abs(log_odds))
    stronger = 1 / (1 + odds)
    return _points(outcome) - (stronger if log_odds >= 0 else stronger * odds)


@compiled
def _scatter_of_rows(columns: Any, weights: Any, outcome: Array, offset: float, slopes: Any) -> Any:
    """Sum q, q x and q x x over rows, q the squared weighted residual."""
    sum_q, sum_qx, sum_qxx = 0.0, _zeros(slopes), _zero_triangle(slopes)
    for row in range(outcome.size):
        x = _values_at(columns, row)
        residual = _residual(offset + _dot(slopes, x), outcome[row]) * _weight_at(weights, row)
        q = residual * residual
        sum_q += q
        sum_qx = _plus(sum_qx, q, x)
        sum_qxx = _plus_triangle(sum_qxx, q, x)
    return sum_q, sum_qx, sum_qxx


@compiled
def scatter_pass(
    columns: Any,
    weights: Any,
    outcome: Array,
    begin: Array,
    end: Array,
    offset: Array,
    slopes: Any,
    of_segment: Array,
    of_all: Array,
) -> None:
    """Add the moments of the sandwich's meat, q = (weight * residual)^2.

    `of_segment` (n_segments, 1 + k) receives sums of q and q x; `of_all` (k (k + 1) / 2,) those of
    the triangle of q x x.
    """
    for segment in range(offset.size):
        low, high = begin[segment], end[segment]
        sum_q, sum_qx, sum_qxx = _scatter_of_rows(
            _rows_of(columns, low, high),
            _rows_of(weights, low, high),
            outcome[low:high],
            offset[segment],
            slopes,
        )
        _store(of_segment[segment], (sum_q,), 0)
        _store(of_segment[segment], sum_qx, 1)
        _store(of_all, sum_qxx, 0)


@compiled
def observed_pass(
    columns: Any,
    weights: Any,
    outcome: Array,
    begin: Array,
    end: Array,
    of_segment: Array,
    of_all: Array,
) -> None:
    """Add what the votes say: (n_segments, 2) weights and points, and (2 k,) points x and x x."""
    for segment in range(begin.size):
        low, high = begin[segment], end[segment]
        here, weight_here = _rows_of(columns, low, high), _rows_of(weights, low, high)
        voted, votes, points = outcome[low:high], 0.0, 0.0
        sum_yx, sum_xx = _zeros(columns), _zeros(columns)
        for row in range(voted.size):
            weight = _weight_at(weight_here, row)
            y = weight * _points(voted[row])
            x = _values_at(here, row)
            votes += weight
            points += y
            sum_yx = _plus(sum_yx, y, x)
            sum_xx = _plus(sum_xx, weight, _squares(x))
        _store(of_segment[segment], (votes, points), 0)
        _store(of_all, sum_yx, 0)
        _store(of_all, sum_xx, len(sum_yx))


def _squares(values: Any) -> Any:
    """Square each value."""


@_unrolled(_squares)
def _(values: Any) -> Any:
    if not len(values):
        return lambda values: ()
    return lambda values: (values[0] * values[0], *_squares(values[1:]))


@compiled
def residual_pass(
    columns: Any,
    weights: Any,
    outcome: Array,
    begin: Array,
    end: Array,
    offset: Array,
    slopes: Any,
    residuals: Array,
) -> None:
    """Write the weighted residual of each row into (n_rows,)."""
    for segment in range(offset.size):
        low, high = begin[segment], end[segment]
        here, weight_here = _rows_of(columns, low, high), _rows_of(weights, low, high)
        voted, out = outcome[low:high], residuals[low:high]
        for row in range(voted.size):
            log_odds = offset[segment] + _dot(slopes, _values_at(here, row))
            out[row] = _residual(log_odds, voted[row]) * _weight_at(weight_here, row)


@compiled
def cluster_meat(
    columns: Array,
    residuals: Array,
    first: Array,
    second: Array,
    order: Array,
    starts: Array,
    n_models: int,
    meat: Array,
) -> None:
    """Add u u^T of each cluster, u its sum of residual * (e_first - e_second, 1, x).

    `columns` is (k, n_rows), `first` and `second` (n_rows,) models, `order` (n_rows,) the rows by
    cluster and `starts` (n_clusters + 1,) where each begins; `meat` is (n_models + 1 + k) squared.
    """
    n = meat.shape[0]
    score = np.zeros(n)
    is_touched = np.zeros(n, dtype=np.bool_)
    is_touched[n_models:] = True
    touched = np.empty(n, dtype=np.int64)
    n_parameters = n - n_models
    touched[:n_parameters] = np.arange(n_models, n)
    for cluster in range(starts.size - 1):
        n_touched = n_parameters
        for place in range(starts[cluster], starts[cluster + 1]):
            row = order[place]
            for model in (first[row], second[row]):
                if not is_touched[model]:
                    is_touched[model] = True
                    touched[n_touched] = model
                    n_touched += 1
            residual = residuals[row]
            score[first[row]] += residual
            score[second[row]] -= residual
            score[n_models] += residual
            for c in range(columns.shape[0]):
                score[n_models + 1 + c] += residual * columns[c, row]
        for i in touched[:n_touched]:
            for j in touched[:n_touched]:
                meat[i, j] += score[i] * score[j]
        for i in touched[:n_touched]:
            score[i] = 0.0
            is_touched[i] = i >= n_models


@compiled
def place_rows(codes: Array, cursor: Array) -> Array:
    """Return the row that each vote takes in a stable counting sort, (n_votes,) int64.

    `codes` are the votes' cells and `cursor` (n_cells,) where each cell begins; it is moved on.
    """
    places = np.empty(codes.size, dtype=np.int64)
    for vote in range(codes.size):
        places[vote] = cursor[codes[vote]]
        cursor[codes[vote]] += 1
    return places


@compiled
def scatter_columns(places: Array, contrasts: Array, columns: Array) -> None:
    """Write contrasts (n_votes, k) to their places in columns (k, n_votes)."""
    for vote in range(places.size):
        for c in range(columns.shape[0]):
            columns[c, places[vote]] = contrasts[vote, c]
