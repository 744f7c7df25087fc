"""Questions about prompts: which say nearly the same, and which may not be released."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from arena.arenas.models import Arena
from arena.prompts.models import Prompt
from arena.prompts.near_duplicates import are_alike

CANDIDATES = 50  # compared with a new prompt; more share a band only in a very large arena


def first_alike(arena: Arena, text: str, bands: list[int]) -> Prompt | None:
    """Return the first prompt of the arena that says nearly the same; None for a new one.

    Args:
        arena: whose prompts are looked through.
        text: the new prompt.
        bands: of the new prompt and its pictures, `near_duplicates.bands_of`: prompts with other
            pictures share none.
    """
    candidates = Prompt.objects.filter(arena=arena, bands__overlap=bands).order_by("created_at")
    return next((one for one in candidates[:CANDIDATES] if are_alike(one.text, text)), None)


def own_near_duplicates(prompt: Prompt) -> QuerySet[Prompt]:
    """Return the earlier prompts of the same voter that say nearly the same as this one."""
    first = prompt.near_duplicate_of_id or prompt.pk
    return Prompt.objects.filter(
        Q(pk=first) | Q(near_duplicate_of=first),
        voter=prompt.voter_id,
        created_at__lt=prompt.created_at,
    )


def n_distinct_prompts(prompts: QuerySet[Prompt]) -> int:
    """Return how many prompts there are when those that say nearly the same count once."""
    group = Coalesce("near_duplicate_of", "pk")
    counted: int = prompts.aggregate(n=Count(group, distinct=True))["n"]
    return counted
