"""A voter who has read enough stops the writing; nobody else does."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.common.errors import Conflict, NotFound
from arena.generation import gateway
from arena.generation.gateway import Gateway
from arena.generation.models import Output
from arena.votes.stopping import stop_battle
from models_registry.adapters import ADAPTERS
from tests import cast, scripted


def browser_of(voter: Voter) -> Client:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(voter)
    return client


@pytest.mark.django_db
def test_only_its_voter_stops_a_battle() -> None:
    ada, _ = cast.ada()
    cast.bens_model("Alder")
    cast.bens_model("Birch")
    battle = cast.queued_battle(cast.text_arena(), ada)
    with pytest.raises(NotFound):
        stop_battle(battle_id=battle.pk, voter=Voter.objects.create())
    with pytest.raises(NotFound):
        stop_battle(battle_id=battle.pk, voter=None)
    answer = browser_of(ada).post(f"/battles/{battle.pk}/stop")
    battle.refresh_from_db()
    assert (answer.status_code, battle.stopped_at is not None) == (302, True)
    first = battle.stopped_at
    stop_battle(battle_id=battle.pk, voter=ada)
    battle.refresh_from_db()
    assert battle.stopped_at == first
    assert (
        "You stopped the writing" in browser_of(ada).get(f"/battles/{battle.pk}/").content.decode()
    )


@pytest.mark.django_db
def test_answers_that_are_here_are_not_stopped_any_more() -> None:
    ada, _ = cast.ada()
    cast.bens_model("Alder")
    cast.bens_model("Birch")
    battle = cast.released_battle(cast.text_arena(), ada)
    stop_battle(battle_id=battle.pk, voter=ada)
    battle.refresh_from_db()
    assert battle.stopped_at is None


@pytest.mark.django_db
def test_a_picture_is_not_stopped_in_the_middle() -> None:
    ada, _ = cast.ada()
    battle = cast.queued_battle(cast.media_arena("image"), ada, "A hill")
    with pytest.raises(Conflict, match="texts"):
        stop_battle(battle_id=battle.pk, voter=ada)


@pytest.mark.django_db(transaction=True)
def test_the_gateway_that_runs_the_battle_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "scripted", scripted.PATH)
    monkeypatch.setattr(gateway, "POLL_S", 30.0)  # so that only a notification can be heard in time
    ada, _ = cast.ada()
    for name in ("Fast", "Slow"):
        pieces = [f"{name} goes on and on. "] * 3000
        scripted.scripted_model(name, pieces=pieces, delay_s=0.05)
    battle = cast.queued_battle(cast.text_arena(), ada)

    async def is_true(question: str) -> bool:
        return await Battle.objects.filter(pk=battle.pk, **{question: False}).aexists()

    async def serve() -> None:
        serving = asyncio.create_task(Gateway().run())
        until = time.monotonic() + 30
        while not await is_true("seats__job__first_output_at__isnull"):
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        await asyncio.to_thread(_stop)
        while time.monotonic() < until and not await is_true("released_at__isnull"):
            await asyncio.sleep(0.1)
        serving.cancel()
        await asyncio.wait([serving])

    def _stop() -> None:
        stop_battle(battle_id=battle.pk, voter=ada)
        connection.close()

    async_to_sync(serve)()
    battle.refresh_from_db()
    assert battle.stage == "ready"
    texts = [output.text or "" for output in Output.objects.all()]
    assert len(texts) == 2
    assert all(0 < len(text) < 3000 for text in texts)
