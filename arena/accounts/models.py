"""Voters, versions of the terms, and consent, which is only ever added."""

from __future__ import annotations

import uuid

from django.db import models


class Voter(models.Model):
    """Somebody who votes: known by a random id in a signed cookie, nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)


class Terms(models.Model):
    """One version of the terms; its name is the digest of its text."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return self.version

    @property
    def version(self) -> str:
        """The short name that people see, for example `2026-11-21 · 3fa9c1`."""
        return f"{self.published_at:%Y-%m-%d} · {self.sha256[:6]}"


class Consent(models.Model):
    """A voter accepted one version of the terms. Append-only."""

    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="consents")
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voter", "terms"], name="one_consent_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.voter_id} accepted {self.terms_id[:6]}"
