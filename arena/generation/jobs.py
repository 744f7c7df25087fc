"""Claim, beat, finish and fail a job: single statements fenced by the attempt number.

A worker that lost its lease can change nothing any more: every statement names its attempt.
"""

from __future__ import annotations

import os
import random
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from arena.battles.models import Battle, Seat
from arena.battles.services import end_battle
from arena.common.events import JOBS_CHANNEL, notify, publish
from arena.generation.models import DEADLINES, LEASE, MAX_ATTEMPTS, GenerationJob, Output
from models_registry.health import note_answer, note_failure

OFFER_EVERY = timedelta(seconds=15)  # a lost wake-up costs a voter at most this
OURS = "worker_error"  # the code of a failure of our own program, whatever model it ran
BACKOFF_S = 1.0  # first retry; doubles, with full jitter
JobId = uuid.UUID | str
State = GenerationJob.State


@dataclass(frozen=True)
class Claim:
    """The right to run one attempt of a job."""

    job_id: uuid.UUID
    attempt: int


def worker_name() -> str:
    """Return the name under which this process claims jobs."""
    return f"{socket.gethostname()}:{os.getpid()}"


@transaction.atomic
def queue_generations(battle_id: str) -> int:
    """Queue one job for each seat of a battle; seats that have one keep it."""
    battle = Battle.objects.select_related("arena").get(pk=battle_id)
    now = timezone.now()
    modality = battle.arena.modality
    queued = 0
    for seat in battle.seats.select_related("revision"):
        job, is_new = GenerationJob.objects.get_or_create(
            seat=seat,
            defaults={
                "queue": f"gen.{modality}",
                "seed": random.SystemRandom().randrange(2**31),
                "parameters": seat.revision.parameters,
                "not_before": now,
                "offered_at": now,
                "deadline_at": now + DEADLINES[modality],
            },
        )
        if is_new:
            queued += 1
            _offer(job)
    return queued


def _offer(job: GenerationJob) -> None:
    # The text gateway reads the table itself; other workers are woken through Celery.
    if job.queue == "gen.text":
        notify(JOBS_CHANNEL)
    else:
        publish("job.queued", job_id=str(job.pk), queue=job.queue)


def claim_job(job_id: JobId, *, worker: str) -> Claim | None:
    """Claim a job that is due or whose lease ran out; None when there is nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE generation_generationjob
               SET state = 'running', attempt = attempt + 1, worker = %s,
                   lease_until = statement_timestamp() + make_interval(secs => %s),
                   started_at = coalesce(started_at, statement_timestamp())
             WHERE id = %s AND attempt < %s AND deadline_at > statement_timestamp()
               AND ((state = 'queued' AND not_before <= statement_timestamp())
                    OR (state = 'running' AND lease_until < statement_timestamp()))
         RETURNING id, attempt
            """,
            [worker, LEASE.total_seconds(), str(job_id), MAX_ATTEMPTS],
        )
        row = cursor.fetchone()
    return Claim(*row) if row else None


def claimable_text_battles(limit: int) -> list[uuid.UUID]:
    """Return battles with text jobs to run, the longest waiting first."""
    now = timezone.now()
    due = Q(state=State.QUEUED, not_before__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)
    rows = (
        GenerationJob.objects.filter(
            due, queue="gen.text", attempt__lt=MAX_ATTEMPTS, deadline_at__gt=now
        )
        .order_by("created_at")
        .values_list("seat__battle_id", flat=True)[: 4 * limit]
    )
    return list(dict.fromkeys(rows))[:limit]


def _mine(claim: Claim) -> Q:
    return Q(pk=claim.job_id, attempt=claim.attempt, state=State.RUNNING)


def beat(claim: Claim) -> bool:
    """Extend the lease; False means that it was lost and the work must stop."""
    # By PostgreSQL's clock, as in the claim: a worker's own may be wrong by more than a lease.
    return bool(GenerationJob.objects.filter(_mine(claim)).update(lease_until=Now() + LEASE))


def mark_first_output(claim: Claim) -> None:
    """Keep the time of the first output, of whichever attempt."""
    GenerationJob.objects.filter(_mine(claim), first_output_at__isnull=True).update(
        first_output_at=timezone.now()
    )


@transaction.atomic
def finish_job(claim: Claim, output: Output, *, cost_usd: float, announce: bool = True) -> bool:
    """Keep the output and end the job; False when the lease was lost (nothing is kept).

    With `announce`, later rooms hear of it at once; the text gateway paces first.
    """
    now = timezone.now()
    ended = GenerationJob.objects.filter(_mine(claim)).update(
        state=State.DONE,
        finished_at=now,
        cost_usd=F("cost_usd") + cost_usd,
        error_code="",
        error_message="",
    )
    if not ended:
        return False
    GenerationJob.objects.filter(pk=claim.job_id, first_output_at__isnull=True).update(
        first_output_at=now
    )
    seat = Seat.objects.get(job__pk=claim.job_id)
    output.seat = seat
    output.save(force_insert=True)
    note_answer(seat.revision_id)
    if announce:
        publish("output.finished", battle_id=str(seat.battle_id))
    return True


@transaction.atomic
def fail_job(claim: Claim, *, code: str, message: str, is_retryable: bool) -> bool:
    """End an attempt that failed: again later, or for good, which makes the battle void."""
    job = (
        GenerationJob.objects.select_for_update(of=("self",))
        .select_related("seat")
        .filter(_mine(claim))
        .first()
    )
    if job is None:
        return False
    if code != OURS:
        note_failure(job.seat.revision_id, code=code, message=message)
    job.error_code, job.error_message = code, message[:2000]
    fields = ["error_code", "error_message", "state"]
    if is_retryable and job.attempt < MAX_ATTEMPTS:
        wait_s = random.uniform(0, BACKOFF_S * 2**job.attempt)
        job.state, job.lease_until = State.QUEUED, None
        job.not_before = timezone.now() + timedelta(seconds=wait_s)
        # The sweeper offers it again once it is due.
        job.offered_at = job.not_before - OFFER_EVERY
        job.save(update_fields=[*fields, "lease_until", "not_before", "offered_at"])
    else:
        _give_up(job)
    return True


def _give_up(job: GenerationJob, void_reason: str = "generation_failed") -> None:
    job.state, job.finished_at, job.lease_until = State.FAILED, timezone.now(), None
    job.save(update_fields=["state", "finished_at", "lease_until", "error_code", "error_message"])
    battle_id = job.seat.battle_id
    if end_battle(battle_id, Battle.Ending.VOID, void_reason=void_reason):
        publish("output.finished", battle_id=str(battle_id))


@transaction.atomic
def cancel_generations(battle_id: str) -> int:
    """End the open jobs of a battle that nobody waits for; return how many.

    A worker that runs one finds its lease lost and stops.
    """
    return GenerationJob.objects.filter(
        seat__battle_id=battle_id, state__in=[State.QUEUED, State.RUNNING]
    ).update(
        state=State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        error_code="cancelled",
        error_message="The voter passed this battle over.",
    )


@transaction.atomic
def give_up_hopeless_jobs() -> int:
    """Fail open jobs that are past their deadline or out of attempts; return how many."""
    now = timezone.now()
    hopeless = Q(deadline_at__lte=now) | Q(attempt__gte=MAX_ATTEMPTS, lease_until__lt=now)
    jobs = list(
        GenerationJob.objects.select_for_update(skip_locked=True)
        .filter(hopeless, state__in=[State.QUEUED, State.RUNNING])
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(deadline_at__lte=now))
    )
    for job in jobs:
        job.error_code = job.error_code or "timeout"
        job.error_message = job.error_message or (
            f"No output after {job.attempt} attempts, by {job.deadline_at:%H:%M:%S} UTC."
        )
        _give_up(job, "timed_out" if job.deadline_at <= now else "generation_failed")
    return len(jobs)


@transaction.atomic
def offer_again(waiting: timedelta = OFFER_EVERY) -> int:
    """Wake workers for due jobs of which they last heard longer ago than `waiting`."""
    now = timezone.now()
    due = Q(state=State.QUEUED, not_before__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)
    jobs = list(
        GenerationJob.objects.select_for_update(skip_locked=True).filter(
            due, attempt__lt=MAX_ATTEMPTS, offered_at__lt=now - waiting
        )
    )
    for job in jobs:
        _offer(job)
    GenerationJob.objects.filter(pk__in=[job.pk for job in jobs]).update(offered_at=now)
    return len(jobs)
