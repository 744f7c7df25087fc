"""A key, a store of one's own, and votes with everything that can be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import Settings

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.ledger import outside
from arena.votes.models import DimensionOutcome, Mark, Rating, SeatRationale, Strength, Vote
from models_registry.models import Revision
from tests import cast

SEED = bytes(range(32))


@pytest.fixture(autouse=True)
def key(settings: Settings) -> bytes:
    """The key that signs."""
    settings.LEDGER_KEY = SEED
    return SEED


@pytest.fixture(autouse=True)
def empty_store() -> Iterator[None]:
    """Nothing is remembered of another test's ledger."""
    default_storage.delete(outside.KEY)
    yield
    default_storage.delete(outside.KEY)


@pytest.fixture
def vote(ada: Voter, arena: Arena, models: list[Revision]) -> Vote:
    """A vote of Ada's with a row in every table; 8 entries."""
    return full_vote(ada, arena)


def full_vote(voter: Voter, arena: Arena) -> Vote:
    """A vote with strength, an answer, stars, a reason, tags and a mark."""
    vote = cast.vote(cast.shown_battle(arena, voter), "a", rationale="It is right.")
    correct, _ = Dimension.objects.get_or_create(
        arena=arena, key="correct", defaults={"name": "Correct", "question": "?"}
    )
    Strength.objects.create(vote=vote, degree="much")
    DimensionOutcome.objects.create(vote=vote, dimension=correct, ranks=[1, 2])
    Rating.objects.create(vote=vote, position=0, stars=5)
    rationale = vote.rationales.get()
    SeatRationale.objects.create(rationale=rationale, position=0, text="Kürzer: 短い", tags=[3, 1])
    Mark.objects.create(
        rationale=rationale, position=0, kind="span", is_good=True,
        place={"start": 0, "end": 1, "quote": 'A "quote"\n\u2028', "x": 1e-07, "width": -0.0},
    )  # fmt: skip
    return vote


@contextmanager
def without_triggers() -> Iterator[Callable[..., int]]:
    """What somebody can do who owns the database: statements that no trigger sees."""
    with connection.cursor() as cursor:

        def execute(statement: str, *values: object) -> int:
            cursor.execute(statement, values or None)
            return int(cursor.rowcount)

        cursor.execute("SET session_replication_role = 'replica'")
        try:
            yield execute
        finally:
            cursor.execute("SET session_replication_role = 'origin'")
