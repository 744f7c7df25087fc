"""Who they were: the only place on the live path that names models, and only after the vote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from arena.battles.models import Battle, Seat
from arena.generation.models import GenerationJob
from arena.votes.choice_words import choice_words
from arena.votes.models import Vote
from arena.votes.rationales import rationale_asked
from arena.votes.services import ballot_of
from arena.votes.sharing import open_share, unshareable_models


def reveal(battle: Battle) -> dict[str, Any]:
    """Return what the reveal shows; raises Vote.DoesNotExist until the names may be shown."""
    vote = Vote.objects.get(battle=battle, battle__revealed_at__isnull=False)
    ballot = ballot_of(vote)
    return {
        "choice_label": choice_words(ballot),
        "receipt": str(vote.pk),
        "seats": [
            _seat(seat, vote)
            for seat in battle.seats.select_related("revision__model__organisation", "job")
        ],
        "why": rationale_asked(battle, vote, ballot),
        "rationale_url": reverse("rationale", args=[battle.pk]),
        "share": open_share(battle),
        "kept_back": unshareable_models(battle),
        "share_url": reverse("share", args=[battle.pk]),
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
        "made_text": _made(seat.job) if hasattr(seat, "job") else "",
    }


def _made(job: GenerationJob) -> str:
    """Say how long the model took and, where it is known, what that cost."""
    if job.started_at is None or job.finished_at is None:
        return ""
    parts = [_("Made in %(time)s") % {"time": _seconds(job.finished_at - job.started_at)}]
    if job.queue == "gen.text" and job.first_output_at:
        waited = _seconds(job.first_output_at - job.started_at)
        parts.append(_("first words after %(time)s") % {"time": waited})
    if job.cost_usd:
        parts.append(_("%(cost)s US dollars") % {"cost": number_format(f"{job.cost_usd:.2g}")})
    return " · ".join(parts)


def _seconds(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    if seconds < 60:
        return _("%(n)s s") % {"n": number_format(seconds, 1)}
    return _("%(n)s min") % {"n": number_format(seconds / 60, 1)}
