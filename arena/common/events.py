"""Publish an event in the transaction of the change that it tells of."""

from __future__ import annotations

from django.db import connection, transaction

from arena.common.models import Event

EVENTS_CHANNEL = "agon_events"  # PostgreSQL NOTIFY channel that wakes the relay
JOBS_CHANNEL = "agon_jobs"  # wakes the text gateway
STOPS_CHANNEL = "agon_stops"  # tells it of a battle whose voter has read enough


def publish(topic: str, **payload: str | int) -> Event:
    """Write the event row and wake the relay when the transaction commits.

    Raises RuntimeError outside a transaction: an event without its change could be lost.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"event '{topic}' must be published inside transaction.atomic()")
    event = Event.objects.create(topic=topic, payload=payload)
    notify(EVENTS_CHANNEL)
    return event


def notify(channel: str, payload: str = "") -> None:
    """Send a PostgreSQL notification, delivered when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
