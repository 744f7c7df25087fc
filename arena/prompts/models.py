"""Prompts as they were sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt


class Prompt(models.Model):
    """What a voter asked of two or more models."""

    class Origin(models.TextChoices):
        TYPED = "typed"
        SUGGESTED = "suggested"
        IMPORTED = "imported"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="prompts")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, null=True, related_name="prompts")
    text = models.TextField()
    origin = models.CharField(max_length=10, choices=Origin)
    suggestion = models.ForeignKey(
        SuggestedPrompt, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="prompt_is_not_empty"),
            models.CheckConstraint(
                condition=Q(voter__isnull=False) | Q(origin="imported"),
                name="a_live_prompt_has_its_voter",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
