"""The front page, the documentation, and the health of this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.votes.models import Vote
from models_registry.models import Model
from ratings.boards.choice import BoardChoice
from ratings.boards.pages import board_context
from ratings.boards.selectors import default_source
from ratings.pages.documents import navigation, read_translated
from ratings.releases.models import Release
from ratings.releases.page import release_facts
from ratings.rewards.models import RewardModel
from ratings.rewards.page import reward_facts

LEADERS = 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say in one glance what this is, and let one start."""
    context: dict[str, Any] = {
        "totals": {
            "battles": Battle.objects.filter(origin=Battle.Origin.LIVE).count(),
            "votes": Vote.objects.filter(source__isnull=True, withdrawal__isnull=True).count(),
            "models": Model.objects.filter(status=Model.Status.PUBLIC).count(),
        },
        "leaders": [
            {"arena": arena, **board, "rows": board["rows"][:LEADERS]}
            for arena in Arena.objects.filter(is_open=True)
            if (board := board_context(BoardChoice(arena, default_source(arena))))["rows"]
        ],
        "latest_release": _latest(Release.objects.select_related("arena"), release_facts),
        "latest_reward": _latest(RewardModel.objects.select_related("release"), reward_facts),
    }
    return render(request, "home.html", context)


def _latest(rows: QuerySet[Any], facts: Callable[[Any], dict[str, Any]]) -> dict[str, Any] | None:
    newest = rows.first()
    return facts(newest) if newest else None


@require_safe
def docs(request: HttpRequest, path: str = "about") -> HttpResponse:
    """Show one document."""
    document, language = read_translated(path)
    context = {
        "title": document.title,
        "html": document.html,
        "toc": document.toc,
        "nav": navigation(path),
        "written_in": language,
    }
    return render(request, "docs/page.html", context)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when this process reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})
