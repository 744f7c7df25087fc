"""The ratings over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from arena.common.errors import NotFound
from ratings.boards.charts.history import Series, history
from ratings.boards.choice import BoardChoice
from ratings.boards.exports import Export
from ratings.boards.models import Snapshot
from ratings.boards.reports.course import Point, course
from ratings.boards.selectors import ALL, model_facts

NEWEST = 30  # permanent links listed


def course_context(choice: BoardChoice, chosen: Sequence[str]) -> dict[str, Any]:
    """Return what `boards/course.html` shows; `chosen` are labels to draw in front."""
    points = _points(choice)
    facts = model_facts(choice.arena, list(points))
    names = {label: facts[label].name for label in points}
    unknown = sorted(set(chosen) - points.keys())
    if unknown:
        message = _("No published rating of '%(model)s' on this board.")
        raise NotFound(message % {"model": unknown[0]})
    file = f"{choice.query() or '?'}{'&' if choice.query() else ''}format=csv"
    snapshots = Snapshot.objects.filter(arena=choice.arena, origin=choice.source)
    return {
        "course": history(
            series_of(points, names), selected=[names[label] for label in chosen], csv_url=file
        ),
        "models": [
            {"label": label, "name": names[label], "is_chosen": label in chosen}
            for label in sorted(points, key=lambda label: names[label].casefold())
        ],
        "snapshots": snapshots.order_by("-published_at").defer("board")[:NEWEST],
        "n_snapshots": snapshots.count(),
    }


def series_of(points: dict[str, list[Point]], names: dict[str, str]) -> list[Series]:
    """Return the lines of a chart."""
    return [
        Series(names[label], [(p.at, p.rating, p.low, p.high) for p in published])
        for label, published in points.items()
    ]


def course_export(choice: BoardChoice) -> Export:
    """Return every published rating that the chart is made from."""
    header = ["model", "at", "rating", "low", "high", "method_version"]
    rows = [
        [label, p.at.isoformat(), p.rating, p.low, p.high, p.method_version]
        for label, published in _points(choice).items()
        for p in published
    ]
    data = [dict(zip(header, row, strict=True)) for row in rows]
    return Export(f"{choice.arena.slug}-course", data, header, rows)


def _points(choice: BoardChoice) -> dict[str, list[Point]]:
    # Snapshots are published for each origin by itself.
    return {} if choice.source == ALL else course(choice.arena, choice.source)
