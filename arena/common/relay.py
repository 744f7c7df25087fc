"""The relay: events become deliveries, deliveries become Celery messages until they are handled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from arena.common.models import Delivery, Event

log = logging.getLogger("agon.relay")

BATCH = 200  # rows a pass, so that one pass stays far below a second
MAX_SENDS = 12  # with the back-off below: given up after about an hour
FIRST_RESEND_S = 20  # longer than any cpu task usually takes
LONGEST_RESEND_S = 600
DEAD_TASK_SHARE = 1.1  # of its hard time limit: after that a task was killed

Flow = Mapping[str, Sequence[str]]
Send = Callable[[Delivery], None]


def queue_of(task: str) -> str:
    """Return the Celery queue of a task whose event names none."""
    route: dict[str, str] = settings.CELERY_TASK_ROUTES.get(task, {})
    return route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)


def listeners(flow: Flow, topic: str) -> Sequence[str]:
    """Return who listens to a topic; an unknown one, of a newer version, must not stop the rest."""
    if topic not in flow:
        log.error("nobody listens to '%s'; the flow does not know it", topic)
    return flow.get(topic, ())


def route_events(flow: Flow) -> int:
    """Turn events into deliveries, one for each listener in `flow`; return how many events."""
    with transaction.atomic():
        events = list(
            Event.objects.select_for_update(skip_locked=True)
            .filter(routed_at__isnull=True)
            .order_by("id")[:BATCH]
        )
        now = timezone.now()
        Delivery.objects.bulk_create(
            [
                Delivery(
                    event=event,
                    task=task,
                    queue=event.payload.get("queue") or queue_of(task),
                    next_send_at=now,
                )
                for event in events
                for task in listeners(flow, event.topic)
            ],
            ignore_conflicts=True,
        )
        Event.objects.filter(pk__in=[event.pk for event in events]).update(routed_at=now)
    return len(events)


def send_deliveries(send: Send) -> int:
    """Hand each due delivery to `send`; a delivery that was sent too often is dead."""
    now = timezone.now()
    with transaction.atomic():
        due = list(
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(handled_at__isnull=True, dead_at__isnull=True, next_send_at__lte=now)
            .order_by("next_send_at")[:BATCH]
        )
        for delivery in due:
            if delivery.sends >= MAX_SENDS:
                delivery.dead_at = now
                delivery.save(update_fields=["dead_at"])
                continue
            send(delivery)
            delivery.sends += 1
            delivery.next_send_at = now + _wait(delivery.sends)
            delivery.save(update_fields=["sends", "next_send_at"])
    return len(due)


def mark_started(delivery_id: int, time_limit_s: float) -> None:
    """Leave the delivery to the task that runs it, until the task can no longer be alive."""
    Delivery.objects.filter(pk=delivery_id, handled_at__isnull=True).update(
        next_send_at=timezone.now() + timedelta(seconds=DEAD_TASK_SHARE * time_limit_s)
    )


def mark_handled(delivery_id: int) -> None:
    """Say that the task of this delivery is done."""
    Delivery.objects.filter(pk=delivery_id, handled_at__isnull=True).update(
        handled_at=timezone.now(), last_error=""
    )


def mark_failed(delivery_id: int, error: str) -> None:
    """Keep the error of the last try; the delivery is due again after its wait."""
    delivery = Delivery.objects.filter(pk=delivery_id, handled_at__isnull=True).first()
    if delivery is None:
        return
    delivery.last_error = error[:2000]
    delivery.next_send_at = timezone.now() + _wait(delivery.sends)
    delivery.save(update_fields=["last_error", "next_send_at"])


def _wait(sends: int) -> timedelta:
    """Return how long to wait for the task after it was sent `sends` times."""
    return timedelta(seconds=min(FIRST_RESEND_S * 2 ** max(sends - 1, 0), LONGEST_RESEND_S))
