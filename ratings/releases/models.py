"""Releases, and which battle went out in which one."""

from __future__ import annotations

from django.db import models

from arena.arenas.models import Arena
from arena.battles.models import Battle


class Release(models.Model):
    """One immutable set of files in the store, under `releases/<name>/`."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80, unique=True)
    built_at = models.DateTimeField(auto_now_add=True)
    manifest_sha256 = models.CharField(max_length=64)
    manifest = models.JSONField(help_text="A copy of manifest.json for the pages.")

    class Meta:
        ordering = ["-built_at"]
        constraints = [
            models.UniqueConstraint(fields=["arena", "number"], name="one_release_per_number")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """Where the files are in the store."""
        return f"releases/{self.name}/"


class ReleasedBattle(models.Model):
    """The release whose shard holds a battle: shards are disjoint and are never written again."""

    battle = models.OneToOneField(
        Battle, on_delete=models.PROTECT, primary_key=True, related_name="released_in"
    )
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="battles")
    # The shard's key is gone: without this a withdrawn vote could not be named in later releases.
    row_id = models.CharField(max_length=32, unique=True, help_text="`battle_id` in the shard.")

    def __str__(self) -> str:
        return f"{self.battle_id} in {self.release_id}"
