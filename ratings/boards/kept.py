"""Tallies kept in this process: a board that changed reads only the pairs that changed.

The kept counts are a cache of `boards_tally` that brings itself up to date whenever it is asked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from ratings.fitting.tallies import PairTallies

# A change is stamped when it is made and seen when its transaction ends. Counting takes
# milliseconds, so whatever was stamped this long before the newest seen is read once more.
SEEN_LATE = timedelta(minutes=1)
MOST_KEPT = 64  # boards in one process; 400 models are 5 MB
Key = tuple[int, str, str]  # arena, origin, slice


@dataclass
class KeptTallies:
    """Counts of every pair of one arena, origin and slice."""

    arena_id: int
    origin: str
    slice: str
    read_to: datetime | None = None
    stamp: tuple[object, ...] = ()
    place: dict[int, int] = field(default_factory=dict)  # revision → row and column
    # (n, n, 4): wins of the lower revision, of the higher, ties, both bad; in [place of low,
    # place of high].
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 4), dtype=np.int64))

    def bring_up_to_date(self) -> None:
        """Read what has changed since the last time."""
        rows = self._changed_rows()
        if not rows:
            return
        self._make_room({revision for row in rows for revision in row[:2]})
        low = [self.place[row[0]] for row in rows]
        high = [self.place[row[1]] for row in rows]
        self.cells[low, high] = np.array([row[2:6] for row in rows], dtype=np.int64)
        self.read_to = max(row[6] for row in rows)
        # One late change may carry an older stamp than another: the sum tells them apart.
        self.stamp = (self.read_to, int(self.cells.sum()))

    def _changed_rows(self) -> list[tuple[int, int, int, int, int, int, datetime]]:
        query = (
            "SELECT low_id, high_id, wins_low, wins_high, ties, both_bad, changed_at "
            "FROM boards_tally WHERE arena_id = %s AND origin = %s AND slice = %s"
        )
        parameters: list[object] = [self.arena_id, self.origin, self.slice]
        if self.read_to is not None:
            query += " AND changed_at >= %s"
            parameters.append(self.read_to - SEEN_LATE)
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()

    def _make_room(self, revisions: set[int]) -> None:
        new = sorted(revisions - self.place.keys())
        if not new:
            return
        old = len(self.place)
        self.place.update({revision: old + i for i, revision in enumerate(new)})
        grown = np.zeros((old + len(new), old + len(new), 4), dtype=np.int64)
        grown[:old, :old] = self.cells
        self.cells = grown


_kept: OrderedDict[Key, KeptTallies] = OrderedDict()
_lock = threading.Lock()


def kept_tallies(arena_id: int, origins: Sequence[str], slice_key: str) -> Counts:
    """Return the counts of these origins together, up to date.

    Inside a transaction they are read afresh: it sees changes that others may never see.
    """
    if connection.in_atomic_block:
        parts = [KeptTallies(arena_id, origin, slice_key) for origin in origins]
        for part in parts:
            part.bring_up_to_date()
        return Counts.of(parts)
    with _lock:
        parts = [_keep((arena_id, origin, slice_key)) for origin in origins]
        for part in parts:
            part.bring_up_to_date()
        return Counts.of(parts)


def _keep(key: Key) -> KeptTallies:
    kept = _kept.setdefault(key, KeptTallies(*key))
    _kept.move_to_end(key)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return kept


@dataclass(frozen=True)
class Counts:
    """Counts of all pairs at one moment; `stamp` is equal when nothing has changed."""

    stamp: tuple[object, ...]
    revisions: list[int]
    cells: np.ndarray  # (n, n, 4) as in KeptTallies

    @classmethod
    def of(cls, parts: Sequence[KeptTallies]) -> Counts:
        """Add the counts of several origins."""
        revisions = sorted({revision for part in parts for revision in part.place})
        place = {revision: i for i, revision in enumerate(revisions)}
        cells = np.zeros((len(revisions), len(revisions), 4), dtype=np.int64)
        for part in parts:
            at = [place[revision] for revision in part.place]
            cells[np.ix_(at, at)] += part.cells
        return cls(tuple(part.stamp for part in parts), revisions, cells)

    def tallies(self, labels: dict[int, str]) -> tuple[list[str], PairTallies]:
        """Return the sorted labels of every revision with a vote, and the tallies over them."""
        low, high = np.nonzero(self.cells.any(axis=2))
        counts = self.cells[low, high].astype(float)
        voted = sorted({*low.tolist(), *high.tolist()}, key=lambda i: labels[self.revisions[i]])
        number = np.zeros(len(self.revisions), dtype=np.int64)
        number[voted] = np.arange(len(voted))
        names = [labels[self.revisions[i]] for i in voted]
        return names, PairTallies(len(names), number[low], number[high], *counts.T)
