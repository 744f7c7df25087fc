"""Ranked lists as choices: which models stood for choice, and which of them were taken.

A ranking with ties is a row of choices: the best block out of all, the next block out of the rest,
and so on (Turner et al. 2020, Comput. Statist. 35, doi:10.1007/s00180-020-00959-3, section 2.2).
The Plackett-Luce likelihood depends on the lists only through how often each set of models stood
for choice and what was taken from it, so that the cost of a fit is that of the distinct sets.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.list_kernels import DistinctLists, distinct_rows, subset_excess, subset_moments
from ratings.fitting.sums import totals

# Models tied at once whose orders are averaged over: 2^10 subsets for each block of ties.
BREAKABLE_TIE_MAX = 10
# Cells (sets x items^2) of pair moments in memory at a time: 32 MiB.
_PAIR_CELLS_MAX = 1 << 22


@dataclass(frozen=True, eq=False)
class Stage:
    """Choices of `n_taken` models out of equally many.

    Attributes:
        lists: (n,) number of the distinct list of each choice.
        items: (n, n_items) models that stood for choice, those taken first.
        n_taken: models taken at once.
    """

    lists: IntArray
    items: IntArray
    n_taken: int


def stages(lists: DistinctLists) -> list[Stage]:
    """Split the lists into their choices; a last model alone is no choice."""
    found = []
    for start, items, ranks in lists.blocks:
        n = items.shape[1]
        starts = np.ones(items.shape, dtype=bool)
        starts[:, 1:] = ranks[:, 1:] != ranks[:, :-1]
        end = np.full(items.shape, n)  # where the block of each place ends
        for place in range(n - 2, -1, -1):
            end[:, place] = np.where(starts[:, place + 1], place + 1, end[:, place + 1])
        for place in range(n - 1):
            taken = np.where(starts[:, place], end[:, place] - place, 0)
            for n_taken in np.unique(taken[taken > 0]).tolist():
                rows = np.flatnonzero(taken == n_taken)
                found.append(Stage(start + rows, items[rows, place:], n_taken))
    return found


@dataclass(frozen=True, eq=False)
class _Piece:
    """Choices from sets of one size, before equal sets are merged."""

    lists: IntArray  # (n,)
    items: IntArray  # (n, size)
    taken: FloatArray  # (size,) share of each place in what was taken, sums to `weight`
    weight: float


def _modelled(stage: Stage) -> list[_Piece]:
    """Read a block of ties as one choice of all its models."""
    taken = np.zeros(stage.items.shape[1])
    taken[: stage.n_taken] = 1 / stage.n_taken
    return [_Piece(stage.lists, stage.items, taken, 1.0)]


def _broken(stage: Stage) -> list[_Piece]:
    """Read a block of ties as the average over its orders, of choices of one model each.

    In a random order of the block, the models `gone` were taken before the next one with
    probability 1 / C(n_taken, len(gone)), and each of the others is equally likely to be next.
    """
    n, tied = stage.items.shape[1], stage.n_taken
    if tied > BREAKABLE_TIE_MAX:
        raise ValueError(
            f"{tied} models tie at once; orders are averaged over for at most "
            f"{BREAKABLE_TIE_MAX}; use ties='model'"
        )
    pieces = []
    for n_gone in range(tied):
        if n - n_gone < 2:
            continue  # a last model alone is no choice
        weight = 1 / comb(tied, n_gone)
        taken = np.zeros(n - n_gone)
        taken[: tied - n_gone] = weight / (tied - n_gone)
        for gone in combinations(range(tied), n_gone):
            left = [place for place in range(n) if place not in gone]
            pieces.append(_Piece(stage.lists, stage.items[:, left], taken, weight))
    return pieces


@dataclass(frozen=True, eq=False)
class SetBlock:
    """Distinct sets of one size.

    Attributes:
        items: (n_sets, size) players, sorted.
        taken: (n_sets, size) how often each was taken, a share of a tie as a fraction.
        count: (n_sets,) how often each set stood for choice.
    """

    items: IntArray
    taken: FloatArray
    count: FloatArray


@dataclass(frozen=True, eq=False)
class Choices:
    """Distinct sets of the lists, and the part that each list had in them.

    Attributes:
        blocks: sets by size; a block for the prior's choices may be appended.
        visits: sparse (n_distinct, n_sets): how often each list chose from each set.
        taken: sparse (n_distinct, n_models): how often each list took each model.
        orders: (n_orders,) numbers of models that were taken at once, 1 first.
        ties: (n_distinct, n_orders) how often each list took so many at once.
    """

    blocks: list[SetBlock]
    visits: Any
    taken: Any
    orders: IntArray
    ties: FloatArray


def choices(lists: DistinctLists, found: list[Stage], *, break_ties: bool) -> Choices:
    """Merge equal sets over all lists.

    Raises:
        ValueError: ties are to be broken, and a block of them is too large.
    """
    pieces = [piece for stage in found for piece in (_broken if break_ties else _modelled)(stage)]
    blocks, visited, n_sets = [], [], 0
    for size in sorted({piece.items.shape[1] for piece in pieces}):
        of_size = [piece for piece in pieces if piece.items.shape[1] == size]
        who = np.concatenate([piece.lists for piece in of_size])
        items = np.concatenate([piece.items for piece in of_size])
        taken = np.concatenate([np.tile(p.taken, (p.lists.size, 1)) for p in of_size])
        weight = np.concatenate([np.full(p.lists.size, p.weight) for p in of_size])
        by_item = np.argsort(items, axis=1)
        items, taken = (np.take_along_axis(rows, by_item, axis=1) for rows in (items, taken))
        sets, number = distinct_rows(items, lists.n_models)
        total = lists.weight[who]
        cell = number[:, None] * size + np.arange(size)
        summed = totals(cell, taken * total[:, None], sets.size)
        blocks.append(
            SetBlock(
                items=np.asfortranarray(sets),  # sums over a set then run along whole columns
                taken=np.asfortranarray(summed.reshape(sets.shape)),
                count=totals(number, weight * total, len(sets)),
            )
        )
        visited.append((who, n_sets + number, weight))
        n_sets += len(sets)
    orders = np.array([1] if break_ties else sorted({1, *(stage.n_taken for stage in found)}))
    return Choices(
        blocks=blocks,
        visits=_summed(visited, (lists.n_distinct, n_sets)),
        taken=_summed([_entries(piece) for piece in pieces], (lists.n_distinct, lists.n_models)),
        orders=orders,
        ties=_tie_counts(found, orders, lists.n_distinct),
    )


def _entries(piece: _Piece) -> tuple[IntArray, IntArray, FloatArray]:
    """List, model and share of everything taken in a piece."""
    places = np.flatnonzero(piece.taken)
    who = np.repeat(piece.lists, places.size)
    return who, piece.items[:, places].ravel(), np.tile(piece.taken[places], piece.lists.size)


def _summed(entries: list[tuple[IntArray, IntArray, FloatArray]], shape: tuple[int, int]) -> Any:
    """Sparse matrix of (row, column, value) triples, repeated cells added up."""
    none = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    row, column, value = (np.concatenate(part) for part in zip(none, *entries, strict=True))
    return sparse.coo_array((value, (row, column)), shape).tocsr()


def _tie_counts(found: list[Stage], orders: IntArray, n_lists: int) -> FloatArray:
    """Count in each list the choices of each order, (n_lists, n_orders)."""
    counts = np.zeros((n_lists, orders.size))
    for stage in found:
        np.add.at(counts[:, np.searchsorted(orders, stage.n_taken) % orders.size], stage.lists, 1)
    return counts


# --- the likelihood of choices ----------------------------------------------------------------


def choice_loss(
    blocks: list[SetBlock], orders: IntArray, scores: FloatArray, log_delta: FloatArray
) -> float:
    """Sum of log Z less the mean score of what was taken, over all choices; no tie terms."""
    loss = 0.0
    for block in blocks:
        of_items = scores[block.items]
        excess = subset_excess(of_items, orders, log_delta)
        gap = of_items.max(axis=1, keepdims=True) - of_items + excess[:, None]
        loss += float((block.taken * gap).sum())
    return loss


@dataclass(frozen=True, eq=False)
class ChoiceDerivatives:
    """Derivatives of the loss, summed over all choices.

    Attributes:
        gradient: (n_players,) of the scores.
        information: (n_players + n_orders,) squared, orders last.
        item: sparse (n_sets, n_players) mean share of each player in what a set gives.
        order: (n_sets, n_orders) probability of each number taken at once.
    """

    gradient: FloatArray
    information: FloatArray
    item: Any
    order: FloatArray


def choice_derivatives(
    blocks: list[SetBlock], orders: IntArray, scores: FloatArray, log_delta: FloatArray
) -> ChoiceDerivatives:
    """Gradient and information of `choice_loss`, from the moments of each set's subsets."""
    n_players, n_orders = scores.size, orders.size
    gradient, linked = np.zeros(n_players), np.zeros((n_players, n_orders))
    pairs = np.zeros(n_players * n_players)
    items, order_rows = [], []
    for block in blocks:
        size = block.items.shape[1]
        step = max(_PAIR_CELLS_MAX // size**2, 1)
        for start in range(0, len(block.items), step):
            rows = slice(start, start + step)
            players, count = block.items[rows], block.count[rows]
            moments = subset_moments(scores[players], orders, log_delta, pairs=True)
            surplus = block.taken[rows] - count[:, None] * moments.item
            gradient -= totals(players, surplus, n_players)
            if moments.pair is not None:
                cell = players[:, :, None] * n_players + players[:, None, :]
                weight = count[:, None, None] * moments.pair
                pairs += totals(cell, weight, n_players**2)
            for place in range(n_orders):
                weight = count[:, None] * moments.item_order[:, place]
                linked[:, place] += totals(players, weight, n_players)
            items.append((players, moments.item))
            order_rows.append(moments.order)
    count = np.concatenate([np.zeros(0), *(block.count for block in blocks)])
    order = np.concatenate([np.zeros((0, n_orders)), *order_rows])
    item = _item_rows(items, n_players)
    weighted = item * count[:, None]
    information = np.zeros((n_players + n_orders, n_players + n_orders))
    of_scores = pairs.reshape(n_players, n_players) - (item.T @ weighted).toarray()
    np.fill_diagonal(of_scores, 0)
    # A shift of all scores changes nothing, so rows sum to zero; 1 - p would lose digits.
    np.fill_diagonal(of_scores, -of_scores.sum(axis=1))
    information[:n_players, :n_players] = of_scores
    linked -= weighted.T @ order
    information[:n_players, n_players:], information[n_players:, :n_players] = linked, linked.T
    of_orders = np.diag(count @ order) - order.T @ (order * count[:, None])
    information[n_players:, n_players:] = of_orders
    return ChoiceDerivatives(gradient, information, item, order)


def _item_rows(rows: list[tuple[IntArray, FloatArray]], n_players: int) -> Any:
    """Sparse (n_sets, n_players) matrix of the values at each set's players."""
    sizes = np.concatenate([np.zeros(0, int), *(np.full(len(p), p.shape[1]) for p, _ in rows)])
    column = np.concatenate([np.zeros(0, int), *(players.ravel() for players, _ in rows)])
    value = np.concatenate([np.zeros(0), *(values.ravel() for _, values in rows)])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array((value, column, starts), shape=(sizes.size, n_players))
