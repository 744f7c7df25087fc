"""Seal entries: put those that are settled into a tree, sign its head, chain it to the last.

Entries are numbered when they are written and appear when their transaction commits, so a lower
number can appear after a higher one. Votes never wait for each other or for the sealer. Instead it
notes the newest number that was drawn, then who is writing entries at this moment, and waits until
those have ended: whoever drew a number up to the noted one has then committed or given up. An
INSERT locks its table (ROW EXCLUSIVE, PostgreSQL manual 13.3) before it draws a number and keeps
the lock until the transaction ends, so pg_locks names all of them.
"""

from __future__ import annotations

import time

from django.db import connection, transaction
from django.utils import timezone

from arena.common.errors import Conflict
from arena.common.tasks import Skipped
from arena.ledger import merkle, outside
from arena.ledger.checkpoints import NOTHING_BEFORE, Statement, public_key_of, sign
from arena.ledger.commitments import Kind, written
from arena.ledger.models import Checkpoint, Entry
from arena.ledger.selectors import newest_checkpoint, signing_seed, statement_of

MOST_ENTRIES = 1000  # in one checkpoint: a proof of ten hashes
MOST_CHECKPOINTS = 50  # in one run: some seconds, far below the limit of a task
PATIENCE_S = 3.0  # for transactions that write entries; votes take some milliseconds
LOOK_EVERY_S = 0.02
SEALER_LOCK = 0x41474F4E_4C454447  # "AGONLEDG": one sealer at a time

NO_KEY = (
    "nothing is sealed without a key; set LEDGER_KEY to 32 random bytes in base64, or let "
    "`python3 manage.py up` make one"
)


def seal() -> str:
    """Seal what is settled; return one line about it.

    Raises Skipped when there is nothing to seal or no key, Conflict as `seal_batch` does.
    """
    seed = signing_seed()
    if seed is None:
        raise Skipped(NO_KEY)
    settled = settled_entry()
    n_sealed = n_checkpoints = 0
    while n_checkpoints < MOST_CHECKPOINTS:
        checkpoint = seal_batch(seed=seed, settled=settled)
        if checkpoint is None:
            break
        n_sealed += checkpoint.n_entries
        n_checkpoints += 1
    if not n_sealed:
        raise Skipped("no entry waits")
    return f"{n_sealed} entries in {n_checkpoints} checkpoints"


def settled_entry(patience_s: float = PATIENCE_S) -> int:
    """Return a number up to which no entry can appear any more.

    Raises Skipped when a transaction that was writing entries did not end in time.
    """
    drawn = _newest_drawn()
    writing = _writers()
    until = time.monotonic() + patience_s
    while writing := writing & _writers():
        if time.monotonic() > until:
            raise Skipped(
                f"{len(writing)} transactions that write entries, such as a long import, are "
                f"still open"
            )
        time.sleep(LOOK_EVERY_S)
    return drawn


@transaction.atomic
def seal_batch(*, seed: bytes, settled: int) -> Checkpoint | None:
    """Sign a checkpoint over the next entries up to number `settled`; None when there are none.

    Raises Skipped while another sealer is at work, Conflict when the store of files remembers a
    checkpoint that the database does not have.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            raise Skipped("another sealer is at work")
    before = newest_checkpoint()
    _require_whole_chain(before)
    after = before.last_entry if before else 0
    entries = list(
        Entry.objects.filter(pk__gt=after, pk__lte=settled)
        .order_by("pk")
        .values_list("pk", "commitment")[:MOST_ENTRIES]
    )
    if not entries:
        return None
    commitments = [bytes(commitment) for _, commitment in entries]
    sealed_at = timezone.now()
    at = written(Kind.TIME, sealed_at)
    assert at is not None
    statement = Statement(
        number=before.number + 1 if before else 1,
        size=(before.size if before else 0) + len(entries),
        entries=len(entries),
        first=entries[0][0],
        last=entries[-1][0],
        root=merkle.tree_head(commitments).hex(),
        previous=statement_of(before).digest if before else NOTHING_BEFORE,
        at=at,
        key=public_key_of(seed),
    )
    checkpoint = Checkpoint.objects.create(
        number=statement.number,
        size=statement.size,
        n_entries=statement.entries,
        first_entry=statement.first,
        last_entry=statement.last,
        root=statement.root,
        previous=statement.previous,
        sealed_at=sealed_at,
        public_key=statement.key,
        signature=sign(statement, seed),
        entry_ids=[pk for pk, _ in entries],
        commitments=b"".join(commitments),
    )
    transaction.on_commit(lambda: outside.remember(statement.number, statement.digest))
    return checkpoint


def leaves_of(checkpoint: Checkpoint) -> list[bytes]:
    """Return the commitments under a checkpoint, in the order of its leaves."""
    whole = bytes(checkpoint.commitments)
    return [whole[i : i + 32] for i in range(0, len(whole), 32)]


def _require_whole_chain(newest: Checkpoint | None) -> None:
    """Refuse to go on from an older backup: two different checkpoints would have one number."""
    kept = outside.remembered()
    if kept is None:
        return
    number, _ = kept
    if number > (newest.number if newest else 0):
        raise Conflict(
            f"The store of files remembers checkpoint {number}, and the database ends before it. "
            f"Restore a newer backup; or delete {outside.KEY} in the store, and say publicly that "
            f"the end was lost."
        )


def _newest_drawn() -> int:
    with connection.cursor() as cursor:
        # Outside of transactions: it counts numbers that were drawn and are not seen yet.
        cursor.execute(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ledger_entry_id_seq"
        )
        return int(cursor.fetchone()[0])


def _writers() -> set[str]:
    """Return the transactions of others that have written, or are writing, entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted"
            " AND relation = 'ledger_entry'::regclass AND mode = 'RowExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND pid IS DISTINCT FROM pg_backend_pid()"
        )
        return {row[0] for row in cursor.fetchall()}
