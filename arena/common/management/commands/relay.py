"""`manage.py relay`: carry events to their listeners, for ever."""

from __future__ import annotations

import logging
import time
from typing import Any

import psycopg
from celery import current_app
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections, connection
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from arena.common.events import EVENTS_CHANNEL
from arena.common.models import Delivery
from arena.common.relay import route_events, send_deliveries
from arena.flow import FLOW

log = logging.getLogger("agon.relay")

POLL_S = 1.0  # the longest wait when a notification was lost
RETRY_S = 1.0


def send_by_celery(delivery: Delivery) -> None:
    """Offer one delivery to Celery; the message may be lost or repeated."""
    current_app.send_task(
        delivery.task,
        kwargs={"delivery_id": delivery.pk, **delivery.event.payload},
        queue=delivery.queue,
        retry=False,
    )


class Command(BaseCommand):
    help = "Carry events from the outbox to Celery until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Loop until interrupted; lost connections are made again."""
        while True:
            try:
                self._listen()
            except (OperationalError, psycopg.OperationalError, BrokerError, RedisError) as error:
                log.warning("connection lost (%s); trying again", str(error).strip())
                close_old_connections()
                time.sleep(RETRY_S)

    def _listen(self) -> None:
        connection.close()
        connection.ensure_connection()
        raw = connection.connection
        assert raw is not None
        raw.execute(f"LISTEN {EVENTS_CHANNEL}")
        while True:
            moved = route_events(FLOW) + send_deliveries(send_by_celery)
            if not moved:
                for _ in raw.notifies(timeout=POLL_S, stop_after=1):
                    break
