"""One reader of Redis streams for all sockets of this process."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from arena.generation import streams

log = logging.getLogger("agon.hub")

BLOCK_MS = 100  # how long a new socket may wait until the reader knows of it
RETRY_S = 1.0
Queue = asyncio.Queue[dict[str, Any]]


class StreamHub:
    """Reads every followed stream with one XREAD and hands each entry to its sockets.

    Each socket has its own position, so one that comes later gets what it missed: the hub reads
    from the lowest position of a stream and skips what a socket has had.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, dict[Queue, str]] = defaultdict(dict)
        self._reader: asyncio.Task[None] | None = None
        self._readers: set[asyncio.Task[None]] = set()  # readers until their connection is closed

    def subscribe(self, key: str, after: str) -> Queue:
        """Follow a stream after an entry's number; returns the queue that its messages go to."""
        queue: Queue = asyncio.Queue()
        self._sockets[key][queue] = after
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
            self._readers.add(self._reader)
            self._reader.add_done_callback(self._readers.discard)
        return queue

    def unsubscribe(self, key: str, queue: Queue) -> None:
        """Stop following."""
        self._sockets[key].pop(queue, None)
        if not self._sockets[key]:
            del self._sockets[key]

    async def settle(self) -> None:
        """Wait until nothing is followed and every connection is closed."""
        while self._readers:
            await asyncio.wait(self._readers)

    async def _read(self) -> None:
        async with streams.connect_async() as client:
            try:
                while self._sockets:
                    try:
                        await self._pass(client)
                    except RedisError as error:
                        log.warning("streams unreachable (%s); trying again", error)
                        await asyncio.sleep(RETRY_S)
            finally:
                # Before the connection closes: a socket that comes meanwhile starts a new reader.
                self._reader = None

    async def _pass(self, client: redis.asyncio.Redis) -> None:
        lowest = {key: min(sockets.values(), key=_order) for key, sockets in self._sockets.items()}
        answer = await client.xread(lowest, block=BLOCK_MS)  # type: ignore[arg-type]
        for raw_key, entries in _pairs(answer):
            key = raw_key.decode()
            sockets = self._sockets.get(key, {})
            for entry_id, fields in entries:
                self._hand_out(sockets, streams.decode(entry_id, fields), lowest[key])

    @staticmethod
    def _hand_out(sockets: dict[Queue, str], message: dict[str, Any], read_from: str) -> None:
        for queue, position in list(sockets.items()):
            # A socket that came during the read and has had less waits for the next one: what
            # lies between its position and this read's beginning was not read.
            if _order(read_from) <= _order(position) < _order(message["id"]):
                queue.put_nowait(message)
                sockets[queue] = message["id"]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def _pairs(answer: Any) -> list[tuple[bytes, Any]]:
    # RESP2 answers with a list of pairs, RESP3 with a map of lists.
    if isinstance(answer, dict):
        return [(key, entries[0]) for key, entries in answer.items()]
    return list(answer or [])


hub = StreamHub()
