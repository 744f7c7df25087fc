"""The battle's socket: for its voter only, resumes after a number, takes what the voter did."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async as in_db
from pytest_django import Settings

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.generation import streams
from arena.generation.release import VOID_MESSAGE, release_outputs
from arena.votes import consumers
from arena.votes.consumers import LONGEST_MESSAGE, NOT_YOURS
from arena.votes.hub import StreamHub
from arena.votes.models import Engagement
from tests import cast
from tests.socket_client import Socket, battle_socket, open_page

SHOWN = [{"kind": "shown", "seat": seat} for seat in (0, 1)]


@pytest.fixture(autouse=True)
def own_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub for the loop of each test; PostgreSQL is looked at often."""
    monkeypatch.setattr(consumers, "hub", StreamHub())
    monkeypatch.setattr(consumers, "LOOK_EVERY_S", 0.2)
    # All database work shares the test's transaction, which this would end.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


@pytest.fixture
def voter(db: None) -> Voter:
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    return cast.ada()[0]


def cookie(voter: Voter) -> str:
    return f"{COOKIE}={cast.cookie_of(voter)}"


async def append(battle: Battle, *messages: dict[str, Any]) -> list[str]:
    async with streams.connect_async() as client:
        for message in messages:
            await streams.append_async(client, battle.pk, message)
        return [i.decode() for i, _ in await client.xrange(streams.stream_key(battle.pk))]


def text(number: int) -> dict[str, Any]:
    return {"kind": "text", "seat": number % 2, "text": f"piece {number}"}


def play(story: Callable[[], Awaitable[None]]) -> None:
    """Tell a story in a loop whose database work is done here, in the test's transaction."""

    async def told() -> None:
        await asyncio.wait_for(story(), 30)
        await asyncio.wait_for(consumers.hub.settle(), 30)

    async_to_sync(told)()


# ── the door ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", None])
def test_a_page_of_another_site_cannot_connect(voter: Voter, origin: str | None) -> None:
    battle = cast.opened_battle(cast.text_arena(), voter)

    async def story() -> None:
        talk = battle_socket(battle.pk, cookie=cookie(voter), origin=origin)
        assert not await talk.connect()

    play(story)


def test_only_the_voter_of_a_battle_gets_its_socket(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)
    eve, _ = cast.ada()
    strangers = ["", cookie(eve), f"{COOKIE}={voter.pk}", f"{cookie(voter)}x", f"{COOKIE}=garbage"]
    attempts = [(battle.pk, presented) for presented in strangers]
    attempts += [(uuid.uuid4(), cookie(voter)), ("-" * 36, cookie(voter))]

    async def story() -> None:
        for battle_id, presented in attempts:
            talk = battle_socket(battle_id, cookie=presented)
            assert await talk.connect()
            # Somebody who talks on after the refusal changes nothing.
            await talk.send_json(SHOWN[0])
            assert await talk.close_code() == NOT_YOURS, presented
            assert await talk.is_silent()
            await talk.leave()

    play(story)
    assert not Engagement.objects.exists()


def test_cookies_of_other_sites_on_this_host_do_not_hide_the_voter(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)
    odd = 'a@b=1; json={"theme": "dark", "n": [1, 2]}; =; x; ' + cookie(voter) + '; z="'

    async def story() -> None:
        talk = battle_socket(battle.pk, cookie=odd)
        assert await talk.connect()
        assert (await talk.hear(1))[0]["kind"] == "released"
        await talk.leave()

    play(story)


# ── replay and following ────────────────────────────────────────────────────────────────────


def test_a_browser_that_reconnects_gets_exactly_what_it_missed(voter: Voter) -> None:
    battle = cast.opened_battle(cast.text_arena(), voter)

    async def story() -> None:
        ids = await append(battle, *(text(number) for number in range(5)))
        for seen in range(6):
            async with open_page(battle, voter, ids[seen - 1] if seen else "") as talk:
                missed = await talk.hear(5 - seen)
                assert [message["id"] for message in missed] == ids[seen:]
                assert [message["text"] for message in missed] == [
                    f"piece {number}" for number in range(seen, 5)
                ]
                assert await talk.is_silent(0.15)
                if seen == 5:
                    await append(battle, text(5))
                    assert (await talk.hear(1))[0]["text"] == "piece 5"

    play(story)


ABSURD = ["x", "0", "1-1\n", "٣-0", "9" * 20 + "-0", "1-" + "9" * 20, "-", "+", "0-0 1-1"]


def test_an_absurd_number_replays_all_and_harms_no_other_socket(voter: Voter) -> None:
    battle = cast.opened_battle(cast.text_arena(), voter)

    async def story() -> None:
        ids = await append(battle, text(0))
        for after in ABSURD:
            async with open_page(battle, voter, after) as absurd:
                assert [message["id"] for message in await absurd.hear(1)] == ids[:1], after
                async with open_page(battle, voter, ids[-1]) as other:
                    ids = await append(battle, text(1))
                    assert [message["id"] for message in await other.hear(1)] == ids[-1:], after
            ids = ids[:1] + ids[-1:]

    play(story)


def test_outputs_shown_on_the_screen_make_the_battle_voteable(voter: Voter) -> None:
    battle = cast.queued_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            await append(battle, text(0))
            assert (await talk.hear(1))[0]["kind"] == "text"
            await in_db(cast.finish_outputs)(battle)
            await in_db(release_outputs)(str(battle.pk))
            (released,) = await talk.hear(1)
            assert released["kind"] == "released"
            assert [seat["seat"] for seat in released["seats"]] == [0, 1]
            assert {seat["kind"] for seat in released["seats"]} == {"text"}
            await talk.send_json(SHOWN[1])
            await talk.send_json(SHOWN[1])
            assert await talk.is_silent(0.3)
            await talk.send_json(SHOWN[0])
            assert await talk.hear(1) == [{"kind": "voteable"}]

    play(story)
    assert list(Engagement.objects.values_list("number", "seat")) == [(1, 1), (2, 0)]


def test_a_page_loaded_again_is_told_all_that_it_needs(voter: Voter) -> None:
    battle = cast.shown_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter, "5-0") as talk:
            released, voteable = await talk.hear(2)
            assert (released["kind"], voteable) == ("released", {"kind": "voteable"})

    play(story)


def test_shown_before_the_release_is_not_recorded(voter: Voter) -> None:
    battle = cast.queued_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            for message in SHOWN:
                await talk.send_json(message)
            assert await talk.is_silent(0.3)

    play(story)
    assert not Engagement.objects.exists()


def test_a_void_battle_says_so_to_a_page_that_waits_and_to_one_that_comes_later(
    voter: Voter,
) -> None:
    battle = cast.queued_battle(cast.text_arena(), voter)
    void = {"kind": "void", "message": VOID_MESSAGE}

    async def story() -> None:
        async with open_page(battle, voter) as waiting:
            await in_db(end_battle)(battle.pk, Battle.Ending.VOID, void_reason="generation_failed")
            assert await waiting.hear(1) == [void]
        async with open_page(battle, voter) as later:
            assert await later.hear(1) == [void]
            assert await later.is_silent(0.3)

    play(story)


def test_the_outputs_come_from_the_database_when_the_stream_is_lost(
    voter: Voter, settings: Settings
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    battle = cast.queued_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert await talk.is_silent(0.1)
            await in_db(cast.finish_outputs)(battle)
            await in_db(release_outputs)(str(battle.pk))
            assert (await talk.hear(1))[0]["kind"] == "released"

    play(story)


def test_a_battle_in_the_queue_is_told_how_many_are_before_it(voter: Voter) -> None:
    arena = cast.text_arena()
    cast.queued_battle(arena, voter)
    battle = cast.queued_battle(arena, voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert await talk.hear(1) == [{"kind": "progress", "fraction": 0, "ahead": 1}]

    play(story)


def test_a_socket_whose_database_fails_closes_so_that_the_browser_comes_again(
    voter: Voter, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = cast.opened_battle(cast.text_arena(), voter)

    def fail(battle: Battle) -> None:
        raise ZeroDivisionError("as the database might")

    monkeypatch.setattr(consumers, "closing_message", fail)

    async def story() -> None:
        talk = battle_socket(battle.pk, cookie=cookie(voter))
        assert await talk.connect()
        assert await talk.close_code() == 1011
        await talk.leave()

    play(story)


# ── what the voter did ──────────────────────────────────────────────────────────────────────

PAGE = "page-of-ada"


def batch(*numbers: int, page: object = PAGE, **said: Any) -> dict[str, Any]:
    events = [{"number": n, "ms": n, "kind": "visible", "seat": None, **said} for n in numbers]
    return {"kind": "events", "page": page, "events": events}


def test_events_are_acknowledged_with_what_is_missing(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert (await talk.hear(1))[0]["kind"] == "released"
            await talk.send_json(batch(1, 2))
            (engaged,) = await talk.hear(1)
            assert (engaged["kind"], engaged["page"], engaged["number"]) == ("engaged", PAGE, 2)
            assert [(one["seat"], one["kind"]) for one in engaged["missing"]] == [
                (0, "shown"),
                (1, "shown"),
            ]
            for message in SHOWN:
                await talk.send_json(message)
            assert await talk.hear(1) == [{"kind": "voteable"}]
            await talk.send_json(batch(2, 3))
            engaged, voteable = await talk.hear(2)
            assert engaged == {"kind": "engaged", "page": PAGE, "number": 3, "missing": []}
            assert voteable == {"kind": "voteable"}

    play(story)
    assert list(Engagement.objects.values_list("page_number", flat=True)) == [1, 2, None, None, 3]


def test_a_gate_is_met_over_the_socket_and_the_page_is_told_so(voter: Voter) -> None:
    arena = cast.text_arena()
    battle = cast.shown_battle(arena, voter)
    Arena.objects.filter(pk=arena.pk).update(modality="mesh", gate_views=2)
    turn = {"kind": "orbit", "azimuth_deg": 130.4, "polar_deg": 70, "distance": 4}

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert [one["kind"] for one in await talk.hear(1)] == ["released"]
            await talk.send_json(batch(1, **turn, seat=0))
            (engaged,) = await talk.hear(1)
            (missing,) = engaged["missing"]
            assert missing == {
                "seat": 1,
                "kind": "views",
                "needed": 2,
                "have": 1,
                "message": "Turn answer B: it was seen from 1 of 2 sides.",
            }
            await talk.send_json(batch(2, **turn, seat=1))
            engaged, voteable = await talk.hear(2)
            assert (engaged["missing"], voteable) == ([], {"kind": "voteable"})

    play(story)


def test_a_batch_that_cannot_be_is_answered_and_the_socket_stays_open(voter: Voter) -> None:
    early = cast.queued_battle(cast.text_arena(), voter)
    battle = cast.released_battle(cast.text_arena(), voter)
    wrong = [batch(), batch(0), batch(1, page=None), batch(1, seat=0), {"kind": "events"}]

    async def story() -> None:
        async with open_page(early, voter) as talk:
            await talk.send_json(batch(1))
            assert await answer(talk) == "not_released"
        async with open_page(battle, voter) as talk:
            assert (await talk.hear(1))[0]["kind"] == "released"
            for message in wrong:
                await talk.send_json(message)
                assert await answer(talk) == "bad_input", message
            await talk.send_json(batch(1))
            assert (await talk.hear(1))[0]["kind"] == "engaged"
            await in_db(end_battle)(battle.pk, Battle.Ending.SKIPPED)
            await talk.send_json(batch(2))
            assert await answer(talk) == "battle_ended"

    play(story)
    assert Engagement.objects.count() == 1


async def answer(talk: Socket) -> str:
    """The code of the next message, past what is said of the queue."""
    while (message := (await talk.hear(1))[0])["kind"] == "progress":
        continue
    assert message["kind"] == "refused"
    assert message["message"].endswith(".")
    return str(message["code"])


def test_a_page_that_sends_without_end_is_told_to_wait(
    voter: Voter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BATCHES_PER_S", 0.0)
    monkeypatch.setattr(consumers.BattleConsumer, "batches_left", 3.0)
    battle = cast.released_battle(cast.text_arena(), voter)

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert (await talk.hear(1))[0]["kind"] == "released"
            for number in range(1, 6):
                await talk.send_json(batch(number))
            told = await talk.hear(5)
            assert [one.get("code", one["kind"]) for one in told] == ["engaged"] * 3 + ["wait"] * 2

    play(story)
    assert Engagement.objects.count() == 3


# ── what no page of ours sends ──────────────────────────────────────────────────────────────


GARBAGE: list[tuple[str | bytes, int]] = [
    ("{", 1003),
    ("", 1003),
    ('{"kind": "shown", "seat":', 1003),
    ("[" * LONGEST_MESSAGE, 1003),
    (json.dumps({"kind": "shown", "seat": 0, "pad": "x" * LONGEST_MESSAGE}), 1009),
    (b'{"kind": "shown", "seat": 0}', 1009),
]


def test_garbage_closes_the_socket_and_records_nothing(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)

    async def story() -> None:
        for garbage, code in GARBAGE:
            talk = battle_socket(battle.pk, cookie=cookie(voter))
            assert await talk.connect()
            assert (await talk.hear(1))[0]["kind"] == "released"
            await talk.send(garbage)
            assert await talk.close_code() == code, garbage
            await talk.leave()

    play(story)
    assert not Engagement.objects.exists()


def test_messages_that_mean_nothing_are_passed_over(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)
    seats = ["0", None, True, -1, 0.0, 2, 99, 10**30, [0], {}]
    strange: list[object] = [[], 7, None, "shown", {}, {"kind": "vote", "choice": "a"}]
    strange += [{"kind": "shown", "seat": seat} for seat in seats]

    async def story() -> None:
        async with open_page(battle, voter) as talk:
            assert (await talk.hear(1))[0]["kind"] == "released"
            for message in strange:
                await talk.send_json(message)
            await talk.send('{"kind": "shown", "seat": 1e400}')
            for message in SHOWN:
                await talk.send_json(message)
            assert await talk.hear(1) == [{"kind": "voteable"}]

    play(story)
    assert sorted(Engagement.objects.values_list("seat", flat=True)) == [0, 1]
