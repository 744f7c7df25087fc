"""Voters, whom an account holds together, versions of the terms, and consent, only ever added."""

from __future__ import annotations

import uuid
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Voter(models.Model):
    """Somebody who votes: known by a random id in a signed cookie, or by an account.

    Once a voter belongs to an account no cookie opens it any more, even when the account is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="voter"
    )
    claimed_at = models.DateTimeField(null=True, help_text="An account took this voter over.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(claimed_at__isnull=False),
                name="the_voter_of_an_account_is_claimed",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @cached_property
    def ids(self) -> list[uuid.UUID]:
        """The voters that are this person: itself, and those whose votes the account took over."""
        if self.claimed_at is None:
            return [self.pk]
        return [self.pk, *self.linked.values_list("voter_id", flat=True)]

    @property
    def person_id(self) -> uuid.UUID:
        """The voter that stands for this person where votes are counted by person."""
        return self.link.person_id if hasattr(self, "link") else self.pk

    def owns(self, voter_id: uuid.UUID | None) -> bool:
        """Say whether what a voter of this id has is this person's."""
        return voter_id is not None and (voter_id == self.pk or voter_id in self.ids)


class VoterLink(models.Model):
    """The votes of a voter without an account are those of an account's voter. Append-only."""

    voter = models.OneToOneField(
        Voter, on_delete=models.PROTECT, primary_key=True, related_name="link"
    )
    person = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="linked")
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(voter=F("person")), name="nobody_is_linked_to_themselves"
            )
        ]

    def __str__(self) -> str:
        return f"{self.voter_id} is {self.person_id}"


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
