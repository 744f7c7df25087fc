"""Votes, rationales, engagement and withdrawals: rows that are only ever added."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.battles.models import Battle
from arena.common.words import gettext_noop


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
        return f"{self.ranks} in {self.battle_id}"

    @property
    def winner(self) -> str:
        """The outcome of a pair in the words of releases; only of a pair."""
        return winner_of(self.ranks, is_acceptable=self.is_acceptable)


class Strength(models.Model):
    """How much better the better one is, said before the names were shown."""

    class Degree(models.TextChoices):
        SLIGHTLY = "slightly", gettext_noop("Slightly")
        CLEARLY = "clearly", gettext_noop("Clearly")
        MUCH = "much", gettext_noop("Much")

    vote = models.OneToOneField(Vote, on_delete=models.PROTECT, related_name="strength")
    degree = models.CharField(max_length=10, choices=Degree)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(degree__in=["slightly", "clearly", "much"]),
                name="a_strength_is_slightly_clearly_or_much",
            )
        ]

    def __str__(self) -> str:
        return self.degree


class DimensionOutcome(models.Model):
    """A ranking of the same outputs by one dimension, said before the names were shown."""

    vote = models.ForeignKey(Vote, on_delete=models.PROTECT, related_name="dimension_outcomes")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="outcomes")
    ranks = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "dimension"], name="one_outcome_per_dimension"),
            models.CheckConstraint(
                condition=Q(ranks__len__gte=2) & Q(ranks__len__lte=6),
                name="a_dimension_ranks_two_to_six_seats",
            ),
            models.CheckConstraint(
                condition=Q(ranks__contains=[1]) & ~Q(ranks__contains=[0]),
                name="the_best_rank_of_a_dimension_is_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension_id} {self.ranks}"


class Rating(models.Model):
    """One to five stars for one output, said before the names were shown."""

    vote = models.ForeignKey(Vote, on_delete=models.PROTECT, related_name="ratings")
    position = models.PositiveSmallIntegerField()
    stars = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "position"], name="one_rating_per_seat"),
            models.CheckConstraint(
                condition=Q(stars__gte=1, stars__lte=5), name="a_rating_is_one_to_five_stars"
            ),
        ]

    def __str__(self) -> str:
        return f"seat {self.position}: {self.stars} of 5"


class Rationale(models.Model):
    """Why, in the voter's words, tags and marks; every version is kept and the newest counts."""

    vote = models.ForeignKey(Vote, on_delete=models.PROTECT, related_name="rationales")
    version = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True, help_text="About the whole battle.")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "version"], name="one_rationale_per_version")
        ]

    def __str__(self) -> str:
        return self.text[:80]


class SeatRationale(models.Model):
    """What a version of a rationale says of one output: words and tags."""

    rationale = models.ForeignKey(Rationale, on_delete=models.PROTECT, related_name="seats")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    tags = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Ids of tags of the arena."
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rationale", "position"], name="one_seat_rationale_per_seat"
            )
        ]

    def __str__(self) -> str:
        return f"seat {self.position}: {self.text[:60]}"


class Mark(models.Model):
    """A part of one output that a version of a rationale calls good or bad.

    `place` says where, by `kind`: span {start, end, quote} in characters of the text; region
    {x, y, width, height} in shares of the image; range {from_s, to_s}; view {azimuth_deg,
    polar_deg, distance} of the camera, in degrees and radii of the object.
    """

    class Kind(models.TextChoices):
        SPAN = "span"
        REGION = "region"
        RANGE = "range"
        VIEW = "view"

    rationale = models.ForeignKey(Rationale, on_delete=models.PROTECT, related_name="marks")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    place = models.JSONField()
    is_good = models.BooleanField()
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["span", "region", "range", "view"]),
                name="a_mark_is_a_span_region_range_or_view",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of seat {self.position}"


class Engagement(models.Model):
    """Something that the voter did with an output before the vote, in order.

    `number` counts all of a battle's events as they were recorded. `page` and `page_number` are
    those of the page that sent the event, so that an event sent twice is recorded once.
    """

    class Kind(models.TextChoices):
        SHOWN = "shown"
        HIDDEN = "hidden"
        VISIBLE = "visible"
        PLAY = "play"
        PLAYING = "playing"
        PAUSE = "pause"
        SEEK = "seek"
        RATE = "rate"
        VOLUME = "volume"
        LOOP = "loop"
        VIEW = "view"
        ORBIT = "orbit"
        TURNTABLE = "turntable"
        LINK = "link"
        COMPARE = "compare"
        SCROLL = "scroll"

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="engagement")
    number = models.PositiveIntegerField()
    seat = models.PositiveSmallIntegerField(null=True)
    kind = models.CharField(max_length=20, choices=Kind)
    values = models.JSONField(default=dict, help_text="What the kind says more.")
    page = models.CharField(max_length=22, blank=True)
    page_number = models.PositiveIntegerField(null=True)
    page_ms = models.PositiveIntegerField(
        null=True, help_text="Milliseconds since the page was opened, by the browser's clock."
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["battle", "number"], name="engagement_is_numbered"),
            models.UniqueConstraint(
                fields=["battle", "page", "page_number"], name="an_event_is_recorded_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} seat {self.seat}"


class Skip(models.Model):
    """The voter passed a battle over: no vote, no names."""

    class Reason(models.TextChoices):
        CANNOT_JUDGE = "cannot_judge", gettext_noop("I cannot judge these")
        NOT_INTERESTED = "not_interested", gettext_noop("I do not want to judge these")
        TOO_SLOW = "too_slow", gettext_noop("It takes too long")

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, related_name="skip")
    reason = models.CharField(max_length=20, choices=Reason)
    skipped_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.reason} {self.battle_id}"


class Report(models.Model):
    """The voter says that an output, or the battle, should not be here."""

    class Reason(models.TextChoices):
        HATE = "hate", gettext_noop("Hateful or harassing")
        SEXUAL = "sexual", gettext_noop("Sexual")
        VIOLENT = "violent", gettext_noop("Violent or dangerous")
        PERSONAL = "personal", gettext_noop("Somebody's personal data")
        COPY = "copy", gettext_noop("A copy of somebody's work")
        NAMES_ITSELF = "names_itself", gettext_noop("It says which model it is")
        BROKEN = "broken", gettext_noop("Broken or empty")
        OTHER = "other", gettext_noop("Something else")

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="reports")
    position = models.PositiveSmallIntegerField(null=True, help_text="Empty: the whole battle.")
    reason = models.CharField(max_length=20, choices=Reason)
    text = models.CharField(max_length=1000, blank=True)
    reported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-reported_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["battle", "position", "reason"],
                nulls_distinct=False,
                name="one_report_per_output_and_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} in {self.battle_id}"


class Share(models.Model):
    """A public page of one battle, which its voter opened and may close."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="shares")
    token = models.CharField(max_length=32, unique=True)
    shared_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["battle"],
                condition=Q(closed_at__isnull=True),
                name="one_open_share_per_battle",
            )
        ]

    def __str__(self) -> str:
        return f"{self.battle_id} {'closed' if self.closed_at else 'open'}"


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
