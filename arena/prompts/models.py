"""Prompts as they were sent, and what moderation said of them and of outputs."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q

from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.prompts.moderation.rules import patterns_of
from arena.prompts.pictures import ALT_CHARS, MOST_PICTURES


class Prompt(models.Model):
    """What a voter asked of two or more models."""

    class Origin(models.TextChoices):
        TYPED = "typed"
        SUGGESTED = "suggested"
        IMPORTED = "imported"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="prompts")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, null=True, related_name="prompts")
    text = models.TextField()
    origin = models.CharField(max_length=10, choices=Origin)
    suggestion = models.ForeignKey(
        SuggestedPrompt, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Only the first of a group has bands, so that a prompt sent ten thousand times is found once.
    bands = ArrayField(
        models.BigIntegerField(),
        null=True,
        editable=False,
        help_text="`near_duplicates.bands_of`, of a prompt that is the first of its group.",
    )
    near_duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="near_duplicates",
        help_text="The first prompt of the arena that says nearly the same.",
    )

    class Meta:
        indexes = [
            GinIndex(fields=["bands"], name="prompt_bands", condition=Q(bands__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(bands__isnull=True) | Q(near_duplicate_of__isnull=True),
                name="only_the_first_of_a_group_has_bands",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="prompt_is_not_empty"),
            models.CheckConstraint(
                condition=Q(voter__isnull=False) | Q(origin="imported"),
                name="a_live_prompt_has_its_voter",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class PromptImage(models.Model):
    """A picture that came with a prompt, as `pictures.safe_picture` made it.

    Its file has a random name, not its digest's: it goes with the row when its voter takes it back,
    whoever else sent the same. What is left then is that there was one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="images")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=200, blank=True, help_text="In the store; random.")
    sha256 = models.CharField(max_length=64, blank=True)
    width_px = models.PositiveSmallIntegerField()
    height_px = models.PositiveSmallIntegerField()
    size_bytes = models.PositiveIntegerField()
    alt = models.CharField(max_length=ALT_CHARS, blank=True, help_text="What it shows, in words.")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, help_text="Its voter took it back.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "position"], name="one_image_per_place"),
            models.CheckConstraint(
                condition=Q(position__lt=MOST_PICTURES), name="a_prompt_has_up_to_four_images"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) & ~Q(key="") & ~Q(sha256="")
                | Q(removed_at__isnull=False, key="", sha256="", alt=""),
                name="a_removed_image_leaves_nothing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ModerationQuerySet(models.QuerySet["Moderation"]):
    """Decisions, and what follows from them."""

    def holding_back(self) -> ModerationQuerySet:
        """Return the decisions for which a prompt or an output is not released.

        Flagged once is flagged; unavailable holds back until somebody has found the same fine.
        """
        same = Moderation.objects.filter(
            Q(prompt=OuterRef("prompt")) | Q(output_id=OuterRef("output_id")), outcome="fine"
        )
        return self.filter(Q(outcome="flagged") | Q(outcome="unavailable") & ~Exists(same))


class Moderation(models.Model):
    """One decision about a prompt or an output. Append-only.

    A prompt that was refused is nowhere kept: its decision names neither the text nor the voter.
    """

    class Subject(models.TextChoices):
        PROMPT = "prompt"
        OUTPUT = "output"

    class Outcome(models.TextChoices):
        """As `moderation.Outcome`."""

        FINE = "fine"
        FLAGGED = "flagged"
        UNAVAILABLE = "unavailable"

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="moderations")
    subject = models.CharField(max_length=6, choices=Subject)
    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, null=True, related_name="moderations"
    )
    # No foreign key: outputs belong to a later room.
    output_id = models.UUIDField(null=True, db_index=True)
    moderator = models.CharField(max_length=80)
    version = models.CharField(max_length=80)
    outcome = models.CharField(max_length=11, choices=Outcome)
    categories = ArrayField(models.CharField(max_length=40), default=list)
    reason = models.CharField(max_length=200, blank=True, help_text="Which rule, or why nobody.")
    at = models.DateTimeField(auto_now_add=True)

    objects = ModerationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["arena", "-at"],
                name="moderations_not_fine",
                condition=~Q(outcome="fine"),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="prompt", output_id__isnull=True)
                | Q(subject="output", output_id__isnull=False, prompt__isnull=True),
                name="a_decision_is_about_a_prompt_or_an_output",
            ),
            models.CheckConstraint(
                condition=Q(subject="output") | Q(prompt__isnull=False) | Q(outcome="flagged"),
                name="only_a_refused_prompt_is_not_kept",
            ),
            models.CheckConstraint(
                condition=Q(outcome="flagged") & ~Q(categories=[])
                | ~Q(outcome="flagged") & Q(categories=[]),
                name="what_is_flagged_has_a_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.outcome} by {self.moderator}"


class BlockedPhrase(models.Model):
    """A phrase that the operators of this site add to the lists of the rules."""

    class Category(models.TextChoices):
        """The categories of the lists that come with Agon, and one for everything else."""

        SEXUAL_MINORS = "sexual_minors", "Sexual content about minors"
        MASS_HARM = "mass_harm", "Making weapons that harm many people"
        SELF_HARM = "self_harm", "Encouraging or explaining self-harm"
        HATE = "hate", "Slurs and hatred against groups of people"
        OTHER = "other", "Something else that this site refuses"

    phrase = models.CharField(
        max_length=80,
        unique=True,
        help_text="Words in a row. word* is any word that begins so, (a|b) either of two. Case, "
        "accents and l00k-alikes do not matter.",
    )
    category = models.CharField(max_length=20, choices=Category, default=Category.OTHER)
    note = models.CharField(max_length=200, blank=True, help_text="Why; for other operators.")
    is_archived = models.BooleanField(default=False, help_text="No longer blocked.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["category", "phrase"]

    def __str__(self) -> str:
        return self.phrase

    def clean(self) -> None:
        """Refuse what no rule could look for."""
        try:
            patterns_of(self.phrase)
        except ValueError as error:
            raise ValidationError({"phrase": str(error)}) from None
