"""The course of ratings over the published snapshots of a board."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from arena.arenas.models import Arena
from ratings.boards.models import Snapshot

MOST_POINTS = 200  # snapshots on a chart: more than that is finer than a pixel


@dataclass(frozen=True)
class Point:
    """A model's rating as it was published; Elo points."""

    at: datetime
    rating: float
    low: float
    high: float
    method_version: int


def course(arena: Arena, origin: str) -> dict[str, list[Point]]:
    """Return each model's published ratings in order of time, thinned to `MOST_POINTS`.

    Ratings under which a model was provisional are left out: they had no interval.
    """
    published = Snapshot.objects.filter(arena=arena, origin=origin)
    step = max(1, -(-published.count() // MOST_POINTS))
    numbered = published.annotate(
        back=Window(RowNumber(), order_by=F("published_at").desc())
    ).filter(back__in=range(1, step * MOST_POINTS + 1, step))
    found: defaultdict[str, list[Point]] = defaultdict(list)
    for snapshot in numbered.order_by("published_at").iterator(chunk_size=20):
        for row in snapshot.board["rows"]:
            if not row["is_provisional"]:
                point = Point(
                    snapshot.published_at, row["rating"], row["low"], row["high"],
                    snapshot.board["method_version"],
                )  # fmt: skip
                found[row["model"]].append(point)
    return dict(found)
