"""The graph of who was compared with whom: what its votes can and cannot tell apart."""

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.errors import NoFiniteEstimate
from ratings.fitting.kernels import compiled


def connected_components(n_models: int, first: IntArray, second: IntArray) -> IntArray:
    """Number the groups of models linked by votes, (n_models,); scores compare only inside one.

    Groups are numbered by their lowest model; a model without votes is a group of its own.
    """
    return _linked_groups(n_models, first, second)


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
    return _mutual_groups(_who_beats_whom(n_models, first, second, wins_first, wins_second))


def without_finite_score(
    component: IntArray,
    n_votes: FloatArray,
    first: IntArray,
    second: IntArray,
    wins_first: FloatArray,
    wins_second: FloatArray,
) -> BoolArray:
    """Tell which models the rows alone leave without a finite score, (n_models,).

    A model without votes, (n_models,), is among them.
    """
    group = strongly_connected_groups(component.size, first, second, wins_first, wins_second)
    infinite: BoolArray = outside_the_main_group(component, group) | (n_votes == 0)
    return infinite


def refuse_infinite_scores(
    component: IntArray, n_votes: FloatArray, insufficient: BoolArray
) -> None:
    """Raise for every component in which a model with votes has no finite score.

    Raises:
        NoFiniteEstimate: there is one.
    """
    wrong = insufficient & (n_votes > 0)
    if wrong.any():
        raise NoFiniteEstimate(np.flatnonzero(np.isin(component, component[wrong])))


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


@compiled
def _numbered(leader: IntArray) -> IntArray:
    """Number groups by their lowest model, to which the leaders of its other models lead."""
    number = np.empty(leader.size, dtype=np.int64)
    n_groups = 0
    for model in range(
        leader.size
    ):  # a leader is lower than its followers, so it is numbered first
        if leader[model] == model:
            number[model] = n_groups
            n_groups += 1
        else:
            number[model] = number[leader[model]]
    return number


@compiled
def _linked_groups(n_models: int, first: IntArray, second: IntArray) -> IntArray:
    """Number connected components by union-find, in which a component's lowest model leads it."""
    leader = np.arange(n_models)
    for row in range(first.size):
        one, other = first[row], second[row]
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        while leader[other] != other:
            leader[other] = leader[leader[other]]
            other = leader[other]
        leader[max(one, other)] = min(one, other)
    return _numbered(leader)


@compiled
def _who_beats_whom(
    n_models: int,
    first: IntArray,
    second: IntArray,
    wins_first: FloatArray,
    wins_second: FloatArray,
) -> BoolArray:
    """Return whether a model ever beat another, (winner, loser)."""
    beats = np.zeros((n_models, n_models), dtype=np.bool_)
    for row in range(first.size):
        beats[first[row], second[row]] |= wins_first[row] > 0
        beats[second[row], first[row]] |= wins_second[row] > 0
    return beats


@compiled
def _mutual_groups(beats: BoolArray) -> IntArray:
    """Number strongly connected components, in one pass over the table and without recursion.

    Tarjan 1972, Depth-first search and linear graph algorithms, SIAM J. Comput. 1(2),
    doi:10.1137/0201010.
    """
    n_models = beats.shape[0]
    visited = np.full(n_models, -1)  # when the search first came here
    lowest = np.zeros(n_models, dtype=np.int64)  # earliest visit known to be reached from here
    leader = np.full(n_models, -1)  # lowest model of the group, once the group is complete
    next_loser = np.zeros(n_models, dtype=np.int64)
    path, depth = np.empty(n_models, dtype=np.int64), 0
    pending, n_pending = np.empty(n_models, dtype=np.int64), 0
    clock = 0
    for root in range(n_models):
        if visited[root] >= 0:
            continue
        path[0], depth = root, 1
        while depth:
            model = path[depth - 1]
            if visited[model] < 0:
                visited[model] = lowest[model] = clock
                clock += 1
                pending[n_pending] = model
                n_pending += 1
            step = -1
            for loser in range(next_loser[model], n_models):
                if beats[model, loser] and leader[loser] < 0:
                    if visited[loser] < 0:
                        step = loser
                        break
                    lowest[model] = min(lowest[model], visited[loser])
            if step >= 0:
                next_loser[model] = step + 1
                path[depth] = step
                depth += 1
                continue
            depth -= 1
            if depth:
                lowest[path[depth - 1]] = min(lowest[path[depth - 1]], lowest[model])
            if lowest[model] == visited[model]:
                start = n_pending - 1
                while pending[start] != model:
                    start -= 1
                leader[pending[start:n_pending]] = pending[start:n_pending].min()
                n_pending = start
    return _numbered(leader)
