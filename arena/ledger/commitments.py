"""What an entry commits to, byte for byte: plain Python, the same as the trigger computes.

A preimage is text in UTF-8: one line for each field, `name:length:value`, where the length counts
the bytes of the value, and `name:-` for a value that is null. Lengths make it unambiguous whatever
a value holds. First come the fields of the entry, then the columns of the row in a fixed order:

    format:19:agon.ledger/entry/1
    entry:1:7
    at:27:2026-01-31T12:00:00.000000Z
    table:10:votes_vote
    key:36:…
    salt:64:…
    id:36:…
    …

The commitment is the SHA-256 of it. The salt, 32 random bytes in 64 hex digits, keeps anyone from
guessing a short content until it fits.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

FORMAT = "agon.ledger/entry/1"


class Kind(StrEnum):
    """How a column is written as text."""

    TEXT = "text"  # as it is
    INTEGER = "integer"  # decimal digits
    BOOLEAN = "boolean"  # true, false
    UUID = "uuid"  # lower case with hyphens
    TIME = "time"  # UTC with microseconds: 2026-01-31T12:00:00.000000Z
    INTEGERS = "integers"  # decimal digits with commas
    JSON = "json"  # PostgreSQL's text of jsonb: keys by length, then by bytes


# Never changed: what is committed stays committed. Another set of columns is another format.
# `TABLES` are those of the ledger's own migration; a later room's migration makes the trigger of
# its own table, which is in `ALL_TABLES` only.
TABLES: Mapping[str, Mapping[str, Kind]] = {
    "votes_vote": {
        "id": Kind.UUID,
        "battle_id": Kind.UUID,
        "voter_id": Kind.UUID,
        "ranks": Kind.INTEGERS,
        "is_acceptable": Kind.BOOLEAN,
        "idempotency_key": Kind.UUID,
        "source_id": Kind.INTEGER,
        "cast_at": Kind.TIME,
        "recorded_at": Kind.TIME,
    },
    "votes_strength": {"id": Kind.INTEGER, "vote_id": Kind.UUID, "degree": Kind.TEXT},
    "votes_dimensionoutcome": {
        "id": Kind.INTEGER,
        "vote_id": Kind.UUID,
        "dimension_id": Kind.INTEGER,
        "ranks": Kind.INTEGERS,
    },
    "votes_rating": {
        "id": Kind.INTEGER,
        "vote_id": Kind.UUID,
        "position": Kind.INTEGER,
        "stars": Kind.INTEGER,
    },
    "votes_rationale": {
        "id": Kind.INTEGER,
        "vote_id": Kind.UUID,
        "version": Kind.INTEGER,
        "text": Kind.TEXT,
        "written_at": Kind.TIME,
    },
    "votes_seatrationale": {
        "id": Kind.INTEGER,
        "rationale_id": Kind.INTEGER,
        "position": Kind.INTEGER,
        "text": Kind.TEXT,
        "tags": Kind.INTEGERS,
    },
    "votes_mark": {
        "id": Kind.INTEGER,
        "rationale_id": Kind.INTEGER,
        "position": Kind.INTEGER,
        "kind": Kind.TEXT,
        "place": Kind.JSON,
        "is_good": Kind.BOOLEAN,
        "note": Kind.TEXT,
    },
    "votes_withdrawal": {"id": Kind.INTEGER, "vote_id": Kind.UUID, "withdrawn_at": Kind.TIME},
    "ledger_erasure": {
        "id": Kind.INTEGER,
        "entry_id": Kind.INTEGER,
        "reason": Kind.TEXT,
        "erased_at": Kind.TIME,
    },
}
ALL_TABLES: Mapping[str, Mapping[str, Kind]] = {
    **TABLES,
    "integrity_verdict": {
        "id": Kind.INTEGER,
        "vote_id": Kind.UUID,
        "status": Kind.TEXT,
        "method": Kind.TEXT,
        "method_version": Kind.INTEGER,
        "reason": Kind.TEXT,
        "detail": Kind.JSON,
        "note": Kind.TEXT,
        "made_by_id": Kind.INTEGER,
        "made_at": Kind.TIME,
    },
}


def commitment_of(preimage: str) -> bytes:
    """Return the 32 bytes that stand for an entry."""
    return sha256(preimage.encode()).digest()


def preimage_of(
    *,
    entry: int,
    at: str,
    table: str,
    key: str,
    salt: bytes,
    content: Sequence[tuple[str, str | None]],
) -> str:
    """Return the text that an entry commits to; `content` holds the columns written as text."""
    fields = [
        ("format", FORMAT),
        ("entry", str(entry)),
        ("at", at),
        ("table", table),
        ("key", key),
        ("salt", salt.hex()),
        *content,
    ]
    return "".join(_line(name, value) for name, value in fields)


def content_of(table: str, row: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Return the columns of a row, written as text; other columns are left out."""
    return [(name, written(kind, row[name])) for name, kind in ALL_TABLES[table].items()]


def written(kind: Kind, value: Any) -> str | None:
    """Return a value as text, by the kind of its column; None stays None."""
    if value is None:
        return None
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind is Kind.UUID:
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(value))
    if kind is Kind.TIME:
        utc: dt.datetime = value.astimezone(dt.UTC)
        return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if kind is Kind.INTEGERS:
        return ",".join(map(str, value))
    if kind is Kind.JSON:
        return jsonb_text(value)
    return str(value)


def jsonb_text(value: Any) -> str:
    """Return the text that PostgreSQL gives of the same value in a jsonb column.

    Keys stand in the order of their length in bytes, then of their bytes; numbers have no exponent.
    """
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_quoted(key)}: {jsonb_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(jsonb_text, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        return format(number if number else abs(number), "f")  # numeric has no negative zero
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _line(name: str, value: str | None) -> str:
    return f"{name}:-\n" if value is None else f"{name}:{len(value.encode())}:{value}\n"
