"""Run one media job on a worker: claim, generate, make anonymous, finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from channels.db import database_sync_to_async as in_db
from redis.exceptions import RedisError

from arena.generation import sandbox, streams
from arena.generation.jobs import Claim, claim_job, fail_job, finish_job, worker_name
from arena.generation.models import GenerationJob
from arena.generation.outputs import anonymous_output
from arena.generation.profiles import MACHINE_CODES, UnusableOutput
from arena.generation.running import (
    LeaseLost,
    LoadedAdapters,
    claimed_job,
    keep_beating,
    request_of,
)
from models_registry.adapters.contract import Artifact, GenerationError, Progress, Usage

log = logging.getLogger("agon.worker")


def generate_output(job_id: str, queue: str = "") -> bool:
    """Make the output of one job if it is there to be made; True when this call made it."""
    claim = claim_job(job_id, worker=worker_name())
    if claim is None:
        return False
    return asyncio.run(_run(claim))


async def _run(claim: Claim) -> bool:
    beating = asyncio.create_task(keep_beating(claim))
    try:
        job = await in_db(claimed_job)(claim)
        arena = job.seat.battle.arena
        sandbox.warm_up(arena.modality)  # while the model makes the output
        artifact, cost_usd = await _generate(job, beating)
        # In a thread of its own: encoding may take longer than a lease, and the beats go on.
        encode = in_db(anonymous_output, thread_sensitive=False)
        output = await encode(
            arena.modality, artifact.data, artifact.media_type, clip_s=arena.clip_s
        )
        return await in_db(finish_job)(claim, output, cost_usd=cost_usd)
    except LeaseLost:
        log.warning("lease of job %s lost at attempt %s", claim.job_id, claim.attempt)
    except GenerationError as error:
        await _fail(claim, error.code, str(error), is_retryable=error.retryable)
    except UnusableOutput as error:
        # Once, because it may have been this machine; twice, it is the output.
        may_be_the_machine = error.code in MACHINE_CODES and claim.attempt == 1
        await _fail(claim, error.code, str(error), is_retryable=may_be_the_machine)
    except Exception as error:
        log.exception("job %s failed", claim.job_id)
        await _fail(claim, "worker_error", f"{type(error).__name__}: {error}", is_retryable=True)
    finally:
        beating.cancel()
    return False


async def _fail(claim: Claim, code: str, message: str, *, is_retryable: bool) -> None:
    await in_db(fail_job)(claim, code=code, message=message, is_retryable=is_retryable)


async def _generate(job: GenerationJob, beating: asyncio.Task[None]) -> tuple[Artifact, float]:
    # asyncio.run makes a new loop for each job, so nothing that is bound to one is kept.
    adapter = await _adapters.get(job.seat.revision)
    artifact: Artifact | None = None
    cost_usd = 0.0
    request = await in_db(request_of)(job)
    async with contextlib.aclosing(adapter.generate(request)) as events:  # type: ignore[type-var]
        async for event in events:
            if beating.done():
                raise LeaseLost
            if isinstance(event, Progress):
                await _tell_progress(job, event.fraction)
            elif isinstance(event, Artifact):
                artifact = event
            elif isinstance(event, Usage):
                cost_usd += event.cost_usd
    if artifact is None:
        raise GenerationError("empty", "The model ended without an output.", retryable=False)
    return artifact, cost_usd


async def _tell_progress(job: GenerationJob, fraction: float) -> None:
    """Tell how far the slower side is: one number for both, so that neither is known."""
    battle_id = job.seat.battle_id
    key = f"agon:progress:{battle_id}"
    with contextlib.suppress(RedisError):
        async with streams.connect_async() as client:
            await client.hset(key, str(job.seat.position), f"{fraction:.3f}")
            await client.expire(key, streams.TTL_S)
            sides = [float(value) for value in (await client.hgetall(key)).values()]
            slowest = min(sides) if len(sides) > 1 else 0.0
            await streams.append_async(client, battle_id, {"kind": "progress", "fraction": slowest})


_adapters = LoadedAdapters()
