"""How models answer and how long battles wait: read from the jobs, nothing of it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from arena.generation.jobs import OURS
from models_registry.breaker import NOT_ITS_FAULT
from models_registry.models import MODALITY_CHOICES, Health, Revision

DAYS = 30


@dataclass(frozen=True)
class Answering:
    """How one revision answered of late.

    Attributes:
        n_asked: requests that it was given and that ended.
        n_answered: those with an output.
        median_first_s: seconds from the start to the first output; None without an answer.
        median_s: seconds from the start to the end of an output.
        benched_until: when it may be drawn again; None where it may be now.
    """

    n_asked: int
    n_answered: int
    median_first_s: float | None
    median_s: float | None
    benched_until: datetime | None

    @property
    def share(self) -> float | None:
        """Answered requests over all, within 0..1; None where nothing was asked."""
        return self.n_answered / self.n_asked if self.n_asked else None


def answering(revision: Revision, *, days: int = DAYS) -> Answering:
    """Return how a revision answered in the last `days` days.

    Requests that ended for the prompt's sake, by the voter or by a failure of our own do not
    count, nor do those that no worker ever took.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*),
                   count(*) FILTER (WHERE job.state = 'done'),
                   percentile_cont(0.5) WITHIN GROUP (
                       ORDER BY extract(epoch FROM job.first_output_at - job.started_at)
                   ) FILTER (WHERE job.state = 'done'),
                   percentile_cont(0.5) WITHIN GROUP (
                       ORDER BY extract(epoch FROM job.finished_at - job.started_at)
                   ) FILTER (WHERE job.state = 'done')
              FROM generation_generationjob job
              JOIN battles_seat seat ON seat.id = job.seat_id
             WHERE seat.revision_id = %s AND job.started_at >= %s
               AND job.state IN ('done', 'failed') AND job.error_code <> ALL(%s)
            """,
            [revision.pk, timezone.now() - timedelta(days=days), [*NOT_ITS_FAULT, OURS]],
        )
        n_asked, n_answered, first_s, whole_s = cursor.fetchone()
    health = Health.objects.filter(revision=revision, benched_until__gt=timezone.now()).first()
    return Answering(
        n_asked=n_asked,
        n_answered=n_answered,
        median_first_s=None if first_s is None else float(first_s),
        median_s=None if whole_s is None else float(whole_s),
        benched_until=health.benched_until if health else None,
    )


@dataclass(frozen=True)
class Queue:
    """What waits and what runs of one modality.

    Attributes:
        modality: text, image, music or mesh.
        label: its name for people, in English.
        n_waiting: outputs that no worker has begun.
        n_running: outputs that one is making.
        oldest_s: seconds for which the longest waiting one waits; 0.0 where none does.
        n_models: public models.
        benched: those of them that rest after failures, by name, with the time of their return.
    """

    modality: str
    label: str
    n_waiting: int
    n_running: int
    oldest_s: float
    n_models: int
    benched: list[tuple[str, datetime]]


def queues() -> list[Queue]:
    """Return the state of every modality that has a public model or something waiting."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT queue, count(*) FILTER (WHERE state = 'queued'),
                   count(*) FILTER (WHERE state = 'running'),
                   coalesce(extract(epoch FROM statement_timestamp()
                       - min(created_at) FILTER (WHERE state = 'queued')), 0)
              FROM generation_generationjob WHERE state IN ('queued', 'running') GROUP BY queue
            """
        )
        jobs = {queue: rest for queue, *rest in cursor.fetchall()}
    found = []
    for modality, label in MODALITY_CHOICES:
        waiting, running, oldest_s = jobs.get(f"gen.{modality}", (0, 0, 0.0))
        competing = list(Revision.objects.competing(modality).select_related("model", "health"))
        if not competing and not waiting and not running:
            continue
        found.append(
            Queue(
                modality=modality,
                label=label,
                n_waiting=waiting,
                n_running=running,
                oldest_s=float(oldest_s),
                n_models=len(competing),
                benched=_benched(competing),
            )
        )
    return found


def _benched(revisions: list[Revision]) -> list[tuple[str, datetime]]:
    now = timezone.now()
    rests = (
        (one.model.name, one.health.benched_until) for one in revisions if hasattr(one, "health")
    )
    return [(name, until) for name, until in rests if until is not None and until > now]
