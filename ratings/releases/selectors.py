"""Questions about releases."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.generation.models import Output
from arena.prompts.models import Moderation
from ratings.releases.models import Release


def unreleased_battles(arena: Arena) -> QuerySet[Battle]:
    """Return the battles that the next release adds: consented, voted, standing, not yet out.

    A prompt or an output that moderation flagged, or could not judge so far, keeps its battle back.
    """
    decisions = Moderation.objects.holding_back()
    outputs = Output.objects.filter(Exists(decisions.filter(output_id=OuterRef("pk"))))
    return Battle.objects.filter(
        arena=arena,
        origin=Battle.Origin.LIVE,
        consent__isnull=False,
        ending=Battle.Ending.VOTED,
        vote__withdrawal__isnull=True,
        released_in__isnull=True,
    ).exclude(
        Exists(decisions.filter(prompt=OuterRef("prompt")))
        | Exists(outputs.filter(seat__battle=OuterRef("pk")))
    )


def withdrawn_battles(arena: Arena) -> QuerySet[Battle]:
    """Return battles of earlier shards whose votes were taken back."""
    return Battle.objects.filter(
        arena=arena, released_in__isnull=False, vote__withdrawal__isnull=False
    )


def newest_release(arena: Arena) -> Release | None:
    """Return the newest release of an arena."""
    return Release.objects.filter(arena=arena).order_by("-number").first()
