"""Generation jobs, stored blobs and outputs."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q

from arena.battles.models import Seat

MAX_ATTEMPTS = 3  # infrastructure errors only; a model's own error is final at once
LEASE = timedelta(seconds=15)  # a worker beats every third of it; with the sweep, 20 s of loss
# From queueing to output, per modality: after this the battle is void rather than late.
DEADLINES = {
    "text": timedelta(seconds=180),
    "image": timedelta(seconds=240),
    "music": timedelta(seconds=480),
    "mesh": timedelta(seconds=720),
}


class GenerationJob(models.Model):
    """What one seat needs, and how it was made: the truth that workers claim and finish."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, related_name="job")
    queue = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="The fencing token.")
    seed = models.BigIntegerField()
    parameters = models.JSONField(default=dict)
    worker = models.CharField(max_length=120, blank=True)
    not_before = models.DateTimeField()
    offered_at = models.DateTimeField(help_text="When workers were last told of it.")
    deadline_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    first_output_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cost_usd = models.FloatField(default=0.0)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False),
                name="a_running_job_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="a_finished_job_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "created_at"],
                name="jobs_open",
                condition=Q(state__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.state} #{self.attempt}"


class Blob(models.Model):
    """A stored file, addressed by its content."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    key = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class Output(models.Model):
    """What a seat shows: one output for each seat, text or a blob, already anonymous."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, related_name="output")
    text = models.TextField(null=True)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="outputs")
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(text__isnull=False, blob__isnull=True)
                | Q(text__isnull=True, blob__isnull=False),
                name="an_output_is_text_or_a_file",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
