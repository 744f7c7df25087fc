"""Votes, rationales, engagement and withdrawals: rows that are only ever added."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle


class VoteImport(models.Model):
    """One file of votes by others, known by the digest of its content."""

    class Judges(models.TextChoices):
        """Who compared the outputs of a file."""

        UNKNOWN = "", "not said"
        PEOPLE = "people"
        MODELS = "models"

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="imports")
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=200, help_text="The file's name, shown beside its votes.")
    layout = models.CharField(max_length=40)
    n_votes = models.PositiveIntegerField()
    n_skipped = models.PositiveIntegerField(default=0)
    judged_by = models.CharField(
        max_length=10, choices=Judges, default=Judges.UNKNOWN, blank=True, db_default=""
    )
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "sha256"], name="a_file_is_imported_once"),
            models.CheckConstraint(
                condition=Q(judged_by__in=["", "people", "models"]),
                name="an_import_is_judged_by_people_or_models",
            ),
        ]

    def __str__(self) -> str:
        return self.source


class Vote(models.Model):
    """A ranking with ties over the battle's seats, and whether the best is acceptable.

    `ranks[i]` is the rank of seat i: 1 is best, equal numbers are a tie, no number is skipped
    (dense ranking). A pair: [1, 2] A is better, [2, 1] B is better, [1, 1] tie; [1, 1] and not
    acceptable is "both bad".
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, related_name="vote")
    # Null only where an imported file does not say who judged.
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, null=True, related_name="votes")
    ranks = ArrayField(models.PositiveSmallIntegerField())
    is_acceptable = models.BooleanField(default=True)
    idempotency_key = models.UUIDField()
    source = models.ForeignKey(
        VoteImport, on_delete=models.PROTECT, null=True, related_name="votes"
    )
    cast_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(voter__isnull=False) | Q(source__isnull=False),
                name="a_live_vote_has_its_voter",
            ),
            models.UniqueConstraint(
                fields=["voter", "idempotency_key"], name="one_vote_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=Q(ranks__len__gte=2) & Q(ranks__len__lte=6),
                name="a_vote_ranks_two_to_six_seats",
            ),
            models.CheckConstraint(
                condition=Q(ranks__contains=[1]) & ~Q(ranks__contains=[0]),
                name="the_best_rank_is_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.winner} in {self.battle_id}"

    @property
    def winner(self) -> str:
        """The outcome of a pair in the words of releases."""
        return winner_of(self.ranks, is_acceptable=self.is_acceptable)


class Rationale(models.Model):
    """Why, in the voter's words; every version is kept and the newest counts."""

    vote = models.ForeignKey(Vote, on_delete=models.PROTECT, related_name="rationales")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "version"], name="one_rationale_per_version")
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Engagement(models.Model):
    """Something that the voter did with an output before the vote, in order."""

    class Kind(models.TextChoices):
        SHOWN = "shown"

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="engagement")
    number = models.PositiveIntegerField()
    seat = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["battle", "number"], name="engagement_is_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.kind} seat {self.seat}"


class Withdrawal(models.Model):
    """The voter takes a vote back: it no longer counts, and later releases name it as withdrawn."""

    vote = models.OneToOneField(Vote, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"withdrawn {self.vote_id}"


def winner_of(ranks: list[int], *, is_acceptable: bool) -> str:
    """Return model_a, model_b, tie or both_bad for the ranks of a pair."""
    first, second = ranks
    if first != second:
        return "model_a" if first < second else "model_b"
    return "tie" if is_acceptable else "both_bad"
