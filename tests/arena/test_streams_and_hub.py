"""Streams and the hub: one reader for all sockets, and every socket gets each message once."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.conf import settings
from redis.exceptions import ConnectionError as RedisConnectionError

from arena.generation import streams
from arena.votes import hub as hub_module
from arena.votes.hub import Queue, StreamHub

WAIT_S = 3.0


@pytest.fixture
def battle_id() -> uuid.UUID:
    return uuid.uuid4()


async def append(battle_id: uuid.UUID, *numbers: int) -> list[str]:
    """Append numbered messages; return their ids."""
    async with streams.connect_async() as client:
        for number in numbers:
            await streams.append_async(client, battle_id, {"kind": "text", "n": number})
        entries = await client.xrange(streams.stream_key(battle_id))
    return [entry_id.decode() for entry_id, _ in entries][-len(numbers) :]


async def take(queue: Queue, n_messages: int) -> list[int]:
    return [(await asyncio.wait_for(queue.get(), WAIT_S))["n"] for _ in range(n_messages)]


async def settle() -> None:
    """Give a reader time for another pass."""
    await asyncio.sleep(2.5 * hub_module.BLOCK_MS / 1000)


def test_a_message_comes_back_as_it_was_with_its_number(battle_id: uuid.UUID) -> None:
    key = streams.stream_key(battle_id)
    with streams.connect() as client:
        streams.append(client, battle_id, {"kind": "text", "seat": 1, "text": "ü\n\u2028"})
        (entry_id, fields), *rest = client.xrange(key)
        assert rest == []
        assert streams.decode(entry_id, fields) == {
            "id": entry_id.decode(),
            "kind": "text",
            "seat": 1,
            "text": "ü\n\u2028",
        }
        assert 0 < client.ttl(key) <= streams.TTL_S


def test_a_stream_keeps_only_so_many_messages(
    battle_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_MESSAGES", 200)
    with streams.connect() as client:
        for number in range(500):
            streams.append(client, battle_id, {"n": number})
        # Redis trims whole nodes of 100 entries.
        assert 200 <= client.xlen(streams.stream_key(battle_id)) <= 300


def test_sockets_that_idle_are_not_closed_by_the_client_library() -> None:
    pool = streams.connect_async().connection_pool
    assert pool.connection_kwargs["socket_timeout"] is None
    (host,) = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    assert host["socket_timeout"] is None


async def test_each_socket_gets_what_it_missed_and_then_what_comes(battle_id: uuid.UUID) -> None:
    hub, key = StreamHub(), streams.stream_key(battle_id)
    ids = await append(battle_id, 1, 2, 3)
    whole, late = hub.subscribe(key, "0-0"), hub.subscribe(key, ids[1])
    assert await take(whole, 3) == [1, 2, 3]
    assert await take(late, 1) == [3]
    await append(battle_id, 4, 5)
    assert await take(whole, 2) == await take(late, 2) == [4, 5]
    # One that comes from the start makes the others get nothing twice.
    third = hub.subscribe(key, "0-0")
    assert await take(third, 5) == [1, 2, 3, 4, 5]
    await settle()
    assert whole.empty()
    assert late.empty()
    for queue in (whole, late, third):
        hub.unsubscribe(key, queue)


async def test_a_socket_that_comes_during_a_read_still_gets_what_lies_before_it(
    battle_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BLOCK_MS", 2000)
    hub, key = StreamHub(), streams.stream_key(battle_id)
    ids = await append(battle_id, 1, 2, 3)
    ahead = hub.subscribe(key, ids[2])
    await asyncio.sleep(0.2)  # the reader now waits for what comes after 3
    behind = hub.subscribe(key, ids[0])
    await append(battle_id, 4)
    assert await take(ahead, 1) == [4]
    assert await take(behind, 3) == [2, 3, 4]
    for queue in (ahead, behind):
        hub.unsubscribe(key, queue)


async def test_battles_do_not_hear_each_other(battle_id: uuid.UUID) -> None:
    hub, other = StreamHub(), uuid.uuid4()
    queues = {i: hub.subscribe(streams.stream_key(i), "0-0") for i in (battle_id, other)}
    await append(battle_id, 1)
    await append(other, 2)
    assert await take(queues[battle_id], 1) == [1]
    assert await take(queues[other], 1) == [2]
    await settle()
    assert all(queue.empty() for queue in queues.values())
    for i, queue in queues.items():
        hub.unsubscribe(streams.stream_key(i), queue)


async def test_numbers_are_compared_as_numbers(battle_id: uuid.UUID) -> None:
    hub, key = StreamHub(), streams.stream_key(battle_id)
    async with streams.connect_async() as client:
        for entry_id in ("9-0", "9-1", "10-0"):
            await client.xadd(key, {"m": f'{{"n": "{entry_id}"}}'}, id=entry_id)
    queue = hub.subscribe(key, "9-0")
    assert await take(queue, 2) == ["9-1", "10-0"]
    hub.unsubscribe(key, queue)


async def test_one_reader_serves_all_sockets_and_ends_with_the_last(
    battle_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, opened = streams.connect_async, []

    def counted() -> Any:
        opened.append(connect())
        return opened[-1]

    monkeypatch.setattr(streams, "connect_async", counted)
    hub, key = StreamHub(), streams.stream_key(battle_id)
    before = asyncio.all_tasks()
    queues = [hub.subscribe(key, "0-0") for _ in range(20)]
    await settle()
    assert len(opened) == 1
    assert len(asyncio.all_tasks() - before) == 1
    for queue in queues:
        hub.unsubscribe(key, queue)
    await settle()
    assert asyncio.all_tasks() == before
    again = hub.subscribe(key, "0-0")
    monkeypatch.setattr(streams, "connect_async", connect)
    await append(battle_id, 1)
    assert await take(again, 1) == [1]
    hub.unsubscribe(key, again)


async def test_a_socket_that_comes_while_the_reader_leaves_is_served(
    battle_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = streams.connect_async
    leaving, may_go = asyncio.Event(), asyncio.Event()

    class SlowToClose:
        async def __aenter__(self) -> Any:
            self.client = connect()
            return self.client

        async def __aexit__(self, *error: object) -> None:
            leaving.set()
            await may_go.wait()
            await self.client.aclose()

    monkeypatch.setattr(streams, "connect_async", SlowToClose)
    hub, key = StreamHub(), streams.stream_key(battle_id)
    hub.unsubscribe(key, hub.subscribe(key, "0-0"))
    await asyncio.wait_for(leaving.wait(), WAIT_S)
    queue = hub.subscribe(key, "0-0")
    may_go.set()
    monkeypatch.setattr(streams, "connect_async", connect)
    await append(battle_id, 1)
    assert await take(queue, 1) == [1]
    hub.unsubscribe(key, queue)


async def test_a_reader_that_lost_redis_tries_again(
    battle_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RETRY_S", 0.01)
    read, failures = StreamHub._pass, []

    async def flaky(self: StreamHub, client: Any) -> None:
        if len(failures) < 3:
            failures.append(True)
            raise RedisConnectionError("gone")
        await read(self, client)

    monkeypatch.setattr(StreamHub, "_pass", flaky)
    hub, key = StreamHub(), streams.stream_key(battle_id)
    queue = hub.subscribe(key, "0-0")
    await append(battle_id, 1)
    assert await take(queue, 1) == [1]
    assert len(failures) == 3
    hub.unsubscribe(key, queue)
