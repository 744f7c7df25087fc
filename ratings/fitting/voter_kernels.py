"""The loops over votes of voters, compiled by numba: sorting votes and adding voters up."""

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.kernels import compiled


@compiled
def sorted_by_row(row: IntArray, column: IntArray, n_rows: int) -> tuple[IntArray, IntArray]:
    """Sort (row, column) by both: a counting sort by row, then each row by itself."""
    ends = np.zeros(n_rows + 1, dtype=np.int64)
    for at in range(row.size):
        ends[row[at] + 1] += 1
    for at in range(n_rows):
        ends[at + 1] += ends[at]
    rows, columns = np.empty_like(row), np.empty_like(column)
    following = ends[:-1].copy()
    for at in range(row.size):
        place = following[row[at]]
        following[row[at]] += 1
        columns[place] = column[at]
    for one in range(n_rows):
        columns[ends[one] : ends[one + 1]].sort()
        rows[ends[one] : ends[one + 1]] = one
    return rows, columns


@compiled
def count_voters(starts: IntArray, first: IntArray, component: IntArray, counts: IntArray) -> None:
    """Add the voters of each component to `counts`; one may vote in several."""
    last_voter = np.full(counts.size, -1)
    for voter in range(starts.size - 1):
        for row in range(starts[voter], starts[voter + 1]):
            here = component[first[row]]
            counts[here] += last_voter[here] != voter
            last_voter[here] = voter


@compiled
def add_voters(
    starts: IntArray,
    weight: FloatArray,
    first: IntArray,
    second: IntArray,
    wins_first: FloatArray,
    wins_second: FloatArray,
    ties: FloatArray,
    p_first: FloatArray,
    meat: FloatArray,
    noise: FloatArray,
    moments: FloatArray,
) -> None:
    """Add to the moments, and to tables that their transposes complete: meat, and noise off it."""
    n_models = meat.shape[0]
    score = np.zeros(n_models)
    votes = np.zeros(n_models)
    touched = np.zeros(n_models, dtype=np.bool_)
    models = np.empty(n_models, dtype=np.int64)
    packed = np.empty(n_models)
    for u in range(weight.size):
        w = weight[u]
        n_touched = 0
        for row in range(starts[u], starts[u + 1]):
            i, j = first[row], second[row]
            p, q = p_first[i, j], p_first[j, i]
            won, lost, tied = wins_first[row], wins_second[row], ties[row]
            surplus = won * q - lost * p + tied * (q - p) / 2  # (1 - p, -p, 1/2 - p)
            score[i] += surplus
            score[j] -= surplus
            votes[i] += won + lost + tied
            votes[j] += won + lost + tied
            for model in (i, j):
                if not touched[model]:
                    touched[model] = True
                    models[n_touched] = model
                    n_touched += 1
            noise[i, j] += w * w * (won * q * q + lost * p * p + tied * (q - p) ** 2 / 4)
        for a in range(n_touched):
            model = models[a]
            packed[a] = w * score[model]
            x = w * w * votes[model]
            y = x * votes[model]
            moments[0, model] += x
            moments[1, model] += y
            moments[2, model] += x * x
            moments[3, model] += x * y
            moments[4, model] += y * y
            score[model] = votes[model] = 0.0
            touched[model] = False
        for a in range(n_touched):
            row_of_meat, mine = meat[models[a]], packed[a]
            row_of_meat[models[a]] += mine * mine / 2
            for b in range(a + 1, n_touched):
                row_of_meat[models[b]] += mine * packed[b]
