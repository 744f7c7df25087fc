"""The text gateway: reads the engines, paces both sides, appends numbered chunks to the stream.

Token streams do not pass through Celery. One coroutine runs one battle; the jobs it works on are
claimed, beaten and finished with the same fenced statements as any other job.
"""

from __future__ import annotations

import asyncio
import logging
import uuid

import psycopg
import redis.asyncio
from channels.db import database_sync_to_async as in_db
from django.db import Error as DatabaseError
from django.db import connection

from arena.common.events import JOBS_CHANNEL, STOPS_CHANNEL
from arena.generation import jobs, streams
from arena.generation.running import LoadedAdapters
from arena.generation.text_battle import TextBattle
from models_registry.models import Revision

log = logging.getLogger("agon.gateway")

BATTLES_AT_ONCE = 100
POLL_S = 1.0  # the longest wait when a notification was lost
RETRY_S = 1.0


class Gateway:
    """Runs text battles until cancelled."""

    def __init__(self) -> None:
        self.adapters = LoadedAdapters()
        self.running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self.battles: dict[uuid.UUID, TextBattle] = {}

    async def run(self) -> None:
        """Claim and run battles for ever; lost connections are made again."""
        warming = asyncio.create_task(self._warm_up())
        async with streams.connect_async() as client:
            try:
                while True:
                    try:
                        await self._listen(client)
                    except (psycopg.Error, DatabaseError) as error:
                        log.warning("database lost (%s); trying again", str(error).strip())
                        await asyncio.sleep(RETRY_S)
            finally:
                for task in [warming, *self.running.values()]:
                    task.cancel()

    async def _warm_up(self) -> None:
        """Load every competing text model, so that the first battle need not wait."""
        for revision in await in_db(lambda: list(Revision.objects.competing("text")))():
            try:
                await self.adapters.get(revision)
            except Exception:
                log.exception("revision %s did not load; its jobs will try again", revision.pk)

    async def _listen(self, client: redis.asyncio.Redis) -> None:
        parameters = connection.get_connection_params()
        # All that libpq knows, TLS too; the rest is for Django's own synchronous connections.
        for key in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(key, None)
        async with await psycopg.AsyncConnection.connect(autocommit=True, **parameters) as listener:
            for channel in (JOBS_CHANNEL, STOPS_CHANNEL):
                await listener.execute(f"LISTEN {channel}")
            while True:
                await self._start_battles(client)
                async for notice in listener.notifies(timeout=POLL_S, stop_after=1):
                    if notice.channel == STOPS_CHANNEL:
                        self._stop(notice.payload)

    async def _start_battles(self, client: redis.asyncio.Redis) -> None:
        room = BATTLES_AT_ONCE - len(self.running)
        if room <= 0:
            return
        for battle_id in await in_db(jobs.claimable_text_battles)(room):
            if battle_id not in self.running:
                task = asyncio.create_task(self._run(client, battle_id))
                self.running[battle_id] = task

    def _stop(self, battle_id: str) -> None:
        battle = self.battles.get(uuid.UUID(battle_id))
        if battle is not None:  # else another gateway runs it
            battle.stop()

    async def _run(self, client: redis.asyncio.Redis, battle_id: uuid.UUID) -> None:
        battle = self.battles[battle_id] = TextBattle(battle_id, client, self.adapters)
        try:
            await battle.run()
        except Exception:
            log.exception("battle %s stopped; its jobs will be claimed again", battle_id)
        finally:
            self.running.pop(battle_id, None)
            self.battles.pop(battle_id, None)
