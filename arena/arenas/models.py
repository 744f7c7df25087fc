"""Arenas and their suggested prompts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from models_registry.models import MODALITY_CHOICES


class Arena(models.Model):
    """One contest with its own battles and its own board."""

    class Sampler(models.TextChoices):
        """What chooses the models of a battle; the names of `arena.battles.sampling`."""

        MIN_MAX_CI = "min_max_ci", "Narrow the widest interval"
        RANK_FOCUSED = "rank_focused", "Settle ranks in doubt"
        UNIFORM = "uniform", "Every pair alike"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    modality = models.CharField(max_length=8, choices=MODALITY_CHOICES)
    tagline = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    prompt_hint = models.CharField(max_length=120, blank=True)
    max_prompt_chars = models.PositiveIntegerField(default=2000)
    clip_s = models.PositiveSmallIntegerField(
        default=12, help_text="Seconds that every clip is trimmed or padded to (music)."
    )
    sampler = models.CharField(
        max_length=40,
        choices=Sampler,
        default=Sampler.MIN_MAX_CI,
        help_text="Which pairs meet more often. A tenth of all draws stays uniform.",
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Order on the front page.")
    is_open = models.BooleanField(default=True, help_text="New battles may be started.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9][a-z0-9-]*$"),
                name="arena_slugs_are_lower_case",
                violation_error_message="Use lower-case letters, digits and hyphens.",
            ),
            models.CheckConstraint(
                condition=Q(max_prompt_chars__gte=1), name="prompts_have_at_least_one_character"
            ),
            models.CheckConstraint(
                condition=Q(clip_s__gte=1, clip_s__lte=300), name="clips_last_1_to_300_seconds"
            ),
            models.CheckConstraint(
                condition=Q(sampler__in=["min_max_ci", "rank_focused", "uniform"]),
                name="the_sampler_is_a_known_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SuggestedPrompt(models.Model):
    """A prompt that a voter may take instead of writing one."""

    arena = models.ForeignKey(Arena, on_delete=models.CASCADE, related_name="suggested_prompts")
    text = models.TextField()
    is_archived = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "text"], name="one_suggestion_per_text")
        ]

    def __str__(self) -> str:
        return self.text[:80]
