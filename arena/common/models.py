"""Rows that every room shares: events on their way, and the runs of the schedule."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """Something that happened, written in the same transaction as the change itself."""

    topic = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="event_unrouted", condition=Q(routed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class Delivery(models.Model):
    """One event for one task: offered to Celery until the task has said that it is done."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    task = models.CharField(max_length=80)
    queue = models.CharField(max_length=40)
    sends = models.PositiveSmallIntegerField(default=0)
    next_send_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "task"], name="one_delivery_per_listener")
        ]
        indexes = [
            models.Index(
                fields=["next_send_at"],
                name="delivery_waiting",
                condition=Q(handled_at__isnull=True, dead_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} ← event {self.event_id}"


class ScheduledRun(models.Model):
    """One run of a scheduled task, with its outcome."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        SKIPPED = "skipped"
        FAILED = "failed"

    name = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    detail = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["name", "-started_at"], name="run_latest")]

    def __str__(self) -> str:
        return f"{self.name} {self.outcome}"
