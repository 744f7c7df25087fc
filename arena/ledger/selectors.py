"""Questions about entries and checkpoints."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from arena.ledger.checkpoints import Statement, public_key_of
from arena.ledger.commitments import Kind, written
from arena.ledger.models import Checkpoint, Entry


def signing_seed() -> bytes | None:
    """Return the seed of the key that signs, 32 bytes; None where there is none."""
    seed: bytes | None = settings.LEDGER_KEY
    return seed


def public_key() -> str | None:
    """Return the public key in hex digits; None where nothing can be signed."""
    seed = signing_seed()
    return public_key_of(seed) if seed else None


def checkpoints() -> QuerySet[Checkpoint]:
    """Return all checkpoints, the oldest first, without their leaves."""
    return Checkpoint.objects.order_by("number").defer("entry_ids", "commitments")


def newest_checkpoint() -> Checkpoint | None:
    """Return the last checkpoint."""
    return checkpoints().last()


def waiting_entries() -> QuerySet[Entry]:
    """Return the entries behind the last checkpoint, in the order of their numbers."""
    newest = newest_checkpoint()
    return Entry.objects.filter(pk__gt=newest.last_entry if newest else 0).order_by("pk")


def statement_of(checkpoint: Checkpoint) -> Statement:
    """Return what a checkpoint says."""
    at = written(Kind.TIME, checkpoint.sealed_at)
    assert at is not None
    return Statement(
        number=checkpoint.number,
        size=checkpoint.size,
        entries=checkpoint.n_entries,
        first=checkpoint.first_entry,
        last=checkpoint.last_entry,
        root=checkpoint.root,
        previous=checkpoint.previous,
        at=at,
        key=checkpoint.public_key,
    )


def signed_form(checkpoint: Checkpoint) -> dict[str, str]:
    """Return a checkpoint as it is published: what was signed, and the signature."""
    return {"body": statement_of(checkpoint).body, "signature": checkpoint.signature}
