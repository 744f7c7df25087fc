"""What is only ever added: PostgreSQL itself refuses every change to it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from arena.accounts.linking import join_voter
from arena.accounts.models import Consent, Terms, Voter, VoterLink
from arena.accounts.services import new_voter
from arena.arenas.models import Arena, Dimension
from arena.integrity.judging import give_verdict
from arena.integrity.models import Verdict
from arena.ledger.models import Checkpoint, Entry, Erasure
from arena.ledger.sealing import seal_batch
from arena.prompts.models import Moderation
from arena.votes.models import (
    DimensionOutcome,
    Engagement,
    Mark,
    Rating,
    Rationale,
    Report,
    SeatRationale,
    Skip,
    Strength,
    Vote,
    Withdrawal,
)
from arena.votes.services import withdraw_vote
from arena.votes.skipping import report_battle, skip_battle
from models_registry.models import Revision
from ratings.boards.counting import count_vote
from ratings.boards.models import Snapshot
from ratings.boards.services import publish_snapshot
from tests import cast

APPEND_ONLY: tuple[type[Model], ...] = (
    Vote,
    Strength,
    DimensionOutcome,
    Rating,
    Rationale,
    SeatRationale,
    Mark,
    Engagement,
    Withdrawal,
    Skip,
    Report,
    Entry,
    Checkpoint,
    Erasure,
    Verdict,
    Consent,
    Terms,
    Moderation,
    Revision,
    Snapshot,
    VoterLink,
)


@pytest.fixture
def rows(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    """At least one row of every table."""
    battle = cast.shown_battle(arena, ada)
    vote = cast.vote(battle, "a", rationale="It is right.")
    correct = Dimension.objects.create(arena=arena, key="correct", name="Correct", question="?")
    Strength.objects.create(vote=vote, degree="much")
    DimensionOutcome.objects.create(vote=vote, dimension=correct, ranks=[1, 2])
    Rating.objects.create(vote=vote, position=0, stars=5)
    rationale = vote.rationales.get()
    SeatRationale.objects.create(rationale=rationale, position=0, text="Short.")
    Mark.objects.create(
        rationale=rationale, position=0, kind="span", is_good=True,
        place={"start": 0, "end": 1, "quote": "A"},
    )  # fmt: skip
    other = cast.shown_battle(arena, ada)
    report_battle(battle_id=other.pk, voter=ada, reason="broken")
    skip_battle(battle_id=other.pk, voter=ada, reason="cannot_judge")
    count_vote(str(vote.pk))
    give_verdict(vote_id=vote.pk, status="counted", method="too_fast", method_version=1)
    publish_snapshot(arena, "live")
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    newest = Entry.objects.latest("pk")
    seal_batch(seed=bytes(32), settled=newest.pk)
    account = User.objects.create_user("mia")
    for _ in range(2):
        join_voter(account=account, voter=new_voter())
    Erasure.objects.create(entry=newest, reason="Asked for.", erased_at=newest.at)


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model.__name__)
def test_no_row_can_be_changed_or_deleted(rows: None, model: type[Model]) -> None:
    table, key = model._meta.db_table, model._meta.pk.column
    before = list(model.objects.order_by("pk").values())
    assert before
    statements = [f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"]
    for statement in statements:
        with (
            pytest.raises(IntegrityError, match=f"{table} is append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    row = model.objects.order_by("pk").first()
    assert row is not None
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        row.save()
    assert list(model.objects.order_by("pk").values()) == before


def test_the_list_names_every_table_that_has_the_trigger(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgfoid = 'agon_refuse_change'::regproc AND tgenabled = 'O'"
        )
        found = dict(cursor.fetchall())
    assert found == {
        model._meta.db_table: f"{model._meta.db_table}_append_only" for model in APPEND_ONLY
    }


def test_every_model_that_says_so_is_append_only() -> None:
    said = {model for model in apps.get_models() if "append-only" in (model.__doc__ or "").lower()}
    assert said <= set(APPEND_ONLY)
    assert {Consent, Revision} <= said
