"""Tallies kept in this process: a board that changed reads only the pairs that changed.

The kept counts are a cache of `boards_tally` that brings itself up to date whenever it is asked.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from arena.common.hashing import sha256_hex
from ratings.fitting.kernels import filled_cells
from ratings.fitting.tallies import PairTallies

# A change is stamped when it is made and seen when its transaction ends: counting takes
# milliseconds, and a task that takes a minute is killed. So whatever was stamped this long before
# the newest seen is read once more, until that newest is as old itself. Counting anew may take
# longer, but nothing else is stamped meanwhile.
SEEN_LATE = timedelta(minutes=2)
MOST_KEPT = 64  # boards in one process; 400 models are 5 MB
Key = tuple[int, str, str]  # arena, origin, slice
TallyRow = tuple[int, int, int, int, int, int, datetime]

_versions = itertools.count(1)  # never the same twice, whichever boards were dropped meanwhile


@dataclass
class KeptTallies:
    """Counts of every pair of one arena, origin and slice.

    `revisions` and `cells` are replaced, never written to: whoever holds them keeps what they saw.
    """

    arena_id: int
    origin: str
    slice: str
    read_after: datetime | None = None
    newest: datetime | None = None
    version: int = 0  # 0 without any tally
    revisions: list[int] = field(default_factory=list)  # sorted
    # (n, n, 4): wins of the lower revision, of the higher, ties, both bad; in [place of low,
    # place of high].
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 4), dtype=np.int64))

    def bring_up_to_date(self) -> None:
        """Read what has changed since the last time."""
        now, rows = self._changed_rows()
        if rows:
            self._take(rows)
            self.newest = max(row[6] for row in rows)
        if self.newest is not None:
            is_settled = now - self.newest > SEEN_LATE
            self.read_after = self.newest if is_settled else self.newest - SEEN_LATE

    def _changed_rows(self) -> tuple[datetime, list[TallyRow]]:
        """Return the clock of PostgreSQL when it looked, and what it saw."""
        query = (
            "SELECT clock.now, low_id, high_id, wins_low, wins_high, ties, both_bad, changed_at "
            "FROM (SELECT statement_timestamp() AS now) clock LEFT JOIN boards_tally "
            "ON arena_id = %s AND origin = %s AND slice = %s"
        )
        parameters: list[int | str | datetime] = [self.arena_id, self.origin, self.slice]
        if self.read_after is not None:
            query += " AND changed_at > %s"
            parameters.append(self.read_after)
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            rows = cursor.fetchall()
        return rows[0][0], [row[1:] for row in rows if row[1] is not None]

    def _take(self, rows: list[TallyRow]) -> None:
        table = np.array([row[:6] for row in rows], dtype=np.int64)
        revisions = np.union1d(self.revisions, table[:, :2]).astype(np.int64)
        old = np.searchsorted(revisions, self.revisions)
        at = tuple(np.searchsorted(revisions, table[:, :2]).T)
        counted = table[:, 2:]
        is_larger = revisions.size > old.size
        # A row that is read once more has mostly been seen; then nothing has changed.
        if not is_larger and np.array_equal(self.cells[at], counted):
            return
        if is_larger:
            cells = np.zeros((revisions.size, revisions.size, 4), dtype=np.int64)
            cells[np.ix_(old, old)] = self.cells
        else:
            cells = self.cells.copy()
        cells[at] = counted
        self.revisions, self.cells, self.version = revisions.tolist(), cells, next(_versions)


_kept: OrderedDict[Key, KeptTallies] = OrderedDict()
_lock = threading.Lock()


def kept_tallies(arena_id: int, origins: Sequence[str], slices: Sequence[str]) -> Counts:
    """Return the counts of these origins and slices together, up to date.

    Inside a transaction they are read afresh: it sees changes that others may never see.
    """
    if connection.in_atomic_block:
        parts = [KeptTallies(arena_id, origin, key) for origin in origins for key in slices]
        for part in parts:
            part.bring_up_to_date()
        return Counts.of(parts)
    with _lock:
        parts = [_keep((arena_id, origin, key)) for origin in origins for key in slices]
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

    stamp: tuple[int, ...]
    revisions: list[int]  # sorted
    cells: np.ndarray  # (n, n, 4) as in KeptTallies

    @classmethod
    def of(cls, parts: Sequence[KeptTallies]) -> Counts:
        """Add the counts of several origins and slices."""
        stamp = tuple(part.version for part in parts)
        voted = [part for part in parts if part.revisions]
        if len(voted) == 1:
            return cls(stamp, voted[0].revisions, voted[0].cells)
        revisions = sorted({revision for part in voted for revision in part.revisions})
        cells = np.zeros((len(revisions), len(revisions), 4), dtype=np.int64)
        for part in voted:
            at = np.searchsorted(revisions, part.revisions)
            cells[np.ix_(at, at)] += part.cells
        return cls(stamp, revisions, cells)

    def sha256(self) -> str:
        """Return a digest that is equal when every pair has equal counts."""
        low, high = np.nonzero(self.cells.any(axis=2))
        revisions = np.array(self.revisions, dtype=np.int64)
        parts = (revisions[low], revisions[high], self.cells[low, high])
        order = np.lexsort((parts[1], parts[0]))
        return sha256_hex(b"".join(np.ascontiguousarray(part[order]).tobytes() for part in parts))

    def tallies(self, labels: dict[int, str]) -> tuple[list[str], PairTallies]:
        """Return the sorted labels of every revision with a vote, and the tallies over them."""
        wins_low, wins_high, ties, both_bad = np.moveaxis(self.cells, 2, 0)
        low, high = np.nonzero(wins_low | wins_high | ties | both_bad)
        has_vote = np.zeros(len(self.revisions), dtype=bool)
        has_vote[low] = has_vote[high] = True
        voted = np.flatnonzero(has_vote).tolist()
        voted.sort(key=lambda i: labels[self.revisions[i]])
        number = np.zeros(len(self.revisions), dtype=np.int64)
        number[voted] = np.arange(len(voted))
        # Both ways round, of which the upper triangle is read: the earlier label is the first.
        table = np.zeros((len(voted), len(voted), 4), dtype=np.int64)
        table[number[low], number[high]] = self.cells[low, high]
        table[number[high], number[low]] = self.cells[low, high][:, [1, 0, 2, 3]]
        first, second, counts = filled_cells(table)
        names = [labels[self.revisions[i]] for i in voted]
        return names, PairTallies(len(names), first, second, *counts)
