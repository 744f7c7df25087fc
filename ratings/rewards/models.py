"""Published reward models."""

from __future__ import annotations

from django.db import models

from ratings.releases.models import Release


class RewardModel(models.Model):
    """One trained model: immutable files in the store, under `rewards/<name>/`."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="reward_model")
    name = models.CharField(max_length=80, unique=True)
    trained_at = models.DateTimeField(auto_now_add=True)
    metrics = models.JSONField(help_text="A copy of metrics.json for the pages.")
    files = models.JSONField(help_text="Path, size and SHA-256 of every file.")

    class Meta:
        ordering = ["-trained_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """Where the files are in the store."""
        return f"rewards/{self.name}/"
