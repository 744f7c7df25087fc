"""Verbs that write entries beside the triggers: backfill and erasure."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from arena.common.errors import BadInput, NotAllowed
from arena.ledger.commitments import ALL_TABLES
from arena.ledger.entry_sql import backfill_sql
from arena.ledger.models import Entry, Erasure

# The words that people wrote, by table: what stands in each column afterwards.
WORDS = {
    "votes_rationale": {"text": ""},
    "votes_seatrationale": {"text": ""},
    "votes_mark": {"note": ""},
    "integrity_verdict": {"note": ""},
}


def backfill() -> dict[str, int]:
    """Make an entry of each row that has none; return how many were made, by table."""
    made = {}
    for table in ALL_TABLES:
        with transaction.atomic(), connection.cursor() as cursor:
            # Rows that are inserted meanwhile get theirs from the trigger.
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
            cursor.execute(backfill_sql(table))
            made[table] = cursor.rowcount
    return made


@transaction.atomic
def erase_words(*, entry_ids: Sequence[int], reason: str) -> int:
    """Erase the words of entries and their salts; return how many were erased now.

    The commitments stay, so that everything sealed can still be checked. An erasure is an entry
    itself. A second call changes nothing.

    Raises BadInput for an entry that holds no words, NotAllowed when the database's user may not
    step around the triggers that refuse changes.
    """
    if not reason.strip():
        raise BadInput("Say why: the reason stays on record.")
    entries = list(Entry.objects.filter(pk__in=entry_ids, table_name__in=WORDS))
    missing = set(entry_ids) - {entry.pk for entry in entries}
    if missing:
        raise BadInput(
            f"{', '.join(map(str, sorted(missing)))}: no entries that hold words; words are in "
            f"{', '.join(WORDS)}"
        )
    fresh = [entry for entry in entries if entry.salt is not None]
    now = timezone.now()
    Erasure.objects.bulk_create(
        Erasure(entry=entry, reason=reason.strip()[:200], erased_at=now) for entry in fresh
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # For this transaction alone: triggers are not fired (PostgreSQL manual, 19.11.1).
            cursor.execute("SET LOCAL session_replication_role = 'replica'")
            for entry in fresh:
                _erase(cursor, entry)
            cursor.execute("SET LOCAL session_replication_role = 'origin'")
    except ProgrammingError as error:
        raise NotAllowed(
            "The database's user may not set session_replication_role; set DATABASE_URL to a "
            "superuser for this command alone"
        ) from error
    return len(fresh)


def _erase(cursor: CursorWrapper, entry: Entry) -> None:
    columns = WORDS[entry.table_name]
    assigned = ", ".join(f"{name} = %s" for name in columns)
    cursor.execute(
        f"UPDATE {entry.table_name} SET {assigned} WHERE id = %s",  # noqa: S608
        [*columns.values(), int(entry.key)],
    )
    cursor.execute("UPDATE ledger_entry SET salt = NULL WHERE id = %s", [entry.pk])
