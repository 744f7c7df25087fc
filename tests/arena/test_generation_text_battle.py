"""Text battles on the gateway: both sides at one pace, everything kept, whatever breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async as in_db
from django.db import close_old_connections
from django.utils import timezone
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from arena.battles.models import Battle
from arena.generation import gateway, jobs, pacing, running, streams, text_battle
from arena.generation.gateway import Gateway
from arena.generation.models import GenerationJob, Output
from arena.generation.running import LoadedAdapters
from arena.generation.text_battle import TextBattle
from models_registry.adapters import ADAPTERS
from models_registry.models import Revision
from tests import cast, scripted

pytestmark = pytest.mark.django_db

FAST = "The fast one has it all at once. " * 12
SLOW = "The slow one thinks about each word, and is shorter. " * 4
PIECES = [SLOW[i : i + 7] for i in range(0, len(SLOW), 7)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not wait for readers; models may follow a script."""
    monkeypatch.setattr(pacing, "TICK_S", 0.002)
    monkeypatch.setattr(jobs, "BACKOFF_S", 0.0)
    monkeypatch.setitem(ADAPTERS, "scripted", scripted.PATH)
    # All database work shares the test's transaction, which this would end.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


def battle_of(*revisions: Revision) -> Battle:
    assert len(revisions) == 2
    return cast.queued_battle(cast.text_arena(), cast.ada()[0])


def play(battle: Battle, adapters: LoadedAdapters | None = None, timeout_s: float = 20) -> None:
    """Run what can be claimed of a battle, as the gateway does; must come to an end."""

    async def run() -> None:
        async with streams.connect_async() as client:
            playing = TextBattle(battle.pk, client, adapters or LoadedAdapters())
            await asyncio.wait_for(playing.run(), timeout_s)

    async_to_sync(run)()
    battle.refresh_from_db()


def messages(battle: Battle) -> list[dict[str, Any]]:
    with streams.connect() as client:
        entries = client.xrange(streams.stream_key(battle.pk))
    return [streams.decode(entry_id, fields) for entry_id, fields in entries]


def seat_of(battle: Battle, revision: Revision) -> int:
    return battle.seats.get(revision=revision).position


def job_of(battle: Battle, revision: Revision) -> GenerationJob:
    return GenerationJob.objects.get(seat__battle=battle, seat__revision=revision)


def shown(told: list[dict[str, Any]], seat: int) -> str:
    return "".join(m["text"] for m in told if m["kind"] == "text" and m["seat"] == seat)


def test_the_built_in_models_answer_through_the_gateway_at_one_pace() -> None:
    battle = battle_of(
        cast.bens_model("Alder", generator="bm25"), cast.bens_model("Birch", generator="ngram")
    )

    async def serve() -> None:
        serving = asyncio.create_task(Gateway().run())
        until = time.monotonic() + 60
        while time.monotonic() < until and not serving.done():
            await asyncio.sleep(0.1)
            if await is_released():
                break
        serving.cancel()
        await asyncio.wait([serving])

    async def is_released() -> bool:
        return await Battle.objects.filter(pk=battle.pk, released_at__isnull=False).aexists()

    async_to_sync(serve)()
    battle.refresh_from_db()
    assert battle.stage == "ready"
    told = messages(battle)
    assert told[-1]["kind"] == "released"
    for output in Output.objects.select_related("seat"):
        assert len(output.text or "") > 20
        assert (output.text or "") == shown(told, output.seat.position).strip()
    assert_one_pace(told)
    assert set(GenerationJob.objects.values_list("state", "attempt")) == {("done", 1)}


def assert_one_pace(told: list[dict[str, Any]]) -> None:
    """In every tick the sides that were not over before it and are not in it show equally much."""
    totals = [len(shown(told, seat)) for seat in (0, 1)]
    so_far = [0, 0]
    texts = [m for m in told if m["kind"] == "text"]
    # A tick tells seat 0 first, so a new tick begins where the seat does not grow.
    ticks: list[dict[int, int]] = []
    for message in texts:
        if not ticks or max(ticks[-1]) >= message["seat"]:
            ticks.append({})
        ticks[-1][message["seat"]] = len(message["text"])
    for tick in ticks:
        for seat, n_chars in tick.items():
            so_far[seat] += n_chars
        writing = [seat for seat in (0, 1) if so_far[seat] < totals[seat]]
        if len(writing) == 2:
            assert tick[0] == tick[1]
            assert so_far[0] == so_far[1]
    assert len(ticks) > 3


def test_a_fast_and_a_slow_model_come_at_one_pace() -> None:
    fast = scripted.scripted_model("Fast", pieces=[FAST])
    slow = scripted.scripted_model("Slow", pieces=PIECES, delay_s=0.004)
    battle = battle_of(fast, slow)
    play(battle)
    told = messages(battle)
    assert_one_pace(told)
    for revision, words in ((fast, FAST), (slow, SLOW)):
        assert shown(told, seat_of(battle, revision)) == words
        assert Output.objects.get(seat__revision=revision).text == words.strip()
    assert [kind for kind, _ in groupby(m["kind"] for m in told)] == ["text", "released"]
    assert {job_of(battle, fast).cost_usd, job_of(battle, slow).cost_usd} == {0.125}


def play_until_stopped(battle: Battle, *, after: int) -> None:
    """Run a battle whose voter has read enough after so many messages."""

    async def run() -> None:
        async with streams.connect_async() as client:
            playing = TextBattle(battle.pk, client, LoadedAdapters())
            running_ = asyncio.create_task(playing.run())
            while await client.xlen(streams.stream_key(battle.pk)) < after:
                assert not running_.done()
                await asyncio.sleep(0.005)
            playing.stop()
            await asyncio.wait_for(running_, 20)

    async_to_sync(run)()
    battle.refresh_from_db()


def test_a_stopped_answer_is_what_was_shown_and_a_complete_one_stays_whole() -> None:
    endless = scripted.scripted_model(
        "Endless", pieces=["On and on and on. "] * 4000, delay_s=0.002
    )
    brief = scripted.scripted_model("Brief", pieces=["Two words, and a few more of them."])
    battle = battle_of(endless, brief)
    play_until_stopped(battle, after=6)
    assert battle.stage == "ready"
    told = messages(battle)
    cut = Output.objects.get(seat__revision=endless).text
    assert cut == shown(told, seat_of(battle, endless)).strip()
    assert 0 < len(cut) < 4000
    assert Output.objects.get(seat__revision=brief).text == "Two words, and a few more of them."
    assert told[-1]["kind"] == "released"
    assert set(GenerationJob.objects.values_list("state", "error_code")) == {("done", "")}


def test_two_stopped_answers_are_equally_long() -> None:
    both = [
        scripted.scripted_model(name, pieces=[f"{name} has much to say. "] * 4000, delay_s=delay_s)
        for name, delay_s in (("Fast", 0.001), ("Slow", 0.006))
    ]
    battle = battle_of(*both)
    play_until_stopped(battle, after=8)
    told = messages(battle)
    lengths = {len(shown(told, seat)) for seat in (0, 1)}
    assert len(lengths) == 1
    assert [len(output.text or "") for output in Output.objects.all()] == pytest.approx(
        [lengths.pop()] * 2, abs=2
    )  # a blank at an end is no part of an answer


def test_a_stop_before_the_first_words_waits_for_them() -> None:
    late = scripted.scripted_model("Late", pieces=["Late, but here. "] * 400, delay_s=0.02)
    other = scripted.scripted_model("Other", pieces=["Long before. "] * 4000)
    battle = battle_of(late, other)
    play_until_stopped(battle, after=0)
    assert battle.stage == "ready"
    assert all(output.text for output in Output.objects.all())


def test_invisible_marks_of_a_model_never_reach_the_stream() -> None:
    pieces = [
        "\u200bHid",
        "den\u2060 narrow\u202fspace ",
        "\u200d",
        "and\ufeff tags\U000e0041",
        ".",
    ]
    marked = scripted.scripted_model("Marked", pieces=pieces)
    battle = battle_of(marked, scripted.scripted_model("Plain", pieces=["Plain words."] * 3))
    play(battle)
    words = shown(messages(battle), seat_of(battle, marked))
    assert words == "Hidden narrow space and tags."
    assert Output.objects.get(seat__revision=marked).text == words


def test_a_second_attempt_shows_both_sides_from_the_start() -> None:
    steady = scripted.scripted_model("Steady", pieces=[FAST])
    shaky = scripted.scripted_model("Shaky", pieces=PIECES, fails=1)
    battle, adapters = battle_of(steady, shaky), LoadedAdapters()
    play(battle, adapters)
    assert battle.stage == "generating"
    assert job_of(battle, steady).state == "done"
    job = job_of(battle, shaky)
    assert (job.state, job.error_code, job.attempt) == ("queued", "timeout", 1)
    play(battle, adapters)
    assert battle.stage == "ready"
    assert job_of(battle, shaky).attempt == 2
    assert job_of(battle, steady).attempt == 1  # was not asked again
    told = messages(battle)
    kinds = [message["kind"] for message in told]
    assert kinds.count("restart") == 1
    again = told[kinds.index("restart") :]
    assert shown(again, seat_of(battle, steady)) == FAST.strip()
    assert shown(again, seat_of(battle, shaky)) == SLOW
    assert_one_pace(again)
    assert kinds[-1] == "released"


@pytest.mark.parametrize(
    ("script", "code", "attempts"),
    [
        ({"fails": 9, "error": "refused", "is_retryable": False}, "refused", 1),
        ({"fails": 9, "error": "timeout"}, "timeout", 3),
        ({"fails": 9, "error": "crash"}, "worker_error", 3),
        ({"pieces": ["\u200b", " \n"]}, "empty", 1),
    ],
)
def test_a_side_that_cannot_answer_makes_the_battle_void(
    script: dict[str, Any], code: str, attempts: int
) -> None:
    broken = scripted.scripted_model("Broken", **{"pieces": PIECES, **script})
    battle = battle_of(broken, scripted.scripted_model("Fine", pieces=[FAST]))
    adapters = LoadedAdapters()
    for _ in range(attempts):
        assert battle.ending == ""
        play(battle, adapters)
    job = job_of(battle, broken)
    assert (job.state, job.error_code, job.attempt) == ("failed", code, attempts)
    assert (battle.stage, battle.void_reason) == ("void", "generation_failed")
    told = messages(battle)
    assert told[-1]["kind"] == "void"
    assert "released" not in {message["kind"] for message in told}
    assert "Broken" not in str(told)


def test_a_model_that_falls_silent_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_battle, "IDLE_S", 0.05)
    silent = scripted.scripted_model("Silent", pieces=PIECES, delay_s=30)
    battle = battle_of(silent, scripted.scripted_model("Fine", pieces=[FAST]))
    play(battle)
    job = job_of(battle, silent)
    assert (job.state, job.error_code) == ("queued", "idle")
    assert battle.stage == "generating"


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_battle, "MAX_CHARS", 100)
    endless = scripted.scripted_model("Endless", pieces=["0123456789"] * 1000)
    battle = battle_of(endless, scripted.scripted_model("Fine", pieces=["Fine."]))
    play(battle)
    assert Output.objects.get(seat__revision=endless).text == "0123456789" * 10
    assert battle.stage == "ready"


def test_a_gateway_that_lost_a_side_drops_what_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    slow = scripted.scripted_model("Slow", pieces=PIECES, delay_s=0.1)
    battle = battle_of(slow, scripted.scripted_model("Fine", pieces=[FAST]))
    monkeypatch.setattr(
        text_battle.jobs, "mark_first_output", lose_side_after(jobs.mark_first_output, battle, slow)
    )
    play(battle)
    assert not Output.objects.filter(seat__revision=slow).exists()
    job = job_of(battle, slow)
    assert (job.state, job.attempt, job.worker) == ("running", 2, "another")
    assert Output.objects.filter(seat__battle=battle).count() == 1
    assert battle.stage == "generating"


def lose_side_after(
    mark: Callable[[jobs.Claim], None], battle: Battle, revision: Revision
) -> Callable[[jobs.Claim], None]:
    """Let another gateway claim a side as soon as this one has begun to write it."""

    def mark_and_lose(claim: jobs.Claim) -> None:
        mark(claim)
        job = job_of(battle, revision)
        if claim.job_id == job.pk:
            ago = timezone.now() - timedelta(seconds=1)
            GenerationJob.objects.filter(pk=job.pk).update(lease_until=ago)
            assert jobs.claim_job(job.pk, worker="another") is not None

    return mark_and_lose


def test_a_side_that_another_gateway_holds_is_not_waited_for() -> None:
    held = scripted.scripted_model("Held", pieces=PIECES)
    mine = scripted.scripted_model("Mine", pieces=[FAST])
    battle = battle_of(held, mine)
    elsewhere = jobs.claim_job(job_of(battle, held).pk, worker="another")
    assert elsewhere is not None
    play(battle, timeout_s=10)
    assert job_of(battle, mine).state == "done"
    assert battle.stage == "generating"
    # The other gateway died: its side is written here, and both are shown.
    ago = timezone.now() - timedelta(seconds=1)
    GenerationJob.objects.filter(pk=elsewhere.job_id).update(lease_until=ago)
    play(battle)
    assert battle.stage == "ready"
    told = messages(battle)
    assert shown(told, seat_of(battle, mine)) == FAST.strip()
    assert shown(told, seat_of(battle, held)) == SLOW


def test_a_battle_with_nothing_to_claim_is_left_alone() -> None:
    battle = battle_of(
        scripted.scripted_model("One", pieces=["One."]),
        scripted.scripted_model("Two", pieces=["Two."]),
    )
    for job in GenerationJob.objects.all():
        jobs.claim_job(job.pk, worker="another")
    play(battle)
    assert messages(battle) == []
    assert battle.stage == "generating"


def test_a_battle_ends_in_the_database_when_redis_is_lost_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    battle = battle_of(
        scripted.scripted_model("One", pieces=PIECES),
        scripted.scripted_model("Two", pieces=[FAST]),
    )
    append, told = streams.append_async, []

    async def append_until_lost(*args: Any) -> None:
        if len(told) == 4:
            settings.REDIS_URL = "unix:///nowhere/redis.sock"
            raise RedisConnectionError("lost")
        told.append(args)
        await append(*args)

    monkeypatch.setattr(streams, "append_async", append_until_lost)
    play(battle)
    assert len(told) == 4
    assert battle.stage == "ready"
    assert {output.text for output in Output.objects.all()} == {FAST.strip(), SLOW.strip()}


def test_a_gateway_without_redis_from_the_start_still_releases(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    battle = battle_of(
        scripted.scripted_model("One", pieces=["One."]),
        scripted.scripted_model("Two", pieces=["Two."]),
    )
    play(battle)
    assert battle.stage == "ready"
    assert {output.text for output in Output.objects.all()} == {"One.", "Two."}


@pytest.mark.django_db(transaction=True)
def test_a_gateway_is_woken_by_a_new_battle_and_need_not_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "POLL_S", 60.0)
    monkeypatch.setattr("channels.db.close_old_connections", close_old_connections)
    for name in ("One", "Two"):
        scripted.scripted_model(name, pieces=[f"{name}."])

    async def story() -> None:
        serving = asyncio.create_task(Gateway().run())
        await asyncio.sleep(0.5)  # until it listens
        assert not serving.done()
        battle = await in_db(lambda: cast.queued_battle(cast.text_arena(), cast.ada()[0]))()
        for _ in range(100):
            await asyncio.sleep(0.1)
            if await in_db(lambda: Battle.objects.get(pk=battle.pk).released_at)():
                break
        else:
            pytest.fail("the gateway slept through it")
        serving.cancel()
        await asyncio.wait([serving])

    asyncio.run(story())
