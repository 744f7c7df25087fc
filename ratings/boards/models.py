"""Tallies and analyses, caches of the votes that can be made anew, and published snapshots."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.votes.models import Vote
from models_registry.models import Revision

ALL_VOTES = ""  # the slice that every counted vote is in
LEFT_OUT = "left-out"  # the slice of the votes that are held or excluded, and of no other slice
EVERY_VOTE = "every-vote"  # no slice of its own: both of them together, for the raw board
SLICE_CHARS = 60


class Tally(models.Model):
    """Votes between two revisions in one slice. A cache: `recount_arena` makes it anew.

    The outcomes of a dimension have tallies of their own, under `slices.of_dimension`.
    """

    arena = models.ForeignKey(Arena, on_delete=models.CASCADE, related_name="tallies")
    origin = models.CharField(max_length=10, choices=Battle.Origin)
    slice = models.CharField(
        max_length=SLICE_CHARS, default=ALL_VOTES, blank=True, help_text="Empty: all votes."
    )
    low = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    high = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    wins_low = models.PositiveBigIntegerField(default=0)
    wins_high = models.PositiveBigIntegerField(default=0)
    ties = models.PositiveBigIntegerField(default=0)
    both_bad = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["arena", "origin", "slice", "low", "high"], name="one_tally_per_pair"
            ),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="low_is_below_high"),
        ]
        indexes = [
            models.Index(fields=["arena", "slice", "changed_at"], name="newest_tallies"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} against {self.high_id}"


class TalliedVote(models.Model):
    """This vote is in the tallies of these slices: what makes counting it twice impossible."""

    vote = models.OneToOneField(Vote, on_delete=models.CASCADE, primary_key=True, related_name="+")
    slices = ArrayField(models.CharField(max_length=SLICE_CHARS), default=list)
    dimensions = ArrayField(
        models.CharField(max_length=40),
        default=list,
        db_default=[],
        help_text="Keys of the dimensions whose outcomes are in the tallies too.",
    )
    is_counted = models.BooleanField(
        default=True,
        db_default=True,
        help_text="No verdict speaks against it. Else it is in the tallies of votes left out.",
    )

    def __str__(self) -> str:
        return str(self.vote_id)


class Analysis(models.Model):
    """What only a pass over all votes can say of a board. A cache: `analyse` makes it anew."""

    arena = models.ForeignKey(Arena, on_delete=models.CASCADE, related_name="analyses")
    source = models.CharField(max_length=10)
    n_votes = models.PositiveBigIntegerField()
    made_at = models.DateTimeField(auto_now=True)
    took_s = models.FloatField(help_text="Seconds that the pass took.")
    findings = models.JSONField()

    class Meta:
        verbose_name_plural = "analyses"
        constraints = [
            models.UniqueConstraint(fields=["arena", "source"], name="one_analysis_per_board")
        ]

    def __str__(self) -> str:
        return f"{self.arena_id} {self.source}"


class Snapshot(models.Model):
    """A board as it was published, for permanent links and for the course of a rating.

    Append-only: PostgreSQL refuses to change one.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="snapshots")
    origin = models.CharField(max_length=10)
    published_at = models.DateTimeField(auto_now_add=True)
    n_votes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the board as JSON.")
    board = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["arena", "origin", "-published_at"], name="newest_board")]

    def __str__(self) -> str:
        return f"{self.arena_id} at {self.published_at:%Y-%m-%d %H:%M}"
