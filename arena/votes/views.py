"""The battle page, the vote and the rationale."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.middleware import known_voter
from arena.battles.models import Battle
from arena.common.errors import NotFound
from arena.generation.outputs import shown_output
from arena.generation.release import VOID_MESSAGE, queue_position
from arena.votes.reveal import reveal
from arena.votes.services import cast_vote, write_rationale


@never_cache
@require_safe
def battle_page(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Show a battle to the voter who started it, at whatever stage it is."""
    voter = known_voter(request)
    battle = (
        Battle.objects.select_related("arena", "prompt")
        .filter(pk=battle_id, origin=Battle.Origin.LIVE)
        .first()
    )
    if battle is None or voter is None or battle.voter_id != voter.pk:
        raise NotFound(
            "There is no such battle of yours. Battles open only in the browser that started them."
        )
    context: dict[str, Any] = {
        "battle": battle,
        "arena": battle.arena,
        "void_message": VOID_MESSAGE,
        "seats": _seats(battle),
        "idempotency_key": uuid.uuid4(),
        "socket_path": f"/ws/battles/{battle.pk}/",
        "queue_ahead": queue_position(battle) if battle.stage == "generating" else 0,
    }
    if battle.stage == "voted":
        context["reveal"] = reveal(battle)
    return render(request, "battles/battle.html", context)


def _seats(battle: Battle) -> list[dict[str, Any]]:
    modality = battle.arena.modality
    seats = battle.seats.select_related("output__blob")
    return [
        {
            "position": seat.position,
            "letter": seat.letter,
            # Before the release nothing is shown, not even a side that is ready.
            "output": shown_output(seat.output, modality)
            if battle.released_at and hasattr(seat, "output")
            else None,
        }
        for seat in seats
    ]


@require_POST
def vote(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Record a vote and show who they were; answers only after the commit."""
    cast_vote(
        battle_id=battle_id,
        voter=known_voter(request),
        choice=request.POST.get("choice", ""),
        idempotency_key=request.POST.get("idempotency_key", ""),
    )
    battle = Battle.objects.select_related("arena").get(pk=battle_id)
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        return redirect("battle", battle_id=battle_id)
    return render(request, "battles/_reveal.html", {"battle": battle, "reveal": reveal(battle)})


@require_POST
def rationale(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Keep why."""
    written = write_rationale(
        battle_id=battle_id, voter=known_voter(request), text=request.POST.get("text", "")
    )
    if not request.headers.get("HX-Request"):
        return redirect("battle", battle_id=battle_id)
    context = {"saved_text": written.text, "rationale_url": reverse("rationale", args=[battle_id])}
    return render(request, "battles/_rationale_saved.html", context)
