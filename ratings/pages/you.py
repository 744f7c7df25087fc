"""The leaderboard of one voter: a page of the voter's own data that needs the boards."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.accounts.middleware import known_voter
from models_registry.models import Revision
from ratings.boards.charts.scale import Axis, linear_axis
from ratings.boards.selectors import revisions_by_label
from ratings.boards.table import FEW_VOTES, Row
from ratings.pages.own_board import OwnBoard, own_boards


@never_cache
@require_safe
def own_boards_page(request: HttpRequest) -> HttpResponse:
    """Show what the voter's votes alone say, arena by arena."""
    voter = known_voter(request)
    context = {
        "voter": voter,
        "boards": [_shown(own) for own in own_boards(voter)] if voter else [],
    }
    return render(request, "accounts/boards.html", context)


def _shown(own: OwnBoard) -> dict[str, Any]:
    rows = own.board.rows
    ranked = [row for row in rows if not row.is_provisional]
    axis = linear_axis([end for row in rows for end in _ends(row)], wanted=4, min_step=1)
    revisions, public = revisions_by_label(own.arena), own.public_rows
    return {
        "arena": own.arena,
        "n_votes": own.board.n_votes,
        "n_groups": own.board.n_groups,
        "n_unranked": len(rows) - len(ranked),
        "has_ranks": bool(ranked),
        "few_votes": FEW_VOTES,
        "has_few_votes": any(row.votes < FEW_VOTES for row in ranked),
        "has_overlaps": any(row.rank_low < row.rank_high for row in ranked),
        "agreement": own.agreement,
        "ticks": axis.ticks,
        "rows": [_row(row, revisions[row.model], public.get(row.model), axis) for row in rows],
    }


def _row(row: Row, revision: Revision, public: Row | None, axis: Axis) -> dict[str, Any]:
    low, high = _ends(row)
    return {
        "label": row.model,
        "name": revision.model.name,
        "organisation": revision.model.organisation.name,
        "rank": row.rank,
        "range_text": _span(row),
        "rating_text": f"{row.rating:.0f}",
        "interval_text": "" if row.is_provisional else f"{row.low:.0f}–{row.high:.0f}",
        "whisker": {
            "x_low": axis.position(low),
            "x_mid": axis.position(row.rating),
            "x_high": axis.position(high),
        },
        "votes": row.votes,
        "public_rank": public.rank if public else None,
        "public_range_text": _span(public) if public else _("not counted yet"),
    }


def _ends(row: Row) -> tuple[float, float]:
    """Return the ends of the drawn line: a model without a rank is a point."""
    return (row.rating, row.rating) if row.is_provisional else (row.low, row.high)


def _span(row: Row) -> str:
    """Return the ranks that are possible, where there are several."""
    if row.rank is None:
        return _("too few votes")
    return "" if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}"
