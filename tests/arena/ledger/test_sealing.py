"""Sealing waits for whoever may still write a lower number, and happens once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import Conflict
from arena.common.models import ScheduledRun
from arena.common.tasks import Skipped
from arena.ledger import merkle, outside, sealing, tasks
from arena.ledger.checkpoints import (
    NOTHING_BEFORE,
    Statement,
    is_signed,
    public_key_of,
    read_statement,
    sign,
)
from arena.ledger.models import Checkpoint, Entry
from arena.ledger.selectors import statement_of
from arena.ledger.verifying import verify
from arena.votes.models import Vote
from models_registry.models import Revision
from tests.arena.ledger.conftest import SEED, full_vote, without_triggers


def test_entries_are_sealed_into_a_signed_tree(vote: Vote) -> None:
    assert sealing.seal() == "7 entries in 1 checkpoints"
    checkpoint = Checkpoint.objects.get()
    statement = statement_of(checkpoint)
    commitments = [bytes(one.commitment) for one in Entry.objects.order_by("pk")]
    assert (statement.number, statement.size, statement.entries) == (1, 7, 7)
    assert statement.previous == NOTHING_BEFORE
    assert statement.root == merkle.tree_head(commitments).hex()
    assert statement.key == public_key_of(SEED)
    assert is_signed(statement, checkpoint.signature)
    assert read_statement(statement.body) == statement


def test_sealing_again_seals_nothing_and_the_next_names_the_one_before(
    vote: Vote, ada: Voter
) -> None:
    sealing.seal()
    with pytest.raises(Skipped, match="no entry waits"):
        sealing.seal()
    vote.rationales.create(version=2, text="And shorter.")
    sealing.seal()
    first, second = map(statement_of, Checkpoint.objects.order_by("number"))
    assert (second.number, second.size, second.entries) == (2, 8, 1)
    assert second.previous == first.digest


def test_a_backlog_is_sealed_in_several_checkpoints(
    vote: Vote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST_ENTRIES", 3)
    assert sealing.seal() == "7 entries in 3 checkpoints"
    sizes = Checkpoint.objects.order_by("number").values_list("n_entries", "size")
    assert list(sizes) == [(3, 3), (3, 6), (1, 7)]
    monkeypatch.setattr(sealing, "MOST_CHECKPOINTS", 2)
    for version in range(2, 11):
        vote.rationales.create(version=version, text="More.")
    assert sealing.seal() == "6 entries in 2 checkpoints"
    assert verify().is_whole


def test_without_a_key_entries_are_kept_and_not_sealed(vote: Vote, settings: Settings) -> None:
    settings.LEDGER_KEY = None
    with pytest.raises(Skipped, match="LEDGER_KEY"):
        sealing.seal()
    assert Entry.objects.count() == 7
    assert not Checkpoint.objects.exists()
    assert verify().is_whole


def test_the_scheduled_run_leaves_a_row_only_when_it_sealed(vote: Vote) -> None:
    for _ in range(2):
        tasks.seal.apply().get()
    assert ScheduledRun.objects.get().detail == "7 entries in 1 checkpoints"


def test_the_newest_checkpoint_is_kept_outside_and_an_older_backup_is_not_gone_on_from(
    vote: Vote, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for version in range(2, 4):
        with django_capture_on_commit_callbacks(execute=True):
            sealing.seal()
        vote.rationales.create(version=version, text="More.")
    newest = statement_of(Checkpoint.objects.get(number=2))
    assert outside.remembered() == (2, newest.digest)
    with without_triggers() as execute:
        execute("DELETE FROM ledger_checkpoint WHERE number = 2")
    with pytest.raises(Conflict, match="remembers checkpoint 2"):
        sealing.seal()
    default_storage.delete(outside.KEY)
    assert sealing.seal() == "2 entries in 1 checkpoints"


def test_a_forged_statement_does_not_bear_the_signature() -> None:
    honest = Statement(1, 7, 7, 1, 7, 64 * "a", NOTHING_BEFORE, "now", public_key_of(SEED))
    signature = sign(honest, SEED)
    assert is_signed(honest, signature)
    forged = Statement(**{**vars(honest), "root": 64 * "b"})
    assert not is_signed(forged, signature)
    assert not is_signed(honest, "00" * 64)
    assert not is_signed(honest, "no hex")
    with pytest.raises(ValueError, match="no checkpoint"):
        read_statement("agon.ledger/checkpoint/2\n")
    with pytest.raises(ValueError, match="one form"):
        read_statement(honest.body.replace("size 7", "size 07"))


# ── concurrent transactions ─────────────────────────────────────────────────────────────────


@contextmanager
def another_session() -> Iterator[psycopg.Connection]:
    """A connection of somebody else's, in a transaction of its own."""
    asked = connection.get_connection_params()
    asked.pop("cursor_factory", None)
    asked.pop("context", None)
    with psycopg.connect(**asked) as raw:
        try:
            yield raw
        finally:
            raw.rollback()


@pytest.mark.django_db(transaction=True)
def test_a_lower_number_that_commits_later_is_waited_for(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = full_vote(ada, arena)
    sealing.seal()
    insert = (
        "INSERT INTO votes_rationale (vote_id, version, text, written_at)"
        " VALUES (%s, %s, 'Slow.', now())"
    )
    with another_session() as slow:
        slow.execute(insert, [vote.pk, 2])  # draws the lower number, and does not commit yet
        vote.rationales.create(version=3, text="Quick.")  # the higher one, committed
        with pytest.raises(Skipped, match="1 transactions that write entries"):
            sealing.settled_entry(patience_s=0.2)
        assert Checkpoint.objects.count() == 1
        ended = threading.Timer(0.3, slow.commit)
        ended.start()
        assert sealing.seal() == "2 entries in 1 checkpoints"
        ended.join()
    sealed = Checkpoint.objects.latest("number").entry_ids
    texts = [Entry.objects.get(pk=pk).key for pk in sealed]
    versions = [vote.rationales.get(pk=key).version for key in texts]
    assert versions == [2, 3]
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_whoever_begins_to_write_after_the_mark_is_not_waited_for(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = full_vote(ada, arena)
    drawn = sealing._newest_drawn
    with another_session() as later:

        def draw_then_begin() -> int:
            number = drawn()
            later.execute(
                "INSERT INTO votes_rationale (vote_id, version, text, written_at)"
                " VALUES (%s, 2, 'Later.', now())",
                [vote.pk],
            )
            return number

        newest = drawn()
        with pytest.MonkeyPatch.context() as patch:
            writers = sealing._writers
            before = writers()
            draw_then_begin()
            answers = iter([before])
            patch.setattr(sealing, "_writers", lambda: next(answers, writers()))
            patch.setattr(sealing, "_newest_drawn", lambda: newest)
            assert sealing.settled_entry(patience_s=0.2) == newest
        assert len(writers()) == 1
    assert sealing.seal() == "7 entries in 1 checkpoints"


@pytest.mark.django_db(transaction=True)
def test_a_number_whose_transaction_gave_up_is_left_out(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = full_vote(ada, arena)
    with another_session() as other:
        other.execute(
            "INSERT INTO votes_rationale (vote_id, version, text, written_at)"
            " VALUES (%s, 2, 'Never.', now())",
            [vote.pk],
        )
    vote.rationales.create(version=2, text="Kept.")
    assert sealing.seal() == "8 entries in 1 checkpoints"
    checkpoint = Checkpoint.objects.get()
    assert checkpoint.last_entry - checkpoint.first_entry == 8
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_one_sealer_works_at_a_time(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    full_vote(ada, arena)
    with another_session() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [sealing.SEALER_LOCK])
        with pytest.raises(Skipped, match="another sealer"):
            sealing.seal()
    assert sealing.seal() == "7 entries in 1 checkpoints"
