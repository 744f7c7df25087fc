"""Entries commit to their rows, and Python computes the bytes that PostgreSQL computed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.ledger.commitments import (
    ALL_TABLES,
    TABLES,
    Kind,
    commitment_of,
    content_of,
    jsonb_text,
    preimage_of,
    written,
)
from arena.ledger.entry_sql import content_sql
from arena.ledger.models import Entry
from arena.ledger.services import backfill
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from tests.arena.ledger.conftest import without_triggers

MODELS = {model._meta.db_table: model for model in apps.get_models()}
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
BIG = st.integers(-(2**63), 2**63 - 1)
FLAT = st.none() | st.booleans() | BIG | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: TEXT,
    Kind.INTEGER: BIG,
    Kind.BOOLEAN: st.booleans(),
    Kind.UUID: st.uuids(),
    Kind.TIME: st.datetimes(
        min_value=dt.datetime(1900, 1, 1),  # noqa: DTZ001
        max_value=dt.datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.sampled_from(
            [
                dt.UTC,
                dt.timezone(dt.timedelta(hours=5, minutes=45)),
                dt.timezone(dt.timedelta(hours=-8)),
            ]
        ),
    ),
    Kind.INTEGERS: st.lists(BIG, max_size=6),
    Kind.JSON: st.dictionaries(
        TEXT,
        st.recursive(
            FLAT,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
        ),
    ),
}
SQL_TYPE = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
    Kind.UUID: "uuid",
    Kind.TIME: "timestamptz",
    Kind.INTEGERS: "bigint[]",
    Kind.JSON: "jsonb",
}


def rows(table: str) -> st.SearchStrategy[dict[str, Any]]:
    """Rows with anything that the types of the columns can hold."""
    return st.fixed_dictionaries({name: VALUES[kind] for name, kind in ALL_TABLES[table].items()})


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), table=st.sampled_from(sorted(ALL_TABLES)))
def test_a_row_is_written_the_same_by_python_and_by_postgresql(
    db: None, data: st.DataObject, table: str
) -> None:
    from psycopg.types.json import Jsonb

    row = data.draw(rows(table))
    values = [
        Jsonb(row[name]) if kind is Kind.JSON else row[name]
        for name, kind in ALL_TABLES[table].items()
    ]
    columns = ", ".join(
        f"(%s)::{SQL_TYPE[kind]} AS {name}" for name, kind in ALL_TABLES[table].items()
    )
    asked = ", ".join(text for _, text in content_sql(table, "r"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked} FROM (SELECT {columns}) AS r", values)
        assert list(cursor.fetchone()) == [text for _, text in content_of(table, row)]


def test_numbers_of_a_mark_are_written_as_postgresql_keeps_them() -> None:
    assert jsonb_text({"bb": 1e22, "a": -0.0, "cc": [1e-7, None, True]}) == (
        '{"a": 0.0, "bb": 10000000000000000000000, "cc": [0.0000001, null, true]}'
    )


def test_null_and_the_empty_text_differ_and_no_value_can_imitate_a_field() -> None:
    def preimage(*content: tuple[str, str | None]) -> str:
        return preimage_of(entry=1, at="", table="", key="", salt=b"", content=content)

    assert preimage(("a", None)) != preimage(("a", ""))
    assert preimage(("a", "x\nb:1:y")) != preimage(("a", "x"), ("b", "y"))
    assert preimage(("a", "-")).endswith("a:1:-\n")


def test_every_row_of_a_vote_has_an_entry_with_its_commitment(vote: Vote, ada: Voter) -> None:
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    entries = list(Entry.objects.order_by("pk"))
    assert {entry.table_name for entry in entries} == set(TABLES) - {"ledger_erasure"}
    for entry in entries:
        model = MODELS[entry.table_name]
        row = model.objects.filter(pk=entry.key).values().get()
        at = written(Kind.TIME, entry.at)
        assert at is not None
        assert entry.salt is not None
        preimage = preimage_of(
            entry=entry.pk, at=at, table=entry.table_name, key=entry.key,
            salt=bytes(entry.salt), content=content_of(entry.table_name, row),
        )  # fmt: skip
        assert bytes(entry.commitment) == commitment_of(preimage)
    assert len({bytes(entry.salt or b"") for entry in entries}) == len(entries)
    assert all(len(bytes(entry.salt or b"")) == 32 for entry in entries)


@pytest.mark.parametrize("table", sorted(ALL_TABLES))
def test_every_column_of_a_committed_table_is_committed_to(table: str) -> None:
    """A new column needs a new format: see arena/ledger/commitments.py."""
    columns = [field.column for field in MODELS[table]._meta.concrete_fields]
    assert sorted(ALL_TABLES[table]) == sorted(columns)


def test_a_row_that_is_not_kept_leaves_no_entry(vote: Vote) -> None:
    before = Entry.objects.count()
    with transaction.atomic():
        vote.rationales.create(version=2, text="Never mind.")
        assert Entry.objects.count() == before + 1
        transaction.set_rollback(True)
    assert Entry.objects.count() == before


def test_rows_from_before_get_their_entries_once(vote: Vote) -> None:
    with without_triggers() as execute:
        execute("DELETE FROM ledger_entry")
    made = backfill()
    assert sum(made.values()) == Entry.objects.count() == 7
    assert set(backfill().values()) == {0}


def test_two_votes_with_the_same_content_have_different_commitments(vote: Vote) -> None:
    for _ in range(2):
        vote.rationales.create(version=vote.rationales.count() + 1, text="Same.")
    commitments = Entry.objects.values_list("commitment", flat=True)
    assert len({bytes(one) for one in commitments}) == len(commitments)
    assert uuid.UUID(Entry.objects.get(table_name="votes_vote").key) == vote.pk
