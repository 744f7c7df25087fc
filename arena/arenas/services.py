"""Create the default arenas."""

from __future__ import annotations

from django.db import transaction

from arena.arenas.defaults import DEFAULT_ARENAS
from arena.arenas.models import Arena, Dimension, SuggestedPrompt, Tag
from arena.arenas.questions import QUESTIONS, READY_REASONS


@transaction.atomic
def create_default_arenas() -> list[Arena]:
    """Create the default arenas that do not exist; what an operator changed stays as it is."""
    created = []
    for position, default in enumerate(DEFAULT_ARENAS):
        arena, is_new = Arena.objects.get_or_create(
            slug=default.slug,
            defaults={
                "name": default.name,
                "modality": default.modality,
                "tagline": default.tagline,
                "description": default.description,
                "prompt_hint": default.prompt_hint,
                "max_prompt_chars": default.max_prompt_chars,
                "position": position,
                "n_seats": default.n_seats,
                "max_turns": default.max_turns,
                "gate_s": default.gate_s,
                "gate_views": default.gate_views,
                "is_open": default.is_open,
                "takes_images": default.takes_images,
                "asks_strength": True,
            },
        )
        if is_new:
            SuggestedPrompt.objects.bulk_create(
                SuggestedPrompt(arena=arena, text=text) for text in default.suggested
            )
            created.append(arena)
        _ask_the_usual(arena)
    return created


def _ask_the_usual(arena: Arena) -> None:
    """Give an arena that never had any the dimensions and tags of its modality."""
    if not arena.dimensions.exists():
        Dimension.objects.bulk_create(
            Dimension(
                arena=arena, key=one.key, name=one.name, question=one.question, position=position
            )
            for position, one in enumerate(QUESTIONS[arena.modality])
        )
    if not arena.tags.exists():
        ready = READY_REASONS[arena.modality]
        Tag.objects.bulk_create(
            Tag(arena=arena, key=key, label=label, polarity=polarity, position=position)
            for polarity, tags in (("good", ready.good), ("bad", ready.bad))
            for position, (key, label) in enumerate(tags)
        )
