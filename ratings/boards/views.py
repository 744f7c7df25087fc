"""Boards for readers."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.accounts.middleware import known_voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.errors import NotFound
from arena.integrity.judging import expected_status
from arena.integrity.selectors import shown_verdict
from arena.votes.models import Vote
from ratings.boards import pages
from ratings.boards.choice import BoardChoice
from ratings.boards.exports import as_file
from ratings.boards.models import Snapshot
from ratings.boards.pages import board_context
from ratings.boards.standing import standing


@require_safe
def board_list(request: HttpRequest) -> HttpResponse:
    """List every board, those of closed arenas too."""
    return render(request, "boards/index.html", {"arenas": Arena.objects.all()})


def _chosen(request: HttpRequest, slug: str) -> BoardChoice:
    return BoardChoice.of_request(request, get_object_or_404(Arena, slug=slug))


def _page(
    request: HttpRequest, choice: BoardChoice, template: str, context: dict[str, Any]
) -> HttpResponse:
    shared = {"arena": choice.arena, "choice": choice, "query": choice.query()}
    return render(request, template, {**shared, **context})


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one board."""
    choice = _chosen(request, slug)
    if file := as_file(request, lambda: pages.board_export(choice)):
        return file
    context = {
        "board": board_context(choice),
        "controls": pages.controls(choice),
        "left_out": pages.left_out_context(choice),
    }
    return _page(request, choice, "boards/board.html", context)


@never_cache
@require_safe
def board_rows(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the table alone, for a page that is already open."""
    choice = _chosen(request, slug)
    return _page(request, choice, "boards/_rows.html", {"board": board_context(choice)})


@require_safe
def pairs(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who beats whom and how often each two have met."""
    choice = _chosen(request, slug)
    if file := as_file(request, lambda: pages.pairs_export(choice)):
        return file
    return _page(request, choice, "boards/pairs.html", pages.pairs_context(choice))


@require_safe
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the ratings over time."""
    choice = _chosen(request, slug)
    if file := as_file(request, lambda: pages.course_export(choice)):
        return file
    context = pages.course_context(choice, request.GET.getlist("model"))
    return _page(request, choice, "boards/course.html", context)


@require_safe
def footing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show on what the ranks stand: convergence, connections, voters, votes that flip them."""
    choice = _chosen(request, slug)
    if file := as_file(request, lambda: pages.footing_export(choice)):
        return file
    return _page(request, choice, "boards/footing.html", pages.footing_context(choice))


@require_safe
def how(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how this very board is computed, with its own numbers."""
    choice = _chosen(request, slug)
    context = {**pages.how_context(choice), "left_out": pages.left_out_context(choice)}
    return _page(request, choice, "boards/how.html", context)


@require_safe
def model(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Show one model on a board."""
    choice = _chosen(request, slug)
    if file := as_file(request, lambda: pages.model_export(choice, label)):
        return file
    return _page(request, choice, "boards/model.html", pages.model_context(choice, label))


@require_safe
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a board as it was published: a permanent link."""
    arena = get_object_or_404(Arena, slug=slug)
    found = Snapshot.objects.filter(pk=number, arena=arena).first()
    if found is None:
        message = _(
            "The arena '%(arena)s' has no published board %(number)s. "
            "Its page of ratings over time lists those that there are."
        )
        raise NotFound(message % {"arena": arena.name, "number": number})
    if file := as_file(request, lambda: pages.snapshot_export(found)):
        return file
    context = {"arena": found.arena, "snapshot": found, "board": pages.snapshot_context(found)}
    return render(request, "boards/snapshot.html", context)


@never_cache
@require_safe
def board_standing(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Show what a vote did to the board, to the voter who cast it."""
    voter = known_voter(request)
    vote = (
        Vote.objects.select_related("battle__arena")
        .filter(
            battle_id=battle_id,
            battle__origin=Battle.Origin.LIVE,
            battle__revealed_at__isnull=False,
        )
        .first()
    )
    if vote is None or voter is None or not voter.owns(vote.voter_id):
        raise NotFound(_("There is no vote of yours on this battle whose models were shown."))
    verdict = shown_verdict(*expected_status(vote))
    context = {
        "standing": standing(vote.battle, vote, is_counted=verdict.is_counted),
        "verdict": verdict,
        "arena": vote.battle.arena,
    }
    return render(request, "boards/_standing.html", context)
