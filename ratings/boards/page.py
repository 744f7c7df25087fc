"""A board as the page shows it: names, formatted numbers, positions on a common axis."""

from __future__ import annotations

import math
from typing import Any

from django.utils import timezone

from arena.arenas.models import Arena
from models_registry.models import Revision
from ratings.boards.selectors import (
    SOURCES,
    battles_by_revision,
    live_board,
    released_battles,
    revisions_by_label,
)
from ratings.boards.table import METHOD_VERSION, Board, Row

TICKS_WANTED = 5


def board_context(arena: Arena, source: str) -> dict[str, Any]:
    """Return everything that `boards/board.html` and `boards/_rows.html` show."""
    board = live_board(arena, source)
    revisions = revisions_by_label(arena)
    battles = battles_by_revision(arena, source)
    low, high, ticks = _axis(board)
    rated = {row.model for row in board.rows}
    waiting = [
        revision.model.name
        for revision in Revision.objects.competing(arena.modality).select_related("model")
        if revision.label not in rated
    ]
    return {
        "rows": [_row(row, revisions[row.model], battles, low, high) for row in board.rows],
        "axis": {"ticks": ticks},
        "waiting": waiting if source != "imported" else [],
        "n_votes": board.n_votes,
        "n_battles": released_battles(arena, source).count(),
        "updated_at": timezone.now(),
        "method": board.method,
        "method_version": METHOD_VERSION,
        "source": source,
        "sources": SOURCES,
        "is_connected": board.n_groups <= 1,
        "disconnected_note": _groups_note(board),
    }


def _row(
    row: Row, revision: Revision, battles: dict[int, int], low: float, high: float
) -> dict[str, Any]:
    model = revision.model

    def position(value: float) -> float:
        return round(min(max((value - low) / (high - low), 0), 1) * 100, 2)

    return {
        "rank": row.rank,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "group": row.group,
        "model": {
            "name": model.name,
            "label": row.model,
            "organisation": model.organisation.name,
            "licence": model.licence,
            "open_weights": model.has_open_weights,
            "description": model.description,
            "url": model.organisation.homepage,
        },
        "rating": row.rating,
        "low": row.low,
        "high": row.high,
        "rating_text": f"{row.rating:.0f}",
        "interval_text": "" if row.is_provisional else f"{row.low:.0f}–{row.high:.0f}",
        "insufficient": row.is_provisional,
        "votes": row.votes,
        "battles": battles.get(revision.pk, 0),
        "whisker": {
            "x_low": position(_ends(row)[0]),
            "x_mid": position(row.rating),
            "x_high": position(_ends(row)[1]),
        },
    }


def _ends(row: Row) -> tuple[float, float]:
    """Return the ends of the drawn line: a provisional model is a point."""
    return (row.rating, row.rating) if row.is_provisional else (row.low, row.high)


def _axis(board: Board) -> tuple[float, float, list[dict[str, Any]]]:
    """Return the ends of the common axis and its ticks, at round numbers."""
    if not board.rows:
        return 900.0, 1100.0, []
    ends = [end for row in board.rows for end in _ends(row)]
    low, high = min(ends), max(ends)
    raw = max(high - low, TICKS_WANTED) / TICKS_WANTED  # ticks are whole numbers
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= raw)
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    if first == last:  # one rating for all, at a round number
        first, last = first - step, last + step
    n_steps = round((last - first) / step)
    ticks = [
        {"x": round(100 * i / n_steps, 2), "label": f"{first + i * step:.0f}"}
        for i in range(n_steps + 1)
    ]
    return first, last, ticks


def _groups_note(board: Board) -> str:
    if board.n_groups <= 1:
        return ""
    return (
        f"These models form {board.n_groups} groups that never met each other. "
        "Ratings and ranks can be compared within a group only."
    )
