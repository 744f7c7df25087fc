"""The graph of who was compared with whom: what its votes can and cannot tell apart."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from scipy.sparse import csgraph  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def connected_components(n_models: int, first: IntArray, second: IntArray) -> IntArray:
    """Number the groups of models linked by votes, (n_models,); scores compare only inside one.

    Groups are numbered by their lowest model; a model without votes is a group of its own.
    """
    return _numbered_by_lowest(_labels(n_models, first, second, "weak"))


def strongly_connected_groups(
    n_models: int,
    first: IntArray,
    second: IntArray,
    wins_first: FloatArray,
    wins_second: FloatArray,
) -> IntArray:
    """Number the groups inside which every model beats every other through a chain of wins.

    Scores inside a group are finite by the votes alone, and a gap between two groups is not
    (Ford 1957, Solution of a ranking problem from binary comparisons, Amer. Math. Monthly 64(8)).
    A tie is half a win each way. Returns (n_models,) labels, numbered by their lowest model.
    """
    won, lost = wins_first > 0, wins_second > 0
    winner = np.concatenate([first[won], second[lost]])
    loser = np.concatenate([second[won], first[lost]])
    return _numbered_by_lowest(_labels(n_models, winner, loser, "strong"))


def outside_the_main_group(component: IntArray, group: IntArray) -> BoolArray:
    """Tell which models lie outside the one largest group of their component, (n_models,).

    Where two groups are equally large, neither is the main one and all their component is outside.
    """
    size = np.bincount(group, minlength=group.size)[group]  # models in my group
    largest = np.zeros(component.size, dtype=np.int64)
    np.maximum.at(largest, component, size)
    is_largest = size == largest[component]
    n_in_largest = np.bincount(component, weights=is_largest, minlength=component.size)
    is_unique = n_in_largest == largest
    outside: BoolArray = ~(is_largest & is_unique[component])
    return outside


def pair_laplacian(
    n_models: int, first: IntArray, second: IntArray, weight: FloatArray
) -> FloatArray:
    """Sum weight * (e_first - e_second)(e_first - e_second)^T over the pairs, (n_models, n_models).

    Each unordered pair may appear in one row only.
    """
    laplacian = np.zeros((n_models, n_models))
    laplacian[first, second] = -weight
    laplacian[second, first] = -weight
    degree = np.bincount(first, weights=weight, minlength=n_models)
    degree += np.bincount(second, weights=weight, minlength=n_models)
    np.fill_diagonal(laplacian, degree)
    return laplacian


def _labels(n_models: int, source: IntArray, target: IntArray, connection: str) -> IntArray:
    """Label the weakly or strongly connected parts of a directed graph, (n_models,)."""
    edges = sparse.coo_array((np.ones(source.size), (source, target)), (n_models, n_models))
    _, labels = csgraph.connected_components(edges.tocsr(), directed=True, connection=connection)
    return np.asarray(labels, dtype=np.int64)


def _numbered_by_lowest(labels: IntArray) -> IntArray:
    """Renumber labels in the order in which they first appear, (n_models,)."""
    _, lowest, inverse = np.unique(labels, return_index=True, return_inverse=True)
    number: IntArray = np.argsort(np.argsort(lowest)).astype(np.int64)
    return number[inverse]
