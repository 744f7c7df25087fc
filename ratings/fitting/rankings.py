"""Ranked lists with ties: what every listwise fit reads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.validation import check_n_models, check_shape, counts, integers

# Keys of rows are kept below this, so that one more digit cannot overflow int64.
_KEY_MAX = 1 << 62
# Ranks above this are refused: two of them and a row number must fit into one key.
_RANK_MAX = (1 << 31) - 1


class BadRanking(ValueError):
    """One of the given lists is not a ranking.

    Attributes:
        row: number of the list in the order given.
    """

    def __init__(self, row: int, problem: str) -> None:
        self.row = int(row)
        super().__init__(f"list {self.row} {problem}")


@dataclass(frozen=True, eq=False)
class Rankings:
    """Ranked lists of models, with ties, in an order that the input order cannot change.

    Lists may be given in any order, and so may the models of a list; they are sorted by length,
    models, ranks, cluster and weight, and lists of weight 0 are left out. Equal lists therefore
    give bit-identical arrays, and bit-identical fits. Arrays are read-only copies.

    Attributes:
        n_models: number of models; they are numbered 0 to n_models - 1.
        items: (n_entries,) int64 models, one list after the other, best first.
        ranks: (n_entries,) int64 ranks within the list: 1 is best, equal ranks tie. Ranks may
            leave numbers out; only the fits with a least rank gap look at how many.
        offsets: (n_lists + 1,) int64; list l is ``items[offsets[l]:offsets[l + 1]]``.
        cluster: (n_lists,) int64 number of the voter of each list, or None: each on its own.
        weight: (n_lists,) float64 weight of each list in the likelihood, or None: all 1. A weight
            is not a frequency: one list of weight 2 carries twice the noise of a list, not that of
            two lists.

    Raises:
        BadRanking: a list of fewer than two models, a model twice in a list or out of range, or a
            rank below 1.
        ValueError: wrong shapes or types, offsets that do not partition the entries, or a weight
            that is negative or not finite.
    """

    n_models: int
    items: IntArray
    ranks: IntArray
    offsets: IntArray
    cluster: IntArray | None = None
    weight: FloatArray | None = None

    def __post_init__(self) -> None:
        """Validate the given lists and replace them by their canonical form."""
        check_n_models(self.n_models)
        items, ranks, offsets = self._checked_lists()
        n_lists = offsets.size - 1
        cluster, weight = None, None
        if self.cluster is not None:
            cluster = _int64("cluster", self.cluster)
            check_shape("cluster", cluster, (n_lists,))
        if self.weight is not None:
            weight = counts("weight", self.weight, n_lists, "weight")
        arrays = _canonical_lists(self.n_models, items, ranks, offsets, cluster, weight)
        for name, array in arrays.items():
            if array is not None:
                array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def from_matrix(
        cls,
        ranks: ArrayLike,
        *,
        cluster: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> Self:
        """Read a matrix (n_lists, n_models) of ranks: 1 is best, 0 is not in the list.

        Raises:
            BadRanking, ValueError: as the class says.
        """
        matrix = np.asarray(ranks)
        if matrix.ndim != 2:
            raise ValueError(f"ranks have shape {matrix.shape}; expected (n_lists, n_models)")
        if matrix.size and matrix.dtype.kind not in "iu":
            raise ValueError(f"ranks have type {matrix.dtype}; expected integers, 0 for absent")
        row, item = np.nonzero(matrix)
        offsets = np.concatenate([[0], np.cumsum(np.count_nonzero(matrix, axis=1))])
        found = matrix[row, item]
        return cls(matrix.shape[1], item, found, offsets, *_optional(cluster, weight))

    @classmethod
    def from_orderings(
        cls,
        n_models: int,
        orderings: Iterable[Sequence[int | Sequence[int]]],
        *,
        cluster: ArrayLike | None = None,
        weight: ArrayLike | None = None,
    ) -> Self:
        """Read lists of models, best first; models that tie stand in a sequence of their own.

        ``[[2, (0, 1)]]`` is one list in which model 2 is ahead of 0 and 1, which tie.

        Raises:
            BadRanking, ValueError: as the class says.
        """
        items: list[int] = []
        ranks: list[int] = []
        offsets = [0]
        for ordering in orderings:
            for rank, place in enumerate(ordering, start=1):
                tied = place if isinstance(place, (Sequence, np.ndarray)) else (place,)
                items.extend(tied)
                ranks.extend([rank] * len(tied))
            offsets.append(len(items))
        arrays = (np.asarray(items), np.asarray(ranks), np.asarray(offsets))
        return cls(n_models, *arrays, *_optional(cluster, weight))

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return int(self.offsets.size - 1)

    @property
    def sizes(self) -> IntArray:
        """Number of models in each list, (n_lists,), never falling."""
        sizes: IntArray = np.diff(self.offsets)
        return sizes

    def by_size(self) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Yield the lists of each length: number of the first one, items and ranks (n, length)."""
        lengths, counts = np.unique(self.sizes, return_counts=True)
        start = 0
        for length, count in zip(lengths.tolist(), counts.tolist(), strict=True):
            stop = start + count
            entries = slice(int(self.offsets[start]), int(self.offsets[stop]))
            shape = (count, length)
            yield start, self.items[entries].reshape(shape), self.ranks[entries].reshape(shape)
            start = stop

    def _checked_lists(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return items, ranks and offsets as int64, valid."""
        items, ranks = _int64("items", self.items), _int64("ranks", self.ranks)
        offsets = _int64("offsets", self.offsets)
        if ranks.shape != items.shape:
            raise ValueError(f"ranks have shape {ranks.shape} and items {items.shape}")
        ends = (offsets[0], offsets[-1]) if offsets.size else (None, None)
        if ends != (0, items.size):
            raise ValueError(
                f"offsets run from {ends[0]} to {ends[1]}; expected 0 to {items.size}, "
                "the number of items"
            )
        sizes = np.diff(offsets)
        short = sizes < 2
        if short.any():
            row = int(np.argmax(short))
            raise BadRanking(row, f"ranks {sizes[row]} models; a ranking needs two or more")
        self._check_entries(items, ranks, np.repeat(np.arange(sizes.size), sizes))
        return items, ranks, offsets

    def _check_entries(self, items: IntArray, ranks: IntArray, row: IntArray) -> None:
        """Refuse unknown and repeated models and ranks that are none; `row` is each one's list."""
        unknown = (items < 0) | (items >= self.n_models)
        if unknown.any():
            at = int(np.argmax(unknown))
            raise BadRanking(
                row[at], f"ranks model {items[at]}; models are numbered 0 to {self.n_models - 1}"
            )
        wrong = (ranks < 1) | (ranks > _RANK_MAX)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise BadRanking(row[at], f"has a rank {ranks[at]}; ranks are 1 to {_RANK_MAX}")
        entry = np.sort(row * self.n_models + items)
        twice = entry[1:] == entry[:-1]
        if twice.any():
            repeated_in, model = divmod(int(entry[np.argmax(twice)]), self.n_models)
            raise BadRanking(repeated_in, f"ranks model {model} twice")


def lexical_keys(rows: IntArray, base: int) -> IntArray:
    """Number rows (n_rows, n) of integers 0 to base - 1, (n_rows,): keys compare as rows do.

    A row is read as a number of base `base`; where that would overflow, the keys so far are
    replaced by their places in their sorted order, which compare alike.
    """
    keys = np.zeros(len(rows), dtype=np.int64)
    size = 1
    for column in rows.T:
        if size > _KEY_MAX // max(base, 1):
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
            size = len(rows)
        keys = keys * base + column
        size *= base
    return keys


def _canonical_lists(
    n_models: int,
    items: IntArray,
    ranks: IntArray,
    offsets: IntArray,
    cluster: IntArray | None,
    weight: FloatArray | None,
) -> dict[str, NDArray[Any] | None]:
    """Sort each list by rank and model, and the lists by length and content."""
    sizes = np.diff(offsets)
    kept = np.ones(sizes.size, dtype=bool) if weight is None else weight > 0
    order, item_rows, rank_rows = [], [], []
    for size in np.unique(sizes[kept]).tolist():
        lists = np.flatnonzero(kept & (sizes == size))
        places = offsets[lists][:, None] + np.arange(size)
        by_rank = np.lexsort((items[places], ranks[places]))
        places = np.take_along_axis(places, by_rank, axis=1)
        keys = lexical_keys(
            np.hstack([items[places], ranks[places]]), max(n_models, int(ranks.max()) + 1)
        )
        also = [values[lists] for values in (weight, cluster) if values is not None]
        sort = np.lexsort((*also, keys))
        order.append(lists[sort])
        item_rows.append(items[places[sort]].ravel())
        rank_rows.append(ranks[places[sort]].ravel())
    lists = _joined(order)
    return {
        "items": _joined(item_rows),
        "ranks": _joined(rank_rows),
        "offsets": np.concatenate([[0], np.cumsum(sizes[lists])]).astype(np.int64),
        "cluster": None if cluster is None else cluster[lists],
        "weight": None if weight is None else weight[lists],
    }


def _joined(arrays: list[IntArray]) -> IntArray:
    """Join integer arrays, of which there may be none."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])


def _optional(
    cluster: ArrayLike | None, weight: ArrayLike | None
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Turn what was given per list into arrays."""
    return (
        None if cluster is None else np.asarray(cluster),
        None if weight is None else np.asarray(weight),
    )


def _int64(name: str, values: ArrayLike) -> IntArray:
    """Return integers as (n,) int64, a copy."""
    return integers(name, values).astype(np.int64)
