"""Arenas, what they ask, and their suggested prompts."""

from __future__ import annotations

from django.core.exceptions import ValidationError
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

    class Images(models.TextChoices):
        """Whether a prompt may, or must, come with pictures."""

        NONE = "none", "None"
        OPTIONAL = "optional", "If the voter likes"
        REQUIRED = "required", "At least one"

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
    n_seats = models.PositiveSmallIntegerField(
        default=2, help_text="Outputs in a battle: 2 is a pair; 3 to 6 are ranked, with ties."
    )
    max_turns = models.PositiveSmallIntegerField(
        default=1, help_text="Prompts that one battle may have, follow-ups included (text)."
    )
    takes_images = models.CharField(
        max_length=8,
        choices=Images,
        default=Images.NONE,
        help_text="Pictures that come with a prompt. Models that declare `image_input` get them.",
    )
    max_images = models.PositiveSmallIntegerField(
        default=1, help_text="Pictures that one prompt may have, 1 to 4."
    )
    asks_strength = models.BooleanField(
        default=False, help_text="Ask how much better the better one is."
    )
    asks_ratings = models.BooleanField(
        default=False, help_text="Ask for one to five stars for each output as well."
    )
    gate_s = models.FloatField(
        default=0.0,
        help_text="Seconds that each output must have been heard (music) or seen before a vote "
        "is taken. 0: it is enough that it was shown.",
    )
    gate_views = models.PositiveSmallIntegerField(
        default=0,
        help_text="Eighths of a turn from which each object must have been seen (3D), up to 8.",
    )
    min_look_s = models.FloatField(
        default=0.5,
        help_text="A vote that comes sooner than so many seconds after the outputs were on the "
        "screen is held. 0: however soon.",
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
            models.CheckConstraint(
                condition=Q(n_seats__gte=2, n_seats__lte=6),
                name="a_battle_has_two_to_six_seats",
                violation_error_message="Choose 2 to 6 seats.",
            ),
            models.CheckConstraint(
                condition=Q(max_turns__gte=1, max_turns__lte=20),
                name="a_battle_has_one_to_twenty_turns",
                violation_error_message="Choose 1 to 20 turns.",
            ),
            models.CheckConstraint(
                condition=Q(takes_images__in=["none", "optional", "required"]),
                name="images_are_none_optional_or_required",
            ),
            models.CheckConstraint(
                condition=Q(max_images__gte=1, max_images__lte=4),
                name="a_prompt_takes_one_to_four_images",
                violation_error_message="Choose 1 to 4 pictures.",
            ),
            models.CheckConstraint(
                condition=Q(gate_s__gte=0, gate_s__lte=300),
                name="a_gate_lasts_at_most_300_seconds",
                violation_error_message="Choose 0 to 300 seconds.",
            ),
            models.CheckConstraint(
                condition=Q(min_look_s__gte=0, min_look_s__lte=10),
                name="a_look_lasts_at_most_10_seconds",
                violation_error_message="Choose 0 to 10 seconds.",
            ),
            models.CheckConstraint(
                condition=Q(gate_views__lte=8),
                name="a_gate_asks_for_at_most_8_views",
                violation_error_message="Choose 0 to 8 eighths of a turn.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a gate that no vote could pass."""
        if self.modality == "music" and self.gate_s > self.clip_s:
            raise ValidationError(
                {"gate_s": f"Clips last {self.clip_s} s; nobody can hear {self.gate_s:g} s of one."}
            )
        if self.max_turns > 1 and self.modality != "text":
            raise ValidationError({"max_turns": "Only text battles have follow-ups."})
        if self.gate_views and self.modality != "mesh":
            raise ValidationError({"gate_views": "Only 3D objects are looked at from all sides."})

    @property
    def asks_details(self) -> bool:
        """Whether the voter is asked for more than the vote before the names are shown."""
        return (
            self.asks_strength
            or self.asks_ratings
            or self.dimensions.filter(is_archived=False).exists()
        )


class Dimension(models.Model):
    """One question about the same outputs, such as which is more correct; answered by a ranking."""

    arena = models.ForeignKey(Arena, on_delete=models.CASCADE, related_name="dimensions")
    key = models.SlugField(max_length=40, help_text="Its name in releases. It never changes.")
    name = models.CharField(max_length=60)
    question = models.CharField(max_length=120, help_text="Such as: Which one is more correct?")
    position = models.PositiveSmallIntegerField(default=0)
    is_archived = models.BooleanField(default=False, help_text="No longer asked; answers stay.")

    class Meta:
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["arena", "key"], name="one_dimension_per_key")
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A ready reason that a voter may give for or against an output."""

    class Polarity(models.TextChoices):
        GOOD = "good"
        BAD = "bad"

    arena = models.ForeignKey(Arena, on_delete=models.CASCADE, related_name="tags")
    key = models.SlugField(max_length=40, help_text="Its name in releases. It never changes.")
    label = models.CharField(max_length=60)
    polarity = models.CharField(max_length=4, choices=Polarity)
    position = models.PositiveSmallIntegerField(default=0)
    is_archived = models.BooleanField(default=False, help_text="No longer offered; uses stay.")

    class Meta:
        ordering = ["-polarity", "position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["arena", "key"], name="one_tag_per_key"),
            models.CheckConstraint(
                condition=Q(polarity__in=["good", "bad"]), name="a_tag_praises_or_blames"
            ),
        ]

    def __str__(self) -> str:
        return self.label


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
