"""The only two ways to make a Celery task: for an event, or for the schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from arena.common.models import ScheduledRun
from arena.common.relay import mark_failed, mark_handled, mark_started, queue_of

SOFT_SHARE = 0.9  # of the hard limit: time to write down what happened


def _limits(queue: str) -> dict[str, Any]:
    hard_s = settings.TASK_TIME_LIMIT_S[queue]
    return {"time_limit": hard_s, "soft_time_limit": SOFT_SHARE * hard_s}


def on_event(name: str, *, queue: str | None = None) -> Callable[[Callable[..., object]], Any]:
    """Make a task of an idempotent service; the delivery is handled when the service returns."""

    def decorate(service: Callable[..., object]) -> Any:
        @shared_task(name=name, **_limits(queue or queue_of(name)))
        def door(delivery_id: int | None = None, **payload: Any) -> None:
            if delivery_id is not None:
                mark_started(delivery_id, settings.TASK_TIME_LIMIT_S[queue or queue_of(name)])
            try:
                service(**payload)
            except Exception as error:
                if delivery_id is not None:
                    mark_failed(delivery_id, f"{type(error).__name__}: {error}")
                raise
            if delivery_id is not None:
                mark_handled(delivery_id)

        door.__doc__ = service.__doc__
        return door

    return decorate


class Skipped(Exception):
    """A scheduled run had nothing to do; the message says why."""


def scheduled(name: str, *, quiet: bool = False) -> Callable[[Callable[[], str]], Any]:
    """Make a scheduled task whose every run is a row with its outcome.

    The service returns one line about what it did, or raises Skipped. A `quiet` task, one that
    runs every few seconds, keeps its row only when it did something.
    """

    def decorate(service: Callable[[], str]) -> Any:
        @shared_task(name=name, **_limits(queue_of(name)))
        def door() -> None:
            record_run(name, service, quiet=quiet)

        door.__doc__ = service.__doc__
        return door

    return decorate


def record_run(name: str, service: Callable[[], str], *, quiet: bool = False) -> None:
    """Run the service and keep a row of what came of it; errors are kept and raised again."""
    run = ScheduledRun(name=name, started_at=timezone.now())
    if not quiet:
        run.save()  # seen while it runs
    try:
        run.detail, run.outcome = service(), ScheduledRun.Outcome.DONE
    except Skipped as reason:
        run.detail, run.outcome = str(reason), ScheduledRun.Outcome.SKIPPED
    except Exception as error:
        run.detail = f"{type(error).__name__}: {error}"[:4000]
        run.outcome = ScheduledRun.Outcome.FAILED
        raise
    finally:
        if not quiet or run.outcome != ScheduledRun.Outcome.SKIPPED:
            run.finished_at = timezone.now()
            run.save()
