"""Check the whole record: every commitment from its row, every tree, the chain, each signature."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from django.db import connection, transaction

from arena.ledger import merkle, outside
from arena.ledger.checkpoints import NOTHING_BEFORE, Statement, is_signed
from arena.ledger.commitments import ALL_TABLES, Kind
from arena.ledger.entry_sql import preimage_sql
from arena.ledger.models import Checkpoint, Erasure
from arena.ledger.sealing import leaves_of
from arena.ledger.selectors import public_key, statement_of

WINDOW_ENTRIES = 10_000  # read at once: some megabytes
WINDOW_CHECKPOINTS = 500
# Keys are text in the ledger; one that was tampered with must not break the check. (A regular
# expression would take half of the whole time.)
_ROW_KEY = {
    Kind.UUID: (
        "CASE WHEN e.key LIKE '________-____-____-____-____________'"
        " AND translate(e.key, '0123456789abcdef', '') = '----' THEN e.key::uuid END"
    ),
    Kind.INTEGER: (
        "CASE WHEN translate(e.key, '0123456789', '') = '' AND length(e.key) BETWEEN 1 AND 18"
        " THEN e.key::bigint END"
    ),
}


@dataclass(frozen=True)
class Finding:
    """What is not as it was sealed: changed, deleted, inserted, reordered, truncated, unsigned."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


@dataclass
class Verdict:
    """What a check has seen."""

    n_checkpoints: int = 0
    n_sealed: int = 0
    n_waiting: int = 0
    n_erased: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Say whether everything is as it was sealed."""
        return not self.findings

    @property
    def entries_per_s(self) -> float:
        """Entries checked in each second."""
        return (self.n_sealed + self.n_waiting) / self.seconds if self.seconds else 0.0

    def add(self, kind: str, what: str) -> None:
        """Note something that is wrong."""
        self.findings.append(Finding(kind, what))


class Read(NamedTuple):
    """An entry as it is in the database; `preimage` None where its row is gone."""

    table: str
    key: str
    has_salt: bool
    commitment: bytes
    preimage: str | None

    @property
    def name(self) -> str:
        """The row that it is about."""
        return f"{self.table} {self.key}"


def verify(*, kept: Sequence[Statement] = (), trusted: Iterable[str] = ()) -> Verdict:
    """Check everything and return what was seen.

    Args:
        kept: checkpoints that somebody kept outside; each must be in the database as it was.
        trusted: public keys in hex digits that may sign, beside the one that signs now.
    """
    trusted = {*trusted, *filter(None, [public_key()])}
    if connection.in_atomic_block:
        return _verify(kept, trusted)
    with transaction.atomic(), connection.cursor() as cursor:
        # Everything is read as it is at one moment, while votes go on.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _verify(kept, trusted)


def _verify(kept: Sequence[Statement], trusted: set[str]) -> Verdict:
    started = time.perf_counter()
    verdict = Verdict()
    sealed_in = SealedIn()
    digests: dict[int, str] = {}
    before: Statement | None = None
    for window in _windows():
        after = before.last if before else 0
        for checkpoint in window:
            statement = statement_of(checkpoint)
            _check_checkpoint(verdict, checkpoint, statement, before, trusted)
            digests[statement.number] = statement.digest
            before = statement
            verdict.n_checkpoints += 1
        assert before is not None
        _check_entries(verdict, window, sealed_in, after=after, last=before.last)
    _check_waiting(verdict, after=before.last if before else 0)
    _check_rows_without_entry(verdict)
    _check_end(verdict, digests, kept)
    verdict.seconds = time.perf_counter() - started
    return verdict


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────


def _check_checkpoint(
    verdict: Verdict,
    checkpoint: Checkpoint,
    statement: Statement,
    before: Statement | None,
    trusted: set[str],
) -> None:
    name = f"checkpoint {statement.number}"
    expected = before.number + 1 if before else 1
    if statement.number != expected:
        verdict.add("deleted", f"checkpoints {expected} to {statement.number - 1} are not there")
    elif statement.previous != (before.digest if before else NOTHING_BEFORE):
        verdict.add("changed", f"{name} does not name the one before as its previous")
    if not is_signed(statement, checkpoint.signature):
        verdict.add("unsigned", f"{name} does not bear the signature of its key")
    elif statement.key not in trusted:
        verdict.add("unsigned", f"{name} is signed by the key {statement.key}, which is not ours")
    leaves = leaves_of(checkpoint)
    ids = checkpoint.entry_ids
    if merkle.tree_head(leaves).hex() != statement.root:
        verdict.add("changed", f"the leaves of {name} do not give its root")
    size = (before.size if before else 0) + len(leaves)
    facts = (len(ids), len(leaves), statement.size)
    if facts != (statement.entries, statement.entries, size) and statement.number == expected:
        verdict.add("changed", f"the counts of {name} do not fit its leaves")
    if not ids or ids != sorted(set(ids)) or (ids[0], ids[-1]) != (statement.first, statement.last):
        verdict.add("changed", f"the list of entries of {name} is not the one that was sealed")


def _check_end(verdict: Verdict, digests: dict[int, str], kept: Sequence[Statement]) -> None:
    known = [(one.number, one.digest, "that was given") for one in kept]
    newest = outside.remembered()
    if newest is not None:
        known.append((*newest, "in the store of files"))
    elif digests:
        verdict.notes.append(
            f"{outside.KEY} is not in the store of files: only checkpoints that somebody kept "
            f"can show that the end was cut off"
        )
    for number, digest, where in known:
        if number not in digests:
            last = max(digests, default=0)
            verdict.add("truncated", f"checkpoint {number} {where} is not there; {last} is last")
        elif digests[number] != digest:
            verdict.add("changed", f"checkpoint {number} differs from the one {where}")


def _windows() -> Iterator[list[Checkpoint]]:
    window: list[Checkpoint] = []
    n_entries = 0
    number = 0
    while some := list(
        Checkpoint.objects.filter(number__gt=number).order_by("number")[:WINDOW_CHECKPOINTS]
    ):
        for checkpoint in some:
            window.append(checkpoint)
            n_entries += len(checkpoint.entry_ids)
            number = checkpoint.number
            if n_entries >= WINDOW_ENTRIES:
                yield window
                window, n_entries = [], 0
        if window:
            yield window
            window, n_entries = [], 0


# ── entries ─────────────────────────────────────────────────────────────────────────────────


class SealedIn:
    """Where a commitment was sealed; read only when something is wrong."""

    def __init__(self) -> None:
        self._entry_of: dict[bytes, int] | None = None

    def entry_of(self, commitment: bytes) -> int | None:
        """Return the number of the entry under which a commitment was sealed."""
        if self._entry_of is None:
            self._entry_of = {}
            for checkpoint in Checkpoint.objects.order_by("number").iterator(chunk_size=100):
                leaves = leaves_of(checkpoint)
                self._entry_of.update(zip(leaves, checkpoint.entry_ids, strict=False))
        return self._entry_of.get(commitment)


def _check_entries(
    verdict: Verdict, window: Sequence[Checkpoint], sealed_in: SealedIn, *, after: int, last: int
) -> None:
    found = _entries(after, last)
    erased = _erased(after, last)
    for checkpoint in window:
        for pk, sealed in zip(checkpoint.entry_ids, leaves_of(checkpoint), strict=False):
            verdict.n_sealed += 1
            entry = found.pop(pk, None)
            if entry is not None and entry.commitment == sealed and _fits(entry):
                continue
            if entry is None:
                verdict.add("deleted", f"entry {pk} of checkpoint {checkpoint.number} is not there")
            elif entry.commitment != sealed:
                other = sealed_in.entry_of(entry.commitment)
                if other is None:
                    verdict.add("changed", f"entry {pk} ({entry.name}) is not the sealed one")
                else:
                    verdict.add("reordered", f"entry {pk} holds what was sealed as entry {other}")
            else:
                _check_row(verdict, pk, entry, erased)
    for pk, entry in found.items():
        verdict.add("inserted", f"entry {pk} ({entry.name}) is in no checkpoint")


def _fits(entry: Read) -> bool:
    """Say whether a row is there and is what its entry committed to."""
    # Without the salt the preimage is another one.
    preimage = entry.preimage
    return preimage is not None and sha256(preimage.encode()).digest() == entry.commitment


def _check_row(verdict: Verdict, pk: int, entry: Read, erased: set[int]) -> None:
    if not entry.has_salt:
        if pk in erased:
            verdict.n_erased += 1
        else:
            verdict.add("changed", f"entry {pk} ({entry.name}) has no salt and no erasure")
    elif entry.preimage is None:
        verdict.add("deleted", f"{entry.name} of entry {pk} is not there")
    elif not _fits(entry):
        verdict.add("changed", f"{entry.name} is not what entry {pk} committed to")


def _check_waiting(verdict: Verdict, *, after: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM ledger_entry")
        newest = cursor.fetchone()[0] or 0
    for start in range(after, newest, WINDOW_ENTRIES):
        erased = _erased(start, start + WINDOW_ENTRIES)
        for pk, entry in _entries(start, start + WINDOW_ENTRIES).items():
            verdict.n_waiting += 1
            _check_row(verdict, pk, entry, erased)


def _check_rows_without_entry(verdict: Verdict) -> None:
    for table in ALL_TABLES:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.id::text FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e"  # noqa: S608
                f" WHERE e.table_name = '{table}' AND e.key = t.id::text) ORDER BY 1"
            )
            for (key,) in cursor.fetchall():
                verdict.add("inserted", f"{table} {key} has no entry")


def _entries(after: int, last: int) -> dict[int, Read]:
    """Return the entries after one number, up to another, with what their rows give now."""
    found: dict[int, Read] = {}
    with connection.cursor() as cursor:
        for table in ALL_TABLES:
            cursor.execute(_ENTRIES_SQL[table], [after, last])
            for pk, *read in cursor.fetchall():
                found[pk] = Read._make(read)
    return found


def _entries_sql(table: str, key_kind: Kind) -> str:
    preimage = preimage_sql(table, entry="e.id", at="e.at", key="e.key", salt="e.salt", row="r")
    return (
        "SELECT e.id, e.table_name, e.key, e.salt IS NOT NULL, e.commitment,"  # noqa: S608
        f" CASE WHEN r.id IS NOT NULL THEN {preimage} END FROM ledger_entry e"
        f" LEFT JOIN {table} r ON r.id = {_ROW_KEY[key_kind]}"
        f" WHERE e.table_name = '{table}' AND e.id > %s AND e.id <= %s"
    )


_ENTRIES_SQL = {table: _entries_sql(table, columns["id"]) for table, columns in ALL_TABLES.items()}


def _erased(after: int, last: int) -> set[int]:
    """Return the entries whose erasure is itself on record."""
    found = Erasure.objects.filter(entry__gt=after, entry__lte=last)
    return set(found.values_list("entry_id", flat=True))
