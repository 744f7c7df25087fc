"""Create the default arenas."""

from __future__ import annotations

from django.db import transaction

from arena.arenas.defaults import DEFAULT_ARENAS
from arena.arenas.models import Arena, SuggestedPrompt


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
            },
        )
        if is_new:
            SuggestedPrompt.objects.bulk_create(
                SuggestedPrompt(arena=arena, text=text) for text in default.suggested
            )
            created.append(arena)
    return created
