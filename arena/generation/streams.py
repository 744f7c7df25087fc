"""One numbered Redis stream a battle: what the browser may see, in the order it was released.

The stream is transport only. When it is lost, the battle page shows what PostgreSQL has.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

MAX_MESSAGES = 4000  # two answers of 64 KiB in ticks stay far below this
TTL_S = 3600
Message = Mapping[str, Any]


def stream_key(battle_id: uuid.UUID | str) -> str:
    """Return the Redis key of a battle's stream."""
    return f"agon:battle:{battle_id}"


def connect() -> redis.Redis:
    """Return a blocking client with explicit limits (redis-py 8 would close idle sockets)."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10, max_connections=50)


def connect_async() -> redis.asyncio.Redis:
    """Return an asyncio client; its reads may block for long."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=None, max_connections=1000
    )


def append(client: redis.Redis, battle_id: uuid.UUID | str, message: Message) -> None:
    """Append one message."""
    key = stream_key(battle_id)
    pipe = client.pipeline(transaction=False)
    pipe.xadd(key, {"m": json.dumps(message)}, maxlen=MAX_MESSAGES, approximate=True)
    pipe.expire(key, TTL_S)
    pipe.execute()


async def append_async(
    client: redis.asyncio.Redis, battle_id: uuid.UUID | str, message: Message
) -> None:
    """Append one message."""
    key = stream_key(battle_id)
    pipe = client.pipeline(transaction=False)
    pipe.xadd(key, {"m": json.dumps(message)}, maxlen=MAX_MESSAGES, approximate=True)
    pipe.expire(key, TTL_S)
    await pipe.execute()


def decode(entry_id: bytes, fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return a stream entry as the message that a browser gets, with its number as `id`."""
    return {"id": entry_id.decode(), **json.loads(fields[b"m"])}
