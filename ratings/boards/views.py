"""Boards for readers."""

from __future__ import annotations

import json
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.accounts.middleware import known_voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.errors import NotFound
from arena.votes.models import Vote
from ratings.boards.page import board_context
from ratings.boards.selectors import SOURCES, default_source, live_board
from ratings.boards.standing import standing


@require_safe
def board_list(request: HttpRequest) -> HttpResponse:
    """Show the leaders of every board."""
    boards = [
        {"arena": arena, **board_context(arena, default_source(arena))}
        for arena in Arena.objects.all()
    ]
    return render(request, "boards/index.html", {"boards": boards})


def _source(request: HttpRequest, arena: Arena) -> str:
    asked = request.GET.get("source", "")
    return asked if asked in SOURCES else default_source(arena)


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one board; `?format=json` gives the data."""
    arena = get_object_or_404(Arena, slug=slug)
    source = _source(request, arena)
    if request.GET.get("format") == "json":
        response = HttpResponse(content_type="application/json", content=board_json(arena, source))
        response["Cache-Control"] = "no-cache"
        return response
    context = {"arena": arena, "board": board_context(arena, source)}
    return render(request, "boards/board.html", context)


def board_json(arena: Arena, source: str) -> str:
    """Return a board as the JSON of the command and of the page."""
    data = {"arena": arena.slug, "source": source, **live_board(arena, source).as_dict()}
    return json.dumps(data, indent=2)


@never_cache
@require_safe
def board_rows(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the table alone, for a page that is already open."""
    arena = get_object_or_404(Arena, slug=slug)
    context = {"arena": arena, "board": board_context(arena, _source(request, arena))}
    return render(request, "boards/_rows.html", context)


@never_cache
@require_safe
def board_standing(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Show what a vote did to the board, to the voter who cast it."""
    voter = known_voter(request)
    vote = (
        Vote.objects.select_related("battle__arena")
        .filter(battle_id=battle_id, battle__origin=Battle.Origin.LIVE)
        .first()
    )
    if vote is None or voter is None or vote.voter_id != voter.pk:
        raise NotFound("There is no vote of yours on this battle.")
    context = {"standing": standing(vote.battle, vote), "arena": vote.battle.arena}
    return render(request, "boards/_standing.html", context)
