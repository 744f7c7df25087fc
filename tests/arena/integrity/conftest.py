"""Votes to judge: of battles whose times, texts and voters a test chooses."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from arena.accounts.models import Voter
from arena.accounts.services import accept_terms
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.prompts.models import Prompt
from arena.votes.models import Vote
from models_registry.models import Revision
from tests import cast


@pytest.fixture
def mia(db: None) -> User:
    """Mia, who moderates."""
    return User.objects.create_superuser("mia", password="a long password of Mia's")


@pytest.fixture
def vote(ada: Voter, arena: Arena, models: list[Revision]) -> Vote:
    """A vote of Ada's in which nothing is odd."""
    return cast.vote(cast.shown_battle(arena, ada), "a")


def pair_vote(
    arena: Arena, voter: Voter, left: Revision, right: Revision, ranks: tuple[int, int] = (1, 2)
) -> Vote:
    """A live vote between two models that the test chooses, without the outputs around it."""
    now = timezone.now()
    prompt = Prompt.objects.create(arena=arena, voter=voter, text="What?", origin="typed")
    battle = Battle.objects.create(
        arena=arena, prompt=prompt, voter=voter, consent=accept_terms(voter=voter), p_draw=0.5,
        sampler="test", sampler_version=1, ending="voted", ended_at=now,
        released_at=now - timedelta(seconds=9), revealed_at=now,
    )  # fmt: skip
    for position, revision in enumerate((left, right)):
        Seat.objects.create(battle=battle, position=position, revision=revision)
    return Vote.objects.create(
        battle=battle, voter=voter, ranks=list(ranks), cast_at=now, idempotency_key=uuid.uuid4()
    )
