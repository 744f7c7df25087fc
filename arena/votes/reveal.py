"""Who they were: the only place on the live path that names models, and only after the vote."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from arena.battles.models import Battle, Seat
from arena.votes.models import Vote
from arena.votes.rationales import rationale_asked
from arena.votes.services import ballot_of


def reveal(battle: Battle) -> dict[str, Any]:
    """Return what the reveal shows; raises Vote.DoesNotExist until the names may be shown."""
    vote = Vote.objects.get(battle=battle, battle__revealed_at__isnull=False)
    ballot = ballot_of(vote)
    return {
        "choice_label": ballot.label,
        "receipt": str(vote.pk),
        "seats": [
            _seat(seat, vote)
            for seat in battle.seats.select_related("revision__model__organisation")
        ],
        "why": rationale_asked(battle, vote, ballot),
        "rationale_url": reverse("rationale", args=[battle.pk]),
        "standing_url": reverse("board_standing", args=[battle.pk]),
        "board_url": reverse("board", args=[battle.arena.slug]),
        "next_url": reverse("arena", args=[battle.arena.slug]),
    }


def _seat(seat: Seat, vote: Vote) -> dict[str, Any]:
    model = seat.revision.model
    is_decided = len(set(vote.ranks)) > 1
    return {
        "position": seat.position,
        "letter": seat.letter,
        "model_name": model.name,
        "revision": seat.revision.number,
        "organisation": model.organisation.name,
        "licence": model.licence,
        "description": model.description,
        "is_winner": is_decided and vote.ranks[seat.position] == 1,
    }
