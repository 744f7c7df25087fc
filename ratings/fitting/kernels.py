"""The loops that NumPy cannot fuse, compiled by numba: counting votes, and sums over all pairs.

Pairs lie in square tables of which only the upper triangle, ``first < second``, is used. Inner
loops run over slices from 0, which lets the compiler see that no index is negative and use vector
instructions; sums may be reordered for the same reason, alike for equal input on one machine.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ratings.fitting.arrays import FloatArray, IntArray

Function = TypeVar("Function", bound=Callable[..., Any])

# Votes whose cells are computed before they are counted: the buffer stays in the first cache.
_VOTES_PER_BLOCK = 4096
# Widest range of scores, natural log, whose exponentials around its middle are all normal numbers.
_RANGE_OF_EXP = 1400.0
# Rows and columns of a tile that is mirrored at once: two of them fit in the first cache.
_TILE = 32
# Coefficients 2/35, 2/33, ... 2 of the series of 2 artanh(z) / z in z^2. As z <= 1/3, the first one
# left out, 2/37, changes no digit.
_ARTANH = np.array([2 / (2 * power + 1) for power in range(17, -1, -1)])


def compiled(function: Function) -> Function:
    """Compile on first use, free of the interpreter's lock, kept on disk where that can be written.

    numba keeps its files beside the source, else in the user's cache folder, or in
    ``NUMBA_CACHE_DIR``. Where it may write to none of them, each process compiles anew.
    """
    try:
        return _compiler(cache=True)(function)
    except RuntimeError:  # "no locator available"
        return _compiler(cache=False)(function)


def _compiler(*, cache: bool) -> Callable[[Function], Function]:
    compiler: Any = njit(
        nogil=True, cache=cache, error_model="numpy", fastmath={"reassoc", "nsz", "contract"}
    )
    return compiler  # type: ignore[no-any-return]


@compiled
def _in_range(codes: NDArray[Any], size: np.uint32) -> bool:
    """Tell whether codes, at least one, lie in 0 to size - 1, without a branch for each."""
    lowest, highest = codes[0], codes[0]
    for row in range(codes.size):
        lowest, highest = min(lowest, codes[row]), max(highest, codes[row])
    return bool(lowest >= 0 and highest < size)


@compiled
def count_votes(
    first: NDArray[Any], second: NDArray[Any], outcome: NDArray[Any], table: IntArray
) -> bool:
    """Add votes (n_votes,) to `table`, (n_models, n_models, 4) in the order of `Outcome`.

    A vote goes to the cell of its lower and its higher model, with the outcome as those two see
    it. A vote of a model with itself lands on the diagonal.

    Returns False, having counted some of the votes, where a code is out of range.
    """
    n_models, n_outcomes = np.uint32(table.shape[0]), np.uint32(4)
    cells = table.ravel()
    cell = np.empty(_VOTES_PER_BLOCK, dtype=np.uint32)
    for start in range(0, first.size, _VOTES_PER_BLOCK):
        left = first[start : start + _VOTES_PER_BLOCK]
        right = second[start : start + _VOTES_PER_BLOCK]
        codes = outcome[start : start + _VOTES_PER_BLOCK]
        if not (
            _in_range(left, n_models)
            and _in_range(right, n_models)
            and _in_range(codes, n_outcomes)
        ):
            return False
        for row in range(left.size):
            one, other, code = np.uint32(left[row]), np.uint32(right[row]), np.uint32(codes[row])
            low, high = min(one, other), max(one, other)
            code ^= np.uint32(one > other) & np.uint32(code < 2)  # FIRST and SECOND change places
            cell[row] = np.uint32(np.uint32(low * n_models + high) * n_outcomes + code)
        for row in range(left.size):
            cells[cell[row]] += 1
    return True


@compiled
def filled_cells(table: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs (n_pairs,) of the upper triangle that have votes, and their (4, n_pairs)."""
    n_models = table.shape[0]
    n_pairs = 0
    for low in range(n_models):
        for high in range(low + 1, n_models):
            n_pairs += table[low, high].any()
    first, second = np.empty(n_pairs, dtype=np.int64), np.empty(n_pairs, dtype=np.int64)
    counts = np.empty((4, n_pairs))
    row = 0
    for low in range(n_models):
        for high in range(low + 1, n_models):
            if table[low, high].any():
                first[row], second[row] = low, high
                counts[:, row] = table[low, high]
                row += 1
    return first, second, counts


@compiled
def is_canonical(first: IntArray, second: IntArray, counts: FloatArray) -> bool:
    """Tell whether rows have ``first < second``, are sorted without repeats, and all hold votes."""
    for row in range(first.size):
        if first[row] >= second[row] or not counts[:, row].any():
            return False
        if row and (first[row], second[row]) <= (first[row - 1], second[row - 1]):
            return False
    return True


@compiled
def points_table(
    n_players: int,
    first: IntArray,
    second: IntArray,
    wins_first: FloatArray,
    wins_second: FloatArray,
    ties: FloatArray,
) -> FloatArray:
    """Lay out rows as a (3, n_players, n_players) table: points of first, of second, and ties.

    A tie is half a point for each side. Every row must have ``first < second``.
    """
    table = np.zeros((3, n_players, n_players))
    for row in range(first.size):
        one, other, half = first[row], second[row], ties[row] / 2
        table[0, one, other] += wins_first[row] + half
        table[1, one, other] += wins_second[row] + half
        table[2, one, other] += ties[row]
    return table


@compiled
def likelihood(
    scores: FloatArray, table: FloatArray, gradient: FloatArray, information: FloatArray
) -> float:
    """Return the log-likelihood of a points table at `scores` (n,), and set its derivatives.

    Sets `gradient` (n,), points less expected points, and the upper triangle of `information`
    (n, n), the Laplacian of votes * p (1 - p).
    """
    n_players = scores.size
    strengths = _strengths(scores)
    odds, degree = np.empty(n_players), np.zeros(n_players)
    gradient[:] = 0.0
    loss = 0.0
    for one in range(n_players):
        rest = slice(one + 1, n_players)
        won, lost = table[0, one, rest], table[1, one, rest]
        _odds_of_weaker(one, scores, strengths, odds)
        loss += _row_loss(scores[one], scores[rest], odds[rest], won, lost)
        gradient[one] += _row_surplus(
            scores[one], scores[rest], odds[rest], won, lost, gradient[rest]
        )
        degree[one] += _row_weights(odds[rest], won, lost, degree[rest], information[one, rest])
    for one in range(n_players):
        information[one, one] = degree[one]
    return -loss


@compiled
def robust_likelihood(scores: FloatArray, table: FloatArray, meat: FloatArray) -> float:
    """Return the log-likelihood of a points table at `scores` (n,), and set the sandwich's meat.

    Sets the upper triangle of `meat` (n, n), the sum over votes of
    residual^2 (e_i - e_j)(e_i - e_j)^T. All votes of a pair with one outcome share a residual:
    1 - p, -p or 1/2 - p (White 1982, doi:10.2307/1912526).
    """
    n_players = scores.size
    strengths = _strengths(scores)
    odds, degree = np.empty(n_players), np.zeros(n_players)
    loss = 0.0
    for one in range(n_players):
        rest = slice(one + 1, n_players)
        won, lost, ties = table[0, one, rest], table[1, one, rest], table[2, one, rest]
        _odds_of_weaker(one, scores, strengths, odds)
        loss += _row_loss(scores[one], scores[rest], odds[rest], won, lost)
        degree[one] += _row_squares(
            scores[one], scores[rest], odds[rest], won, lost, ties, degree[rest], meat[one, rest]
        )
    for one in range(n_players):
        meat[one, one] = degree[one]
    return -loss


@compiled
def mirror(matrix: FloatArray) -> None:
    """Copy the upper triangle of a square matrix to the lower one, tile by tile."""
    n = matrix.shape[0]
    for top in range(0, n, _TILE):
        for left in range(top, n, _TILE):
            for row in range(top, min(top + _TILE, n)):
                for column in range(max(left, row + 1), min(left + _TILE, n)):
                    matrix[column, row] = matrix[row, column]


@compiled
def centred(matrix: FloatArray, averaging: FloatArray) -> FloatArray:
    """Centre rows and columns of a symmetric matrix within components, (n_models, n_models).

    Reads the upper triangle of `matrix`. A row of `averaging` (n_models, n_models) holds
    1 / size for every model of the row's component, and 0 elsewhere.
    """
    n_models = averaging.shape[0]
    result = np.zeros((n_models, n_models))
    mean = np.zeros(n_models)
    for one in range(n_models):
        row, weight, others = (
            matrix[one, one + 1 : n_models],
            averaging[one, one + 1 :],
            mean[one + 1 :],
        )
        mean[one] += matrix[one, one] * averaging[one, one]
        for other in range(row.size):
            product = row[other] * weight[other]
            mean[one] += product
            others[other] += product
    for one in range(n_models):
        row, weight, others = matrix[one, one:n_models], averaging[one, one:], mean[one:]
        grand = 0.0
        for other in range(n_models):
            grand += averaging[one, other] * mean[other]
        target = result[one, one:]
        for other in range(row.size):
            value = row[other] - mean[one] - others[other] + grand
            target[other] = value if weight[other] > 0 else 0.0
    mirror(result)
    return result


@compiled
def _strengths(scores: FloatArray) -> FloatArray:
    """Exponentials of the scores around their middle, none where that leaves floating point."""
    lowest, highest = 0.0, 0.0
    for score in scores:
        lowest, highest = min(lowest, score), max(highest, score)
    if highest - lowest > _RANGE_OF_EXP:
        return np.empty(0)
    return np.exp(scores - (lowest + highest) / 2)


@compiled
def _odds_of_weaker(one: int, scores: FloatArray, strengths: FloatArray, odds: FloatArray) -> None:
    """Set odds[other] to exp(-|gap|) for all after `one`: n exponentials in all where they do."""
    others, found = scores[one + 1 :], odds[one + 1 :]
    if strengths.size:
        mine, theirs = strengths[one], strengths[one + 1 :]
        for other in range(theirs.size):
            found[other] = min(mine, theirs[other]) / max(mine, theirs[other])
    else:
        for other in range(others.size):
            found[other] = math.exp(-abs(scores[one] - others[other]))


@compiled
def _row_loss(
    score: float, others: FloatArray, odds: FloatArray, won: FloatArray, lost: FloatArray
) -> float:
    """Sum of -points * log p: -log p is log(1 + odds), and |gap| more for an upset."""
    loss = 0.0
    for other in range(others.size):
        z = odds[other] / (2 + odds[other])  # log(1 + odds) = 2 artanh(z)
        square, series = z * z, 0.0
        for coefficient in _ARTANH:
            series = series * square + coefficient
        gap = score - others[other]
        upsets = lost[other] if gap >= 0 else won[other]
        loss += (won[other] + lost[other]) * series * z + upsets * abs(gap)
    return loss


@compiled
def _row_surplus(
    score: float,
    others: FloatArray,
    odds: FloatArray,
    won: FloatArray,
    lost: FloatArray,
    gradient: FloatArray,
) -> float:
    """Take won * p_second - lost * p_first from the others' gradient; return its sum."""
    total = 0.0
    for other in range(others.size):
        stronger = 1 / (1 + odds[other])
        weaker = odds[other] * stronger  # not 1 - stronger, which loses the digits of a small one
        is_first = score >= others[other]
        p_first, p_second = (stronger if is_first else weaker), (weaker if is_first else stronger)
        surplus = won[other] * p_second - lost[other] * p_first
        total += surplus
        gradient[other] -= surplus
    return total


@compiled
def _row_weights(
    odds: FloatArray, won: FloatArray, lost: FloatArray, degree: FloatArray, row: FloatArray
) -> float:
    """Set a Laplacian's row to -votes * p (1 - p), add it to the others' degree, return its sum."""
    total = 0.0
    for other in range(odds.size):
        stronger = 1 / (1 + odds[other])
        weight = (won[other] + lost[other]) * odds[other] * stronger * stronger
        total += weight
        degree[other] += weight
        row[other] = -weight
    return total


@compiled
def _row_squares(
    score: float,
    others: FloatArray,
    odds: FloatArray,
    won: FloatArray,
    lost: FloatArray,
    ties: FloatArray,
    degree: FloatArray,
    row: FloatArray,
) -> float:
    """Set a Laplacian's row to minus the squared residuals of all votes; else as `_row_weights`."""
    total = 0.0
    for other in range(others.size):
        stronger = 1 / (1 + odds[other])
        weaker = odds[other] * stronger
        is_first = score >= others[other]
        p_first, p_second = (stronger if is_first else weaker), (weaker if is_first else stronger)
        half = ties[other] / 2
        of_tie = (p_second - p_first) / 2
        weight = (won[other] - half) * p_second * p_second
        weight += (lost[other] - half) * p_first * p_first
        weight += ties[other] * of_tie * of_tie
        total += weight
        degree[other] += weight
        row[other] = -weight
    return total
