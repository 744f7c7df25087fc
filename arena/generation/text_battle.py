"""One text battle on the gateway: write all sides, show them at one pace, release."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from channels.db import database_sync_to_async as in_db
from redis.exceptions import RedisError

from arena.generation import jobs, streams
from arena.generation.jobs import Claim
from arena.generation.models import GenerationJob, Output
from arena.generation.moderation import Watch
from arena.generation.outputs import anonymous_output
from arena.generation.pacing import TICK_S, Side, paced
from arena.generation.profiles import UnusableOutput, clean_text
from arena.generation.profiles.growing import GrowingMarkdown
from arena.generation.release import release_outputs
from arena.generation.running import LoadedAdapters, claimed_job, keep_beating, request_of
from arena.prompts.judging import current_moderator
from models_registry.adapters.contract import Event, GenerationError, TextDelta, Usage

log = logging.getLogger("agon.gateway")

IDLE_S = 30.0  # a side that writes nothing for so long has an infrastructure error
MAX_CHARS = 64 * 1024  # a side


@dataclass
class Writer:
    """One seat: the right to write it, and what is written."""

    claim: Claim
    job: GenerationJob
    watch: Watch
    side: Side = field(default_factory=Side)  # what the voter may see
    written: str = ""  # what the model wrote
    cost_usd: float = 0.0

    def write(self, piece: str) -> bool:
        """Take the next piece; False, and nothing more is shown, where the answer is flagged.

        Invisible characters, which mark models, never go to the voter.
        """
        self.written += piece
        if self.watch.flags(self.written):
            return False
        # Between letters, because cleaning strips the ends, and here the text goes on.
        self.side.write(clean_text(f"x{piece}x")[1:-1])
        return True


class TextBattle:
    """Runs the jobs of one battle that can be claimed; sides that are done are shown again."""

    def __init__(
        self, battle_id: uuid.UUID, client: redis.asyncio.Redis, adapters: LoadedAdapters
    ) -> None:
        self.battle_id = battle_id
        self.client = client
        self.adapters = adapters
        self._is_asked_to_stop = asyncio.Event()
        self._telling = asyncio.Lock()  # a tick is told of every side, or of none
        self._is_cut = asyncio.Event()  # nothing more is shown; what was, is all there is

    def stop(self) -> None:
        """End each answer that is still written with what was shown of it."""
        self._is_asked_to_stop.set()

    async def run(self) -> None:
        """Write, pace and release; a failed side ends the battle or frees its jobs for a retry."""
        sides, writers = await in_db(self._claim_sides)()
        if not writers:
            return
        if any(writer.claim.attempt > 1 for writer in writers):
            await self._tell({"kind": "restart"})
        tasks = [asyncio.create_task(self._write(writer)) for writer in writers]
        showing = asyncio.create_task(self._show(sides))
        stopping = asyncio.create_task(self._stop(sides, showing))
        try:
            results = await asyncio.gather(*tasks)
            if all(results):
                await asyncio.wait([showing])
        finally:
            for task in [*tasks, showing, stopping]:
                task.cancel()
        await in_db(release_outputs)(str(self.battle_id))

    async def _stop(self, sides: list[Side], showing: asyncio.Task[None]) -> None:
        """Wait for the voter's word; every side keeps at least its first words."""
        await self._is_asked_to_stop.wait()
        while not (sides and all(side.shown for side in sides)):
            await asyncio.sleep(TICK_S)
        async with self._telling:
            showing.cancel()
            self._is_cut.set()

    def _claim_sides(self) -> tuple[list[Side], list[Writer]]:
        sides, writers = [], []
        is_whole = True
        moderator = current_moderator()
        open_jobs = GenerationJob.objects.filter(seat__battle_id=self.battle_id)
        for job in open_jobs.order_by("seat__position"):
            claim = jobs.claim_job(job.pk, worker=jobs.worker_name())
            if claim is not None:
                writer = Writer(claim, claimed_job(claim), Watch(moderator))
                writers.append(writer)
                sides.append(writer.side)
            elif job.state == GenerationJob.State.DONE:
                text = Output.objects.get(seat_id=job.seat_id).text or ""
                sides.append(Side(text=text))
                sides[-1].complete()
            else:
                # Another gateway holds this side, or it failed: there is no common pace. All is
                # shown at the release, or from the start when the side is claimed again.
                is_whole = False
        return sides if is_whole else [], writers

    async def _show(self, sides: list[Side]) -> None:
        answers = [GrowingMarkdown() for _ in sides]
        async for pieces in paced(sides):
            async with self._telling:
                for position, piece in enumerate(pieces):
                    if piece:
                        look = self._look(answers[position], piece, is_over=sides[position].is_over)
                        message = {"kind": "text", "seat": position, "text": piece, **look}
                        await self._tell(message)

    def _look(self, answer: GrowingMarkdown, piece: str, *, is_over: bool) -> dict[str, Any]:
        try:
            look = answer.write(piece)
            return answer.finish() if is_over else look
        except Exception:
            # The words are safe, and the release shows them whole.
            log.exception("battle %s cannot be shown while it is written", self.battle_id)
            return {"wait": True}

    async def _tell(self, message: streams.Message) -> None:
        try:
            await streams.append_async(self.client, self.battle_id, message)
        except RedisError as error:
            # The words are safe: the page shows the whole text from PostgreSQL at the end.
            log.warning("stream of %s lost a message: %s", self.battle_id, error)

    async def _write(self, writer: Writer) -> bool:
        """Write one side to its end; True when its output is kept."""
        claim = writer.claim
        beating = asyncio.create_task(keep_beating(claim))
        writing = asyncio.create_task(self._read_model(writer))
        cutting = asyncio.create_task(self._is_cut.wait())
        try:
            await asyncio.wait({beating, writing, cutting}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done() and cutting.done():
                writing.cancel()  # which ends the request to the model
                writer.written = writer.side.text[: writer.side.shown]
            elif not writing.done():
                log.warning("lease of job %s lost at attempt %s", claim.job_id, claim.attempt)
                return False
            else:
                writing.result()
            output = await in_db(anonymous_output)("text", writer.written, "text/plain")
            is_kept = await in_db(jobs.finish_job)(
                claim, output, cost_usd=writer.cost_usd, announce=False
            )
            writer.side.complete()
            return is_kept
        except GenerationError as error:
            await self._fail(claim, error.code, str(error), is_retryable=error.retryable)
        except UnusableOutput as error:
            await self._fail(claim, error.code, str(error), is_retryable=False)
        except TimeoutError:
            message = f"The model wrote nothing for {IDLE_S:.0f} s."
            await self._fail(claim, "idle", message, is_retryable=True)
        except Exception as error:
            log.exception("job %s failed", claim.job_id)
            message = f"{type(error).__name__}: {error}"
            await self._fail(claim, "worker_error", message, is_retryable=True)
        finally:
            for task in (beating, writing, cutting):
                task.cancel()
        return False

    async def _read_model(self, writer: Writer) -> None:
        revision = writer.job.seat.revision
        async with await self.adapters.slot(revision):
            adapter = await self.adapters.get(revision)
            events = adapter.generate(await in_db(request_of)(writer.job))
            async with contextlib.aclosing(events) as stream:  # type: ignore[type-var]
                await self._follow(writer, stream)

    async def _follow(self, writer: Writer, events: AsyncIterator[Event]) -> None:
        is_first = True
        while True:
            try:
                event = await asyncio.wait_for(anext(events), IDLE_S)
            except StopAsyncIteration:
                return
            if isinstance(event, Usage):
                writer.cost_usd += event.cost_usd
            elif isinstance(event, TextDelta):
                if not writer.write(event.text):
                    return  # judged whole before the release, it makes the battle void
                if is_first:
                    is_first = False
                    await in_db(jobs.mark_first_output)(writer.claim)
                if len(writer.written) >= MAX_CHARS:
                    return

    async def _fail(self, claim: Claim, code: str, message: str, *, is_retryable: bool) -> None:
        await in_db(jobs.fail_job)(claim, code=code, message=message, is_retryable=is_retryable)
