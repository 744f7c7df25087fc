"""A browser's end of a WebSocket, spoken to the ASGI application in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async as in_db

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.config.asgi import application
from tests import cast

ORIGIN = "http://localhost:8000"
WAIT_S = 5.0


class Socket:
    """One WebSocket to a path."""

    def __init__(self, path: str, *, cookie: str = "", origin: str | None = ORIGIN) -> None:
        path, _, query = path.partition("?")
        headers = [(b"cookie", cookie.encode())] if cookie else []
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        self._talk = ApplicationCommunicator(
            application,
            {
                "type": "websocket",
                "path": path,
                "query_string": query.encode(),
                "headers": headers,
                "subprotocols": [],
            },
        )

    async def connect(self) -> bool:
        """Open; False when the server refuses."""
        await self._talk.send_input({"type": "websocket.connect"})
        return bool((await self._talk.receive_output(WAIT_S))["type"] == "websocket.accept")

    async def send(self, message: str | bytes) -> None:
        """Send a text or binary frame as it is."""
        key = "text" if isinstance(message, str) else "bytes"
        await self._talk.send_input({"type": "websocket.receive", key: message})

    async def send_json(self, message: object) -> None:
        """Send one message."""
        await self.send(json.dumps(message))

    async def hear(self, n_messages: int) -> list[dict[str, Any]]:
        """Return the next messages."""
        events = [await self._talk.receive_output(WAIT_S) for _ in range(n_messages)]
        assert [event["type"] for event in events] == ["websocket.send"] * n_messages, events
        return [json.loads(event["text"]) for event in events]

    async def close_code(self) -> int:
        """Return the code with which the server closes now."""
        event = await self._talk.receive_output(WAIT_S)
        assert event["type"] == "websocket.close", event
        return int(event["code"])

    async def is_silent(self, for_s: float = 0.3) -> bool:
        """Say whether nothing comes for a while."""
        return bool(await self._talk.receive_nothing(timeout=for_s))

    async def leave(self) -> None:
        """Go away, as a browser that closes the page."""
        await self._talk.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._talk.wait(WAIT_S)


def battle_socket(
    battle_id: object, *, cookie: str = "", after: str = "", origin: str | None = ORIGIN
) -> Socket:
    """The socket of a battle page, after the message of this number."""
    path = f"/ws/battles/{battle_id}/" + (f"?after={quote(after)}" if after else "")
    return Socket(path, cookie=cookie, origin=origin)


@asynccontextmanager
async def open_page(battle: Battle, voter: Voter, after: str = "") -> AsyncIterator[Socket]:
    """The open socket of a voter's battle page."""
    cookie = await in_db(cast.cookie_of)(voter)
    socket = battle_socket(battle.pk, cookie=f"{COOKIE}={cookie}", after=after)
    assert await socket.connect()
    yield socket
    await socket.leave()
