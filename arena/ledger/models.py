"""Entries, checkpoints and erasures: the sealed record of what was voted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """A commitment to one row of the record, written by a trigger. Append-only."""

    table_name = models.CharField(max_length=40)
    key = models.CharField(max_length=40, help_text="The row's primary key, as text.")
    salt = models.BinaryField(max_length=32, null=True, help_text="Null once erased.")
    commitment = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table_name", "key"], name="one_entry_per_row")
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.table_name} {self.key}"


class Checkpoint(models.Model):
    """A signed statement of which entries there are. Append-only.

    The fields from `number` to `public_key` are what is signed, as `arena.ledger.checkpoints`
    writes them. `entry_ids` and `commitments` (32 bytes each) are the leaves, in their order.
    """

    number = models.PositiveBigIntegerField(unique=True)
    size = models.PositiveBigIntegerField(help_text="Entries up to here, in all checkpoints.")
    n_entries = models.PositiveIntegerField()
    first_entry = models.PositiveBigIntegerField()
    last_entry = models.PositiveBigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, help_text="Digest of the checkpoint before.")
    sealed_at = models.DateTimeField()
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    entry_ids = ArrayField(models.BigIntegerField())
    commitments = models.BinaryField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"checkpoint {self.number}, {self.size} entries"


class Erasure(models.Model):
    """Content and salt of an entry were erased; its commitment stays. Append-only."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="erasure")
    reason = models.CharField(max_length=200)
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.reason}"
