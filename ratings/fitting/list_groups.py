"""Which comparisons of a ranked list share a term of a RankList loss."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.list_kernels import DistinctLists, distinct_rows
from ratings.fitting.sums import totals

Group = Literal["pair", "anchor", "skip", "list"]


@dataclass(frozen=True, eq=False)
class Family:
    """Which comparisons of a list are made, how they are grouped, and what a group weighs."""

    group: Group
    max_skip: int | None
    skip_weights: FloatArray | None
    min_margin: int
    max_anchor: int | None

    @classmethod
    def of(
        cls,
        group: str,
        max_skip: int | None,
        skip_weights: ArrayLike | None,
        min_margin: int,
        max_anchor: int | None,
    ) -> "Family":
        """Check the options."""
        if group not in ("pair", "anchor", "skip", "list"):
            raise ValueError(f"group is {group!r}; use 'pair', 'anchor', 'skip' or 'list'")
        for name, value in (("max_skip", max_skip), ("max_anchor", max_anchor)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; use at least 1, or None for no limit")
        if min_margin < 1:
            raise ValueError(f"min_margin is {min_margin}; use at least 1, the least rank gap")
        weights = None if skip_weights is None else np.array(skip_weights, dtype=np.float64)
        if weights is not None:
            if group not in ("pair", "skip"):
                raise ValueError(f"skip_weights are for 'pair' and 'skip' groups, not {group!r}")
            if weights.ndim != 1 or not weights.size:
                raise ValueError("skip_weights are one weight each for skip 1, 2, …; none is given")
            if not (np.isfinite(weights) & (weights >= 0)).all():
                raise ValueError(f"skip_weights are {weights}; use finite numbers of at least 0")
            if max_skip is not None and weights.size < max_skip:
                raise ValueError(f"max_skip is {max_skip} but there are {weights.size} weights")
            max_skip = weights.size if max_skip is None else max_skip
        if max_anchor is not None and group != "anchor":
            raise ValueError(f"max_anchor is for 'anchor' groups, not {group!r}")
        return cls(group, max_skip, weights, min_margin, max_anchor)  # type: ignore[arg-type]

    def made(self, level: IntArray, skip: IntArray, margin: IntArray) -> BoolArray:
        """Tell which comparisons are made, from the winner's level, the skip and the rank gap."""
        made: BoolArray = margin >= self.min_margin
        if self.max_skip is not None:
            made &= skip <= self.max_skip
        if self.skip_weights is not None:
            last = self.skip_weights.size - 1
            made &= self.skip_weights[np.clip(skip - 1, 0, last)] > 0
        if self.max_anchor is not None:
            made &= level < self.max_anchor
        return made

    def keys(self, winner: IntArray, skip: IntArray) -> IntArray:
        """Number the group of each comparison inside its list."""
        if self.group == "pair":
            return np.arange(winner.size)
        if self.group == "list":
            return np.zeros(winner.size, dtype=np.int64)
        return winner if self.group == "anchor" else skip

    def weights(self, skip: IntArray) -> FloatArray:
        """Weight of each comparison's group."""
        if self.skip_weights is None:
            return np.ones(skip.size)
        weights: FloatArray = self.skip_weights[skip - 1]
        return weights


@dataclass(frozen=True, eq=False)
class GroupBlock:
    """Distinct groups of one size: comparisons (n_groups, size) and weights (n_groups,)."""

    winner: IntArray
    loser: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Groups:
    """Distinct groups over all lists, and sparse (n_distinct, n_groups) which list has which."""

    blocks: list[GroupBlock]
    visits: Any


def grouped_comparisons(lists: DistinctLists, family: Family) -> tuple[Groups, FloatArray]:
    """Merge equal groups over all lists; count the lists that compare each model, (n_models,)."""
    code, owner, key, weight = (
        np.concatenate(part) for part in zip(*_comparisons(lists, family), strict=True)
    )
    n_models = lists.n_models
    by_group = np.lexsort((code, key, owner))
    code, owner, key, weight = (rows[by_group] for rows in (code, owner, key, weight))
    is_new = np.ones(code.size, dtype=bool)
    is_new[1:] = (np.diff(owner) != 0) | (np.diff(key) != 0)
    first = np.flatnonzero(is_new)
    size = np.diff([*first.tolist(), code.size])
    blocks, visited, n_groups = [], [], 0
    for length in np.unique(size).tolist():
        starts = first[size == length]
        distinct, number = distinct_rows(code[starts[:, None] + np.arange(length)], n_models**2)
        who = owner[starts]
        total = totals(number, weight[starts] * lists.weight[who], len(distinct))
        blocks.append(GroupBlock(*np.divmod(distinct, n_models), weight=total))
        visited.append((who, n_groups + number, weight[starts]))
        n_groups += len(distinct)
    none = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    row, column, value = (np.concatenate(part) for part in zip(none, *visited, strict=True))
    visits = sparse.coo_array((value, (row, column)), (lists.n_distinct, n_groups)).tocsr()
    compared = np.unique(
        np.concatenate([owner * n_models + side for side in np.divmod(code, max(n_models, 1))])
    )
    who, model = np.divmod(compared, max(n_models, 1))
    return Groups(blocks, visits), totals(model, lists.copies[who].astype(np.float64), n_models)


def _comparisons(
    lists: DistinctLists, family: Family
) -> list[tuple[IntArray, IntArray, IntArray, FloatArray]]:
    """List all comparisons made: winner * n_models + loser, list, group in the list, weight."""
    none = np.zeros(0, dtype=np.int64)
    found = [(none, none, none, np.zeros(0))]
    for start, items, ranks in lists.blocks:
        level = np.zeros(items.shape, dtype=np.int64)
        level[:, 1:] = np.cumsum(ranks[:, 1:] != ranks[:, :-1], axis=1)
        better, worse = np.triu_indices(items.shape[1], k=1)
        skip = level[:, worse] - level[:, better]
        margin = ranks[:, worse] - ranks[:, better]
        row, pair = np.nonzero(family.made(level[:, better], skip, margin))
        winner = items[row, better[pair]]
        skips = skip[row, pair]
        code = winner * lists.n_models + items[row, worse[pair]]
        found.append((code, start + row, family.keys(winner, skips), family.weights(skips)))
    return found
