"""What is changed behind the triggers is found and named; what is whole is never accused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import BadInput
from arena.ledger import outside, sealing
from arena.ledger.checkpoints import public_key_of, sign
from arena.ledger.models import Checkpoint, Entry, Erasure
from arena.ledger.selectors import checkpoints, signed_form, statement_of
from arena.ledger.services import erase_words
from arena.ledger.verifying import Verdict, verify
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from tests.arena.ledger.conftest import full_vote, without_triggers

Execute = Callable[..., int]
N_TAMPERS = 100  # of each kind


@pytest.fixture
def ledger(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> list[Vote]:
    """A dozen full votes and what was added to them: some 300 entries in a dozen checkpoints."""
    monkeypatch.setattr(sealing, "MOST_ENTRIES", 25)
    votes = [full_vote(ada, arena) for _ in range(12)]
    for vote in votes:
        for version in range(2, 20):
            vote.rationales.create(version=version, text=f"Reason {version}.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('ledger_entry_id_seq')")  # as whoever gives up
    withdraw_vote(vote_id=str(votes[0].pk), voter=ada)
    sealing.seal()
    newest = statement_of(Checkpoint.objects.latest("number"))
    outside.remember(newest.number, newest.digest)
    return votes


def test_what_is_whole_is_not_accused(ledger: list[Vote]) -> None:
    ledger[0].rationales.create(version=30, text="It waits.")
    verdict = verify()
    assert verdict.findings == []
    assert verdict.notes == []
    assert (verdict.n_checkpoints, verdict.n_sealed, verdict.n_waiting) == (13, 301, 1)


# ── five kinds of tampering ─────────────────────────────────────────────────────────────────

COLUMNS = (
    ("votes_vote", "ranks", "ARRAY[ranks[2] + 1, ranks[1]]"),
    ("votes_vote", "is_acceptable", "NOT is_acceptable"),
    ("votes_vote", "cast_at", "cast_at - interval '1 microsecond'"),
    ("votes_vote", "idempotency_key", "gen_random_uuid()"),
    ("votes_strength", "degree", "'clearly'"),
    ("votes_dimensionoutcome", "ranks", "'{1,1}'"),
    ("votes_rating", "stars", "stars - 1"),
    ("votes_rationale", "text", "text || ' '"),
    ("votes_rationale", "written_at", "written_at + interval '1 hour'"),
    ("votes_seatrationale", "tags", "'{1,3}'"),
    ("votes_mark", "place", "place || '{\"end\": 2}'"),
    ("votes_withdrawal", "withdrawn_at", "withdrawn_at - interval '1 day'"),
    ("ledger_entry", "salt", "sha256(salt)"),
    ("ledger_entry", "salt", "NULL"),
    ("ledger_entry", "commitment", "sha256(commitment)"),
    ("ledger_entry", "at", "at - interval '1 microsecond'"),
    ("ledger_entry", "key", "'x' || left(key, 8) || (random() * 1e9)::bigint"),
    ("ledger_checkpoint", "root", "md5(root) || md5(root)"),
    ("ledger_checkpoint", "size", "size + 1"),
    ("ledger_checkpoint", "n_entries", "n_entries - 1"),
    ("ledger_checkpoint", "sealed_at", "sealed_at - interval '1 second'"),
    ("ledger_checkpoint", "previous", "md5(previous) || md5(previous)"),
    ("ledger_checkpoint", "commitments", "substr(commitments, 33)"),
    ("ledger_checkpoint", "entry_ids", "entry_ids[2:]"),
    ("ledger_checkpoint", "signature", "reverse(signature)"),
)


def change(execute: Execute, chance: random.Random) -> None:
    table, column, value = chance.choice(COLUMNS)
    execute(f"UPDATE {table} SET {column} = {value} WHERE id::text = %s", some(table, chance))


def delete(execute: Execute, chance: random.Random) -> None:
    table = chance.choice(["votes_vote", "votes_rationale", "votes_mark", "ledger_entry", "both"])
    if table == "both":
        key = some("votes_rating", chance)
        execute("DELETE FROM votes_rating WHERE id::text = %s", key)
        execute("DELETE FROM ledger_entry WHERE table_name = 'votes_rating' AND key = %s", key)
    else:
        execute(f"DELETE FROM {table} WHERE id::text = %s", some(table, chance))


def insert(execute: Execute, chance: random.Random) -> None:
    if chance.random() < 0.5:
        execute(
            "INSERT INTO votes_rationale (vote_id, version, text, written_at) SELECT vote_id,"
            " 999, 'Mine.', now() FROM votes_rationale WHERE id::text = %s",
            some("votes_rationale", chance),
        )
        return
    # An entry under one of the numbers that were drawn by transactions that gave up.
    numbers = set(Entry.objects.values_list("pk", flat=True))
    free = chance.choice(sorted(set(range(min(numbers), max(numbers))) - numbers))
    execute("INSERT INTO ledger_entry (id, table_name, key, salt, commitment, at) SELECT %s,"
            " 'votes_rating', '0', salt, sha256(salt), at FROM ledger_entry LIMIT 1",
            free)  # fmt: skip


def reorder(execute: Execute, chance: random.Random) -> None:
    if chance.random() < 0.5:
        first, second = chance.sample(list(Entry.objects.values_list("pk", flat=True)), 2)
        swap = ("ledger_entry", "id", first, second)
    else:
        numbers = Checkpoint.objects.values_list("number", flat=True)
        swap = ("ledger_checkpoint", "number", *chance.sample(list(numbers), 2))
    table, column, first, second = swap
    for old, new in ((first, 10**9), (second, first), (10**9, second)):
        execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", new, old)


def truncate(execute: Execute, chance: random.Random) -> None:
    last = chance.randrange(0, 13)
    execute("DELETE FROM ledger_checkpoint WHERE number > %s", last)
    kept = Checkpoint.objects.order_by("number").last()
    execute("DELETE FROM ledger_entry WHERE id > %s", kept.last_entry if kept else 0)
    for table in ("mark", "seatrationale", "rationale", "rating", "dimensionoutcome", "strength",
                  "withdrawal", "vote"):  # fmt: skip
        execute(
            f"DELETE FROM votes_{table} t WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e"
            f" WHERE e.table_name = 'votes_{table}' AND e.key = t.id::text)"
        )


def some(table: str, chance: random.Random) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id::text FROM {table} ORDER BY id")
        return str(chance.choice(cursor.fetchall())[0])


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    with transaction.atomic():
        mark = transaction.savepoint()
        yield
        transaction.savepoint_rollback(mark)


KINDS = {
    change: {"changed", "unsigned", "deleted", "inserted"},
    delete: {"deleted"},
    insert: {"inserted"},
    reorder: {"reordered", "changed"},
    truncate: {"truncated"},
}


@pytest.mark.parametrize("tamper", KINDS, ids=lambda tamper: tamper.__name__)
def test_a_hundred_tampers_of_each_kind_are_all_found(
    ledger: list[Vote], tamper: Callable[[Execute, random.Random], None]
) -> None:
    chance = random.Random(tamper.__name__)
    missed = []
    for turn in range(N_TAMPERS):
        with undone(), without_triggers() as execute:
            tamper(execute, chance)
            found = {finding.kind for finding in verify().findings}
            if not found & KINDS[tamper]:
                missed.append((turn, found))
    assert missed == []
    assert verify().is_whole


def found(verdict: Verdict) -> list[str]:
    return [str(finding) for finding in verdict.findings]


def test_a_finding_names_the_row(ledger: list[Vote]) -> None:
    vote = ledger[3]
    entry = Entry.objects.get(table_name="votes_vote", key=str(vote.pk))
    with without_triggers() as execute:
        execute("UPDATE votes_vote SET ranks = '{2,1}' WHERE id = %s", vote.pk)
    assert found(verify()) == [
        f"changed: votes_vote {vote.pk} is not what entry {entry.pk} committed to"
    ]


def test_two_entries_that_changed_places_are_named_both(ledger: list[Vote]) -> None:
    first, second = Entry.objects.order_by("pk").values_list("pk", flat=True)[5:7]
    with without_triggers() as execute:
        for old, new in ((first, 10**9), (second, first), (10**9, second)):
            execute("UPDATE ledger_entry SET id = %s WHERE id = %s", new, old)
    assert found(verify()) == [
        f"reordered: entry {first} holds what was sealed as entry {second}",
        f"reordered: entry {second} holds what was sealed as entry {first}",
    ]


def test_whoever_rewrites_everything_lacks_the_key(ledger: list[Vote], settings: Settings) -> None:
    """All entries and checkpoints made anew by somebody with another key."""
    honest = public_key_of(settings.LEDGER_KEY)
    last = Checkpoint.objects.latest("number")
    forger = b"f" * 32
    with without_triggers() as execute:
        execute("UPDATE ledger_checkpoint SET public_key = %s WHERE id = %s",
                public_key_of(forger), last.pk)  # fmt: skip
        last.refresh_from_db()
        execute("UPDATE ledger_checkpoint SET signature = %s WHERE id = %s",
                sign(statement_of(last), forger), last.pk)  # fmt: skip
    kinds = found(verify())
    assert any("which is not ours" in one for one in kinds)
    assert any("differs from the one in the store" in one for one in kinds)
    settings.LEDGER_KEY = forger
    outside.remember(last.number, statement_of(Checkpoint.objects.get(pk=last.pk)).digest)
    assert verify(trusted=[honest]).is_whole  # a new key, whose operator names the old one
    assert not verify().is_whole


def test_the_end_that_was_cut_off_is_missed_by_whoever_kept_a_checkpoint(
    ledger: list[Vote], tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoints.json"
    kept.write_text(json.dumps({"checkpoints": [signed_form(one) for one in checkpoints()]}))
    call_command("ledger", "verify", "--against", str(kept), stdout=StringIO())
    outside.default_storage.delete(outside.KEY)
    with without_triggers() as execute:
        truncate(execute, random.Random(1))
    said = StringIO()
    call_command("ledger", "verify", stdout=said)
    assert "only checkpoints that somebody kept" in said.getvalue()
    with pytest.raises(CommandError, match="truncated: checkpoint 13 that was given is not there"):
        call_command("ledger", "verify", "--against", str(kept), stdout=StringIO())


# ── erasure ─────────────────────────────────────────────────────────────────────────────────


def test_erased_words_leave_a_record_that_can_be_checked(ledger: list[Vote]) -> None:
    rationale = ledger[0].rationales.get(version=1)
    entry = Entry.objects.get(table_name="votes_rationale", key=str(rationale.pk))
    assert erase_words(entry_ids=[entry.pk], reason="Asked for by its voter.") == 1
    assert erase_words(entry_ids=[entry.pk], reason="Asked for by its voter.") == 0
    rationale.refresh_from_db()
    entry.refresh_from_db()
    assert (rationale.text, entry.salt) == ("", None)
    assert Erasure.objects.get().entry == entry
    verdict = verify()
    assert (verdict.is_whole, verdict.n_erased) == (True, 1)
    sealing.seal()
    assert verify().n_waiting == 0
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(salt=b"x")


def test_a_salt_that_went_missing_is_not_an_erasure(ledger: list[Vote]) -> None:
    with without_triggers() as execute:
        execute("UPDATE ledger_entry SET salt = NULL WHERE table_name = 'votes_withdrawal'")
    (finding,) = found(verify())
    assert finding.endswith("has no salt and no erasure")


def test_only_words_are_erased_and_with_a_reason(ledger: list[Vote]) -> None:
    entry = Entry.objects.get(table_name="votes_vote", key=str(ledger[0].pk))
    with pytest.raises(BadInput, match="no entries that hold words"):
        erase_words(entry_ids=[entry.pk], reason="Because.")
    with pytest.raises(BadInput, match="Say why"):
        erase_words(entry_ids=[], reason=" ")


# ── the command ─────────────────────────────────────────────────────────────────────────────


def test_the_command_says_what_it_saw_and_fails_when_something_is_wrong(
    vote: Vote, settings: Settings
) -> None:
    def run(*arguments: str) -> str:
        said = StringIO()
        call_command("ledger", *arguments, stdout=said)
        return said.getvalue()

    assert "Nothing is sealed yet.\n7 entries wait." in run("status")
    assert run("seal") == "7 entries in 1 checkpoints\n"
    assert "Nothing was sealed: no entry waits." in run("seal")
    assert "Checkpoint 1: 7 entries" in run("status")
    assert "1 checkpoints, 7 entries sealed, 0 waiting, 0 erased" in run("verify")
    assert "votes_vote: 0 entries made" in run("backfill")
    entry = Entry.objects.get(table_name="votes_rationale")
    assert run("erase", str(entry.pk), "--reason", "Asked for.") == "1 entries were erased.\n"
    settings.LEDGER_KEY = None
    assert "No key: nothing is sealed without a key" in run("status")
    settings.LEDGER_KEY = bytes(range(32))
    with without_triggers() as execute:
        execute("UPDATE votes_rating SET stars = 1")
    with pytest.raises(CommandError, match="changed: votes_rating"):
        run("verify")


def test_the_command_refuses_what_it_cannot_read(db: None, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text('{"checkpoints": [{"body": "x"}]}')
    with pytest.raises(CommandError, match="is no list of checkpoints"):
        call_command("ledger", "verify", "--against", str(tmp_path / "kept.json"))
    with pytest.raises(CommandError, match="64 hex digits"):
        call_command("ledger", "verify", "--trust", "abc")
