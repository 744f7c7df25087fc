"""A board as the page shows it: names, formatted numbers, positions on a common axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.battles.models import Battle
from arena.integrity.selectors import left_out
from ratings.boards.charts.scale import Axis, linear_axis
from ratings.boards.choice import RAW, SOURCE_NAMES, BoardChoice
from ratings.boards.exports import Export, rows_of
from ratings.boards.methods import METHODS, Note
from ratings.boards.models import ALL_VOTES, Snapshot
from ratings.boards.numbers import percent
from ratings.boards.selectors import (
    SOURCES,
    ModelFacts,
    model_facts,
    n_released_battles,
    waiting_models,
)
from ratings.boards.slices import dimension_of
from ratings.boards.table import Board, Row


def board_context(choice: BoardChoice) -> dict[str, Any]:
    """Return everything that `boards/_rows.html` and the lists of leaders show."""
    board, arena = choice.board, choice.arena
    models = choice.models
    waiting = waiting_models(arena, {row.model for row in board.rows})
    is_of_all_votes = choice.slice == ALL_VOTES and not choice.method and not choice.is_raw
    return {
        **_shown(board, models, _flips(choice), choice.query()),
        "waiting": waiting if choice.source != "imported" else [],
        "n_battles": n_released_battles(arena, choice.source) if is_of_all_votes else None,
        "updated_at": _updated_at(choice),
        "source": choice.source,
        "parameters": {
            _(name.replace("_", " ")): value
            for name, value in choice.finding.get("parameters", {}).items()
        },
        "notes": _notes(choice),
        "shares": _shares(choice, models),
        "shares_title": _said(choice.finding.get("shares_title", "")),
        "about": about_method(choice),
        "slice": about_slice(choice),
        "is_of_dimension": bool(dimension_of(choice.slice)),
    }


def about_method(choice: BoardChoice) -> dict[str, str] | None:
    """Return name and explanation of the chosen method in the language of the page."""
    method = METHODS.get(choice.method)
    if method is None:
        return None
    return {"name": _(method.name), "explanation": _(method.explanation)}


def about_slice(choice: BoardChoice) -> dict[str, str] | None:
    """Return group and label of the chosen slice in the language of the page."""
    one = choice.known_slices.get(choice.slice)
    return None if one is None else {"group": _said(one.group), "label": _said(one.label)}


def _said(words: object) -> str:
    # An empty message is that of a catalogue's head.
    return _(str(words)) if words else ""


def _notes(choice: BoardChoice) -> list[str]:
    """Return what to know of a fit; passes of before kept no more than its English."""
    if "said" not in choice.finding:
        return [_said(note) for note in choice.finding.get("notes", [])]
    return [Note(**one).in_words() for one in choice.finding["said"]]


def _updated_at(choice: BoardChoice) -> Any:
    if choice.method and choice.analysis:
        return choice.analysis.made_at
    return timezone.now()


def _shares(choice: BoardChoice, models: Mapping[str, ModelFacts]) -> list[dict[str, str]]:
    """Return what a method says of each model beside its rating, best first."""
    found: dict[str, list[float]] = choice.finding.get("shares", {})
    return [
        {
            "name": models[label].name,
            "share_text": percent(share, 1),
            "error_text": f"± {percent(1.96 * error, 1)}",
        }
        for label, (share, error) in sorted(found.items(), key=lambda one: -one[1][0])
    ]


def _flips(choice: BoardChoice) -> dict[str, int]:
    """Return by model how many dropped votes would put it below the next, as last examined."""
    if choice.slice != ALL_VOTES or choice.method or choice.is_raw:
        return {}
    flips = choice.findings.get("flips", [])
    return {f["above"]: f["votes_to_flip"] for f in flips if f["votes_to_flip"] is not None}


def _shown(
    board: Board,
    models: Mapping[str, ModelFacts],
    flips: Mapping[str, int],
    query: str,
) -> dict[str, Any]:
    axis = linear_axis(
        [end for row in board.rows for end in _ends(row)] or [1000.0], wanted=4, min_step=1
    )
    rows = [_row(row, models[row.model], axis) for row in board.rows]
    for shown in rows:
        shown["votes_to_flip"] = flips.get(shown["model"]["label"])
    return {
        "rows": rows,
        "axis": {"ticks": axis.ticks},
        "n_votes": board.n_votes,
        "method": board.method,
        "method_version": board.method_version,
        "is_connected": board.n_groups <= 1,
        "disconnected_note": _groups_note(board),
        "has_flips": bool(flips),
        "query": query,
    }


def _row(row: Row, model: ModelFacts, axis: Axis) -> dict[str, Any]:
    low, high = _ends(row)
    return {
        "rank": row.rank,
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "group": row.group,
        "model": {
            "name": model.name,
            "label": row.model,
            "organisation": model.organisation,
            "licence": model.licence,
            "open_weights": model.has_open_weights,
            "description": model.description,
            "url": model.homepage,
        },
        "rating": row.rating,
        "low": row.low,
        "high": row.high,
        "rating_text": f"{row.rating:.0f}",
        "interval_text": "" if row.is_provisional else f"{row.low:.0f}–{row.high:.0f}",
        "insufficient": row.is_provisional,
        "votes": row.votes,
        "whisker": {
            "x_low": axis.position(low),
            "x_mid": axis.position(row.rating),
            "x_high": axis.position(high),
        },
    }


def _ends(row: Row) -> tuple[float, float]:
    """Return the ends of the drawn line: a provisional model is a point."""
    return (row.rating, row.rating) if row.is_provisional else (row.low, row.high)


def _groups_note(board: Board) -> str:
    if board.n_groups <= 1:
        return ""
    note = _(
        "These models form %(n)s groups that never met each other. "
        "Ratings and ranks can be compared within a group only."
    )
    return note % {"n": board.n_groups}


def controls(choice: BoardChoice) -> dict[str, Any]:
    """Return the choices above a board: which votes, which prompts, which method."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for key in choice.slices:
        one = choice.known_slices[key]
        entry = {"key": key, "label": _said(one.label), "is_chosen": key == choice.slice}
        groups.setdefault(_said(one.group), []).append(entry)
    found = choice.findings.get("methods", {})
    return {
        "sources": [
            {"key": key, "label": _(SOURCE_NAMES[key]), "is_chosen": key == choice.source}
            for key in SOURCES
        ],
        "slice_groups": [{"name": name, "slices": slices} for name, slices in groups.items()],
        "methods": [
            {"key": key, "label": _(METHODS[key].name), "is_chosen": key == choice.method}
            for key in METHODS
            if "board" in found.get(key, {})
        ],
    }


def board_export(choice: BoardChoice) -> Export:
    """Return the board as the command prints it."""
    data = {"arena": choice.arena.slug, "source": choice.source, **choice.board.as_dict()}
    if choice.is_raw:
        data["votes"] = RAW
    if choice.slice:
        data["slice"] = choice.slice
    header, rows = rows_of(choice.board.rows)
    return Export(f"{choice.arena.slug}-board", data, header, rows)


def snapshot_export(snapshot: Snapshot) -> Export:
    """Return a published board as it was, with its digest."""
    facts = {
        "arena": snapshot.arena.slug,
        "source": snapshot.origin,
        "published_at": snapshot.published_at.isoformat(),
        "sha256": snapshot.sha256,
    }
    board = Board.from_dict(snapshot.board)
    header, rows = rows_of(board.rows)
    return Export(f"{snapshot.arena.slug}-{snapshot.pk}", {**facts, **snapshot.board}, header, rows)


def snapshot_context(snapshot: Snapshot) -> dict[str, Any]:
    """Return a published board as its page shows it."""
    board = Board.from_dict(snapshot.board)
    models = model_facts(snapshot.arena, [row.model for row in board.rows])
    shown = _shown(board, models, {}, "")
    return {**shown, "updated_at": snapshot.published_at, "source": snapshot.origin}


def left_out_context(choice: BoardChoice) -> dict[str, Any]:
    """Return how many live votes of the arena do not count, and why; raw and counted addresses.

    Nobody holds the votes of a file by others.
    """
    rows = left_out(choice.arena) if choice.source != Battle.Origin.IMPORTED else []
    path = reverse("board", args=[choice.arena.slug])
    return {
        "rows": rows,
        "n_votes": sum(row["n_votes"] for row in rows),
        "can_be_raw": not (choice.slice or choice.method),
        "raw_url": path + choice.query(votes=RAW, slice="", method=""),
        "counted_url": path + choice.query(votes=""),
    }


def model_address(choice: BoardChoice, label: str) -> str:
    """Return the address of a model's page on this board."""
    path: str = reverse("board_model", args=[choice.arena.slug, label])
    return path + choice.query(slice=ALL_VOTES, method="", votes="")
