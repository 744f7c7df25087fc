"""Who they were: the only place on the live path that names models, and only after the vote."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from arena.battles.models import LETTERS, Battle, Seat
from arena.votes.models import Vote
from arena.votes.services import ballot_of


def reveal(battle: Battle) -> dict[str, Any]:
    """Return what the reveal shows; raises Vote.DoesNotExist until the names may be shown."""
    vote = Vote.objects.get(battle=battle, battle__revealed_at__isnull=False)
    newest = vote.rationales.last()
    return {
        "ballot": ballot_of(vote),
        "best": " and ".join(LETTERS[seat] for seat in ballot_of(vote).seats_at(1)),
        "choice_label": ballot_of(vote).label,
        "receipt": str(vote.pk),
        "seats": [
            _seat(seat, vote)
            for seat in battle.seats.select_related("revision__model__organisation")
        ],
        "rationale_text": newest.text if newest else "",
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
