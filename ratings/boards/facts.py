"""What slices read of votes, taken from the tables: of one vote, or of an arena's in one pass."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models.fields.json import KeyTextTransform

from arena.arenas.models import Arena
from arena.prompts.slices import VoteFacts
from arena.votes.models import Vote

CHUNK = 5000  # votes in memory at a time
_IS_TEXTURED = {"true": True, "false": False}  # JSON as text; outputs of before say nothing


def facts_of(vote: Vote) -> VoteFacts:
    """Return what slices read of one vote; its battle, arena, prompt and source are at hand."""
    battle = vote.battle
    has_textures = battle.arena.modality == "mesh"
    seats = battle.seats.annotate(textured=KeyTextTransform("is_textured", "output__details"))
    textured = list(seats.values_list("textured", flat=True)) if has_textures else []
    return VoteFacts(
        modality=battle.arena.modality,
        text=battle.prompt.text if battle.prompt else "",
        origin=battle.prompt.origin if battle.prompt else "",
        judged_by=vote.source.judged_by if vote.source else "",
        are_textured=_textured(textured),
    )


def standing_votes_with_facts(arena: Arena) -> Iterator[tuple[uuid.UUID, VoteFacts]]:
    """Yield each vote of an arena that was not withdrawn, in one query."""
    votes = Vote.objects.filter(battle__arena=arena, withdrawal__isnull=True)
    columns = ["pk", "battle__prompt__text", "battle__prompt__origin", "source__judged_by"]
    if arena.modality == "mesh":
        textured = ArrayAgg(
            KeyTextTransform("is_textured", "battle__seats__output__details"),
            order_by="battle__seats__position",
        )
        votes = votes.annotate(textured=textured)
        columns.append("textured")
    rows = votes.values_list(*columns).iterator(chunk_size=CHUNK)
    for pk, text, origin, judged_by, *outputs in rows:
        yield (
            pk,
            VoteFacts(
                modality=arena.modality,
                text=text or "",
                origin=origin or "",
                judged_by=judged_by or "",
                are_textured=_textured(outputs[0] if outputs else ()),
            ),
        )


def _textured(values: Sequence[str | None]) -> tuple[bool | None, ...]:
    return tuple(_IS_TEXTURED.get(value or "") for value in values)
