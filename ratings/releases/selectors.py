"""Questions about releases."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.selectors import turns_before
from arena.generation.models import Output
from arena.integrity.models import Verdict
from arena.integrity.selectors import status_of_vote
from arena.prompts.models import Moderation, PromptImage
from ratings.releases.models import Release


def unreleased_battles(arena: Arena) -> QuerySet[Battle]:
    """Return the battles that the next release adds: consented, voted, counted, not yet out.

    A vote that is held or excluded waits until it counts. A prompt or an output that moderation
    flagged, or could not judge so far, keeps its battle back, and so does a prompt with pictures;
    also where it belongs to an earlier turn.
    """
    voted = _voted(arena).filter(released_in__isnull=True).exclude(_is_held_back() | _has_images())
    held = [
        battle.pk
        for battle in voted.filter(continues__isnull=False)
        if _held_back(turns_before(battle))
    ]
    return voted.exclude(pk__in=held)


def n_battles_with_images(arena: Arena) -> int:
    """Return how many battles no release has because pictures came with their prompts.

    Nobody has looked whom the pictures show, and a release cannot be called back.
    """
    voted = _voted(arena)
    turns = Battle.objects.filter(_has_images(), arena=arena, ending=Battle.Ending.CONTINUED)
    newest, later = set(turns.values_list("pk", flat=True)), set[uuid.UUID]()
    while newest:  # as often as a conversation may have turns
        followed = Battle.objects.filter(continues__in=newest)
        newest = set(followed.values_list("pk", flat=True)) - later
        later |= newest
    return voted.filter(_has_images()).count() + (
        voted.filter(pk__in=later).exclude(_has_images()).count()
    )


def _voted(arena: Arena) -> QuerySet[Battle]:
    return Battle.objects.annotate(status=status_of_vote("vote__pk")).filter(
        status=Verdict.Status.COUNTED,
        arena=arena,
        origin=Battle.Origin.LIVE,
        consent__isnull=False,
        ending=Battle.Ending.VOTED,
        vote__withdrawal__isnull=True,
    )


def _has_images() -> Q:
    return Q(Exists(PromptImage.objects.filter(prompt=OuterRef("prompt"))))


def _held_back(turns: list[Battle]) -> bool:
    keys = [turn.pk for turn in turns]
    return Battle.objects.filter(_is_held_back() | _has_images(), pk__in=keys).exists()


def _is_held_back() -> Q:
    decisions = Moderation.objects.holding_back()
    outputs = Output.objects.filter(Exists(decisions.filter(output_id=OuterRef("pk"))))
    return Q(Exists(decisions.filter(prompt=OuterRef("prompt")))) | Q(
        Exists(outputs.filter(seat__battle=OuterRef("pk")))
    )


def withdrawn_battles(arena: Arena) -> QuerySet[Battle]:
    """Return battles of earlier shards whose votes were taken back or no longer count."""
    released = Battle.objects.filter(arena=arena, released_in__isnull=False)
    is_left_out = Q(vote__withdrawal__isnull=False) | ~Q(status=Verdict.Status.COUNTED)
    return released.annotate(status=status_of_vote("vote__pk")).filter(is_left_out)


def newest_release(arena: Arena) -> Release | None:
    """Return the newest release of an arena."""
    return Release.objects.filter(arena=arena).order_by("-number").first()
