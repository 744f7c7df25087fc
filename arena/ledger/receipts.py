"""A receipt: the proof, for a voter, that a vote and what was said with it are on record."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.common.errors import NotFound
from arena.ledger.commitments import Kind, written
from arena.ledger.entry_sql import content_sql
from arena.ledger.merkle import inclusion_proof
from arena.ledger.models import Checkpoint, Entry
from arena.ledger.sealing import leaves_of
from arena.ledger.selectors import signed_form
from arena.votes.models import Vote

FORMAT = "agon.ledger/receipt/1"


def receipt(*, vote_id: uuid.UUID, voter: Voter | None) -> dict[str, Any]:
    """Return the entries of a vote with salts, contents, proofs and signed checkpoints.

    An entry that waits for the next checkpoint has `proof` and `checkpoint` None; an erased one
    has `salt` and `content` None.

    Raises NotFound for a vote that is not this voter's.
    """
    vote = None if voter is None else Vote.objects.filter(pk=vote_id, voter__in=voter.ids).first()
    if vote is None:
        raise NotFound(_("There is no such vote of yours."))
    entries = [
        entry
        for table, keys in _rows_of(vote).items()
        for entry in Entry.objects.filter(table_name=table, key__in=keys)
    ]
    return {
        "format": FORMAT,
        "vote": str(vote.pk),
        "entries": [_proved(entry) for entry in sorted(entries, key=lambda entry: entry.pk)],
    }


def _rows_of(vote: Vote) -> dict[str, list[str]]:
    rationales = list(vote.rationales.values_list("pk", flat=True))
    keys = {"votes_vote": [str(vote.pk)]}
    for table, column, values in (
        ("votes_strength", "vote_id", [vote.pk]),
        ("votes_dimensionoutcome", "vote_id", [vote.pk]),
        ("votes_rating", "vote_id", [vote.pk]),
        ("votes_rationale", "vote_id", [vote.pk]),
        ("votes_seatrationale", "rationale_id", rationales),
        ("votes_mark", "rationale_id", rationales),
        ("votes_withdrawal", "vote_id", [vote.pk]),
    ):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id::text FROM {table} WHERE {column} = ANY(%s)",  # noqa: S608
                [values],
            )
            keys[table] = [row[0] for row in cursor.fetchall()]
    return keys


def _proved(entry: Entry) -> dict[str, Any]:
    checkpoint = Checkpoint.objects.filter(last_entry__gte=entry.pk).order_by("last_entry").first()
    proof = None
    if checkpoint is not None:
        index = checkpoint.entry_ids.index(entry.pk)
        path = inclusion_proof(leaves_of(checkpoint), index)
        proof = {"index": index, "path": [node.hex() for node in path]}
    return {
        "entry": entry.pk,
        "at": written(Kind.TIME, entry.at),
        "table": entry.table_name,
        "key": entry.key,
        "salt": None if entry.salt is None else bytes(entry.salt).hex(),
        "content": None if entry.salt is None else _content(entry),
        "commitment": bytes(entry.commitment).hex(),
        "proof": proof,
        "checkpoint": None if checkpoint is None else signed_form(checkpoint),
    }


def _content(entry: Entry) -> list[list[str | None]]:
    """Return the columns of the row as text, as they were committed to."""
    columns = content_sql(entry.table_name, "r")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(text for _, text in columns)} FROM {entry.table_name} r"  # noqa: S608
            f" WHERE r.id::text = %s",
            [entry.key],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(
            _("The row of entry %(number)s is gone; please tell whoever runs this site.")
            % {"number": entry.pk}
        )
    return [[name, value] for (name, _), value in zip(columns, row, strict=True)]
