"""The graph of choices: which gaps of scores and which tie parameters ranked lists can tell."""

import numpy as np

from ratings.fitting.arrays import BoolArray, IntArray
from ratings.fitting.choice_sets import Stage
from ratings.fitting.comparison_graph import connected_components, strongly_connected_groups


def linked_components(found: list[Stage], n_models: int) -> IntArray:
    """Number the groups of models that lists link, (n_models,)."""
    none = np.zeros(0, dtype=np.int64)
    first = [np.repeat(stage.items[:, 0], stage.items.shape[1] - 1) for stage in found]
    other = [stage.items[:, 1:].ravel() for stage in found]
    return connected_components(
        n_models, np.concatenate([none, *first]), np.concatenate([none, *other])
    )


def beaten(found: list[Stage], n_models: int) -> BoolArray:
    """Tell who (row) was taken while whom (column) was left, (n_models, n_models)."""
    beats = np.zeros((n_models, n_models), dtype=bool)
    for stage in found:
        for place in range(stage.n_taken):
            beats[stage.items[:, place, None], stage.items[:, stage.n_taken :]] = True
    return beats


def tied(found: list[Stage], n_models: int, orders: set[int]) -> BoolArray:
    """Tell who was taken together with whom in blocks of these orders, (n_models, n_models)."""
    ties = np.zeros((n_models, n_models), dtype=bool)
    for stage in found:
        if stage.n_taken in orders:
            block = stage.items[:, : stage.n_taken]
            ties[block[:, :, None], block[:, None, :]] = True
    return ties


def mutual_groups(beats: BoolArray) -> IntArray:
    """Number the groups inside which each model is preferred to each through a chain, (n,)."""
    winner, loser = np.nonzero(beats)
    one = np.ones(winner.size)
    return strongly_connected_groups(len(beats), winner, loser, one, 0 * one)


def settled_groups(found: list[Stage], n_models: int, orders: IntArray) -> IntArray:
    """Number the groups inside which the choices alone give finite gaps of scores, (n_models,).

    Scores and prevalences drift without bound only in a direction in which no choice made gets
    less likely. In such a direction no model falls behind one that it was preferred to, so that
    cycles of preferences hold together. A tie holds its models together once the prevalence of
    ties of its order cannot outgrow that of a smaller order. Groups are found by repeating both
    steps; the condition is sufficient: it may leave apart models that rare patterns of ties link.
    """
    beats = beaten(found, n_models)
    while True:
        group = mutual_groups(beats)
        bounded = orders_bounded_by_a_smaller(found, orders, group)
        linked = beats | tied(found, n_models, bounded)
        if (linked == beats).all():
            return group
        beats = linked


def orders_bounded_by_a_smaller(found: list[Stage], orders: IntArray, group: IntArray) -> set[int]:
    """Return the tie orders whose prevalence cannot outgrow that of every smaller order."""
    reach = order_reach(found, orders, group)
    return {
        int(order) for place, order in enumerate(orders) if place > 0 and reach[:place, place].any()
    }


def order_reach(found: list[Stage], orders: IntArray, group: IntArray) -> BoolArray:
    """Tell which order's prevalence (row) must keep up with which (column), (n_orders,) squared.

    Taking d models where d' of the same group stood for choice, the d among them, would get less
    likely if the prevalence of d' outgrew that of d; and a block of d contains smaller blocks.
    """
    reach = np.eye(orders.size, dtype=bool)
    for stage in found:
        place = int(np.searchsorted(orders, stage.n_taken))
        reach[place, :place] = True
        groups = group[stage.items]
        alike = (groups[:, : stage.n_taken] == groups[:, :1]).all(axis=1)
        size = (groups == groups[:, :1]).sum(axis=1)[alike].max(initial=0)
        reach[place, orders <= size] = True
    for via in range(orders.size):
        reach |= reach[:, via, None] & reach[via]
    return reach
