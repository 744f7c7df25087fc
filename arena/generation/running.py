"""What every worker shares: loaded adapters, the request of a job, and the heartbeat."""

from __future__ import annotations

import asyncio

from channels.db import database_sync_to_async as in_db

from arena.battles.models import Battle
from arena.battles.selectors import turns_before
from arena.generation.jobs import Claim, beat
from arena.generation.models import LEASE, GenerationJob, Output
from arena.prompts.images import pictures_of
from arena.prompts.models import Prompt
from arena.prompts.pictures import MEDIA_TYPE
from models_registry.adapters import make_adapter
from models_registry.adapters.contract import (
    Adapter,
    GenerationError,
    Request,
    RequestImage,
    Turn,
)
from models_registry.models import Revision

BEAT_S = LEASE.total_seconds() / 3


class LeaseLost(Exception):
    """Another worker has this job now; what this one made is dropped."""


class LoadedAdapters:
    """The adapters of this process: loaded once, reused for every job of their revision."""

    def __init__(self) -> None:
        self._adapters: dict[int, Adapter] = {}
        self._loading: dict[int, asyncio.Lock] = {}
        self._slots: dict[int, asyncio.Semaphore] = {}

    async def get(self, revision: Revision) -> Adapter:
        """Return the adapter of a revision, loaded; a failed load is tried again next time."""
        async with self._loading.setdefault(revision.pk, asyncio.Lock()):
            if revision.pk not in self._adapters:
                adapter = make_adapter(revision.adapter, revision.config)
                await adapter.load()
                self._adapters[revision.pk] = adapter
        return self._adapters[revision.pk]

    async def slot(self, revision: Revision) -> asyncio.Semaphore:
        """Return the semaphore that keeps the adapter at its declared concurrency."""
        adapter = await self.get(revision)
        limit = adapter.capabilities().concurrency
        return self._slots.setdefault(revision.pk, asyncio.Semaphore(limit))


def claimed_job(claim: Claim) -> GenerationJob:
    """Return the job of a claim with everything that running it needs."""
    return GenerationJob.objects.select_related(
        "seat__battle__arena", "seat__revision", "seat__battle__prompt"
    ).get(pk=claim.job_id)


def request_of(job: GenerationJob) -> Request:
    """Return what the adapter is asked for, with what this seat was asked and answered before.

    Raises GenerationError where a picture was taken back by its voter.
    """
    battle = job.seat.battle
    assert battle.prompt is not None
    return Request(
        prompt=battle.prompt.text,
        seed=job.seed,
        parameters=job.parameters,
        history=tuple(_turn(turn, job.seat.position) for turn in turns_before(battle)),
        images=_images(battle.prompt),
    )


def _turn(turn: Battle, position: int) -> Turn:
    assert turn.prompt is not None
    answer = Output.objects.get(seat__battle=turn, seat__position=position)
    return Turn(turn.prompt.text, answer.text or "", _images(turn.prompt))


def _images(prompt: Prompt) -> tuple[RequestImage, ...]:
    if prompt.images.filter(removed_at__isnull=False).exists():
        message = "A picture of the prompt was taken back by the person who sent it."
        raise GenerationError("image_removed", message, retryable=False)
    return tuple(
        RequestImage(picture.data, MEDIA_TYPE, picture.alt) for picture in pictures_of(prompt)
    )


async def keep_beating(claim: Claim) -> None:
    """Extend the lease until it is lost; ends when it is."""
    while await in_db(beat)(claim):
        await asyncio.sleep(BEAT_S)
