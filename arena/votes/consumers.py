"""The battle's WebSocket: follows the stream from a number on; takes what the voter did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async as in_db
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.http import parse_cookie
from django.utils.translation import gettext as _

from arena.accounts.middleware import voter_from_cookies
from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.common.errors import AgonError, TooMany
from arena.common.languages import activate_for
from arena.generation import streams
from arena.generation.release import closing_message, queue_position
from arena.votes.engagement.selectors import is_voteable, shown_missing
from arena.votes.engagement.services import record_events, record_shown
from arena.votes.hub import hub

log = logging.getLogger("agon.socket")

NOT_YOURS = 4404  # close code: no such battle of this voter
LOOK_EVERY_S = 3.0  # PostgreSQL is read so often until the release, whatever the stream says
# Redis refuses numbers from 2**64 on, and with them the read for every socket of the process.
STREAM_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
LONGEST_MESSAGE = 16 * 1024  # characters; a batch of the most events needs about 10,000
# A page sends a batch a second, and one at once now and then.
BATCHES_AT_ONCE = 20.0
BATCHES_PER_S = 3.0


def _in_words(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message of the stream in the reader's language; workers write it in English."""
    if message["kind"] != "void":
        return message
    said = message["message"]
    return {**message, "message": _(said)}


class BattleConsumer(AsyncJsonWebsocketConsumer):
    """One browser's view of one battle."""

    battle_id: str
    voter: Voter
    following: asyncio.Task[None] | None = None
    is_closed = False  # the closing message was sent
    is_voteable = False  # a batch was answered so
    batches_left = BATCHES_AT_ONCE
    counted_at = 0.0

    async def connect(self) -> None:
        """Accept the voter of the battle and begin to follow its stream."""
        self.battle_id = self.scope["url_route"]["kwargs"]["battle_id"]
        activate_for(self.scope)
        await self.accept()
        voter = await in_db(self._voter)()
        if voter is None:
            await self.close(code=NOT_YOURS)
            return
        self.voter = voter
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        after = query.get("after", [""])[0]
        self.following = asyncio.create_task(
            self._keep_following(after if STREAM_ID.fullmatch(after) else "0-0")
        )

    async def disconnect(self, code: int) -> None:
        """Stop following; the generation goes on."""
        if self.following is not None:
            self.following.cancel()

    def _voter(self) -> Voter | None:
        headers = dict(self.scope["headers"])
        # As pages do: one odd cookie of another site on this host must not hide ours.
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        voter = voter_from_cookies(cookies)
        try:
            battle_id = uuid.UUID(self.battle_id)
        except ValueError:
            return None
        battle = Battle.objects.filter(pk=battle_id, voter__in=voter.ids if voter else [])
        if not battle.exists():
            return None
        return voter

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Refuse what no page of ours sends before it is parsed."""
        if self.following is None:
            return  # refused at the door, and still talking
        if text_data is None or len(text_data) > LONGEST_MESSAGE:
            await self.close(code=1009)
            return
        try:
            await super().receive(text_data=text_data, **kwargs)
        except (ValueError, RecursionError):
            await self.close(code=1003)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Take `{"kind": "shown", "seat": n}` and `{"kind": "events", "page", "events": […]}`."""
        if not isinstance(content, dict):
            return
        if content.get("kind") == "shown":
            await self._take_shown(content.get("seat"))
        elif content.get("kind") == "events":
            await self._take_events(content)

    async def _take_shown(self, seat: Any) -> None:
        if not isinstance(seat, int) or isinstance(seat, bool) or seat < 0:
            return
        try:
            voteable = await in_db(record_shown)(
                battle_id=self.battle_id, voter=self.voter, seat=seat
            )
        except AgonError:
            return
        if voteable:
            await self.send_json({"kind": "voteable"})

    async def _take_events(self, batch: dict[str, Any]) -> None:
        """Record a batch and answer with what is still missing, or why nothing was recorded."""
        try:
            self._count_batch()
            recorded = await in_db(record_events)(
                battle_id=self.battle_id,
                voter=self.voter,
                message=batch,
                is_met=self.is_voteable,
            )
        except AgonError as error:
            page = batch.get("page")
            refused = {"kind": "refused", "code": error.code, "message": error.message}
            await self.send_json(refused | ({"page": page} if isinstance(page, str) else {}))
            return
        missing = [shown_missing(one) for one in recorded.missing]
        await self.send_json(
            {
                "kind": "engaged",
                "page": recorded.page,
                "number": recorded.number,
                "missing": missing,
            }
        )
        if not missing and not self.is_voteable:
            self.is_voteable = True
            await self.send_json({"kind": "voteable"})

    def _count_batch(self) -> None:
        """Raise TooMany where a page sends faster than ours do."""
        now = time.monotonic()
        filled = self.batches_left + (now - self.counted_at) * BATCHES_PER_S
        self.batches_left, self.counted_at = min(BATCHES_AT_ONCE, filled), now
        if self.batches_left < 1:
            raise TooMany(
                _("Too many messages at once. Send the same again in a second."), code="wait"
            )
        self.batches_left -= 1

    async def _keep_following(self, after: str) -> None:
        """Follow; after an error of ours the browser connects again and misses nothing."""
        try:
            await self._follow(after)
        except Exception:
            log.exception("the socket of battle %s stopped", self.battle_id)
            await self.close(code=1011)

    async def _follow(self, after: str) -> None:
        """Send the stream after a number, and the closing message when PostgreSQL has it."""
        if await self._send_closing():
            return
        queue = hub.subscribe(streams.stream_key(self.battle_id), after)
        try:
            while not self.is_closed:
                message = None
                with contextlib.suppress(TimeoutError):
                    message = await asyncio.wait_for(queue.get(), LOOK_EVERY_S)
                if message is not None:
                    await self.send_json(_in_words(message))
                    self.is_closed = message["kind"] in ("released", "void")
                elif not await self._send_closing():
                    await self._send_position()
            await self._tell_voteable()
        finally:
            hub.unsubscribe(streams.stream_key(self.battle_id), queue)

    async def _send_closing(self) -> bool:
        message = await in_db(self._closing)()
        if message is None:
            return False
        self.is_closed = True
        await self.send_json(_in_words(message))
        await self._tell_voteable()
        return True

    def _closing(self) -> dict[str, Any] | None:
        return closing_message(Battle.objects.select_related("arena").get(pk=self.battle_id))

    async def _tell_voteable(self) -> None:
        if await in_db(lambda: is_voteable(Battle.objects.get(pk=self.battle_id)))():
            await self.send_json({"kind": "voteable"})

    async def _send_position(self) -> None:
        ahead = await in_db(lambda: queue_position(Battle.objects.get(pk=self.battle_id)))()
        if ahead:
            await self.send_json({"kind": "progress", "fraction": 0, "ahead": ahead})
