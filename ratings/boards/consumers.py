"""The board's WebSocket: says that there is something new, never what."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from ratings.boards.counting import board_group


class BoardConsumer(AsyncJsonWebsocketConsumer):
    """One open board page."""

    async def connect(self) -> None:
        """Join the group of the board."""
        self.group = board_group(self.scope["url_route"]["kwargs"]["slug"])
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take nothing: this socket only tells."""

    async def board_changed(self, event: dict[str, Any]) -> None:
        """Pass the news on."""
        await self.send_json({"kind": "changed"})
