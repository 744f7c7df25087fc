"""Verdicts: whether a vote counts, who or what said so, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from arena.votes.models import Vote

STAFF = "staff"  # the method of a verdict that a person gave


class Verdict(models.Model):
    """What was decided about one vote. Append-only: a decision is taken back by a later one.

    The newest verdict of a vote holds. A vote without one counts, so that nothing is written down
    of the many votes in which no detector finds anything.
    """

    class Status(models.TextChoices):
        COUNTED = "counted", "Counted"
        HELD = "held", "Held"
        EXCLUDED = "excluded", "Not counted"

    vote = models.ForeignKey(Vote, on_delete=models.PROTECT, related_name="verdicts")
    status = models.CharField(max_length=10, choices=Status)
    method = models.CharField(max_length=40, help_text="The detector's name, or staff.")
    method_version = models.PositiveSmallIntegerField()
    reason = models.CharField(
        max_length=40, blank=True, help_text="A code of arena.integrity.reasons; empty: counted."
    )
    detail = models.JSONField(default=dict, help_text="The numbers behind it; no personal data.")
    note = models.CharField(
        max_length=400, blank=True, help_text="Why, in the words of whoever decided."
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["counted", "held", "excluded"]),
                name="a_verdict_counts_holds_or_excludes",
            ),
            models.CheckConstraint(
                condition=Q(status="counted") | ~Q(reason=""),
                name="a_vote_is_left_out_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(method=STAFF, made_by__isnull=False)
                | (~Q(method=STAFF) & Q(made_by__isnull=True)),
                name="staff_sign_their_verdicts",
            ),
        ]
        indexes = [models.Index(fields=["vote", "-id"], name="newest_verdict_of_a_vote")]

    def __str__(self) -> str:
        return f"{self.vote_id}: {self.status} {self.reason}".strip()
