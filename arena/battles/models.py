"""Battles and their seats."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from arena.accounts.models import Consent, Voter
from arena.arenas.models import Arena
from arena.prompts.models import Prompt
from models_registry.models import Revision

LETTERS = "ABCDEF"


class Battle(models.Model):
    """Why these models met: arena, prompt, probability of the draw, and how it ended."""

    class Origin(models.TextChoices):
        LIVE = "live"
        IMPORTED = "imported"

    class Ending(models.TextChoices):
        VOTED = "voted"
        CONTINUED = "continued"
        SKIPPED = "skipped"
        ABANDONED = "abandoned"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="battles")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, null=True, related_name="battles")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, null=True, related_name="battles")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    sampler = models.CharField(max_length=40, blank=True)
    sampler_version = models.PositiveSmallIntegerField(null=True)
    p_draw = models.FloatField(
        null=True,
        help_text="Exact probability of this set of models, whatever their seats, given what the "
        "sampler knew at that moment.",
    )
    uniform_share = models.FloatField(
        null=True, help_text="Share of uniform draws that p_draw includes; 1 for a uniform draw."
    )
    routing = models.JSONField(
        default=dict,
        blank=True,
        help_text="What the prompt was read to need, by which version of the rules, and which "
        "models were left out for what (`arena.battles.routing`); and those that rested after "
        "failures.",
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, help_text="All outputs went to the voter.")
    stopped_at = models.DateTimeField(
        null=True,
        help_text="The voter had read enough: answers that were still written end there.",
    )
    ending = models.CharField(max_length=10, choices=Ending, blank=True)
    ended_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=40, blank=True)
    revealed_at = models.DateTimeField(
        null=True, help_text="The names were shown. What a voter says later is not blind."
    )
    again_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="again",
        help_text="The battle whose prompt the same voter sent once more.",
    )
    continues = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="continued_by",
        help_text="The turn before this one: the same models, and what they were asked before.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(p_draw__isnull=True) | Q(p_draw__gt=0, p_draw__lte=1),
                name="p_draw_is_a_probability",
            ),
            models.CheckConstraint(
                condition=Q(uniform_share__isnull=True)
                | Q(uniform_share__gt=0, uniform_share__lte=1),
                name="uniform_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(origin="imported")
                | Q(
                    prompt__isnull=False,
                    voter__isnull=False,
                    consent__isnull=False,
                    p_draw__isnull=False,
                    sampler_version__isnull=False,
                ),
                name="a_live_battle_knows_why_it_was_made",
            ),
            models.CheckConstraint(
                condition=Q(ending="", ended_at__isnull=True)
                | (~Q(ending="") & Q(ended_at__isnull=False)),
                name="an_ending_has_its_time",
            ),
            models.CheckConstraint(
                condition=(Q(ending="void") & ~Q(void_reason=""))
                | (~Q(ending="void") & Q(void_reason="")),
                name="a_void_battle_has_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(revealed_at__isnull=True) | Q(ending="voted"),
                name="names_are_shown_after_the_vote",
            ),
        ]
        indexes = [models.Index(fields=["voter", "-opened_at"], name="battles_of_a_voter")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def stage(self) -> str:
        """Where the battle is in its life.

        generating, ready, judged (voted, no names yet), voted, skipped, continued or void.
        """
        if self.ending == self.Ending.VOTED:
            return "voted" if self.revealed_at else "judged"
        if self.ending in (self.Ending.SKIPPED, self.Ending.CONTINUED):
            return str(self.ending)
        if self.ending:
            return "void"
        return "ready" if self.released_at else "generating"


class Seat(models.Model):
    """One contestant of a battle, at its random position."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="seats")
    position = models.PositiveSmallIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="seats")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["battle", "position"], name="one_model_per_seat"),
            models.UniqueConstraint(fields=["battle", "revision"], name="no_model_meets_itself"),
            models.CheckConstraint(condition=Q(position__lt=len(LETTERS)), name="seats_are_a_to_f"),
        ]

    def __str__(self) -> str:
        return f"{self.letter} of {self.battle_id}"

    @property
    def letter(self) -> str:
        """A for position 0, B for 1, and so on."""
        return LETTERS[self.position]


class SamplerState(models.Model):
    """What the newest fit of an arena tells its sampler. A cache: each refresh writes it anew."""

    arena = models.OneToOneField(
        Arena, on_delete=models.CASCADE, primary_key=True, related_name="sampler_state"
    )
    made_at = models.DateTimeField()
    revisions = models.JSONField(help_text="Ids of the revisions, in the order of the arrays.")
    arrays = models.BinaryField(help_text="`arena.battles.sampling.storage`, compressed.")

    def __str__(self) -> str:
        return f"{self.arena_id} at {self.made_at:%Y-%m-%d %H:%M}"
