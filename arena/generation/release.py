"""Release a battle's outputs to its voter: all sides at once, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_noop
from redis.exceptions import RedisError

from arena.battles.models import Battle
from arena.battles.services import mark_released
from arena.generation import streams
from arena.generation.models import GenerationJob
from arena.generation.moderation import FLAGGED_OUTPUT, void_if_flagged
from arena.generation.outputs import shown_output

VOID_MESSAGE = gettext_noop(
    "One of the models could not answer, so this battle does not count. "
    "Nothing of yours is lost; you can send the same prompt again."
)
# By void_reason; a message never tells of a side.
VOID_MESSAGES = {
    "timed_out": gettext_noop(
        "The answers took too long, so this battle does not count. "
        "Nothing of yours is lost; you can send the same prompt again."
    ),
    FLAGGED_OUTPUT: gettext_noop(
        "One of the answers broke the rules of this arena, so it is not shown and this "
        "battle does not count. Nothing of yours is lost; you can send the same prompt again, or "
        "another one."
    ),
}


def void_message(battle: Battle) -> str:
    """Return what the voter of a void battle is told, in English; who shows it translates it."""
    return VOID_MESSAGES.get(battle.void_reason, VOID_MESSAGE)


def released_message(battle: Battle) -> dict[str, Any]:
    """Return the message that shows all outputs of a battle."""
    modality = battle.arena.modality
    seats = battle.seats.select_related("output__blob")
    return {
        "kind": "released",
        "seats": [{"seat": seat.position, **shown_output(seat.output, modality)} for seat in seats],
    }


def closing_message(battle: Battle) -> dict[str, Any] | None:
    """Return the message that ends the stream of a released or void battle, else None."""
    if battle.ending and battle.ending not in (Battle.Ending.VOTED, Battle.Ending.CONTINUED):
        return {"kind": "void", "message": void_message(battle)}
    return released_message(battle) if battle.released_at else None


def release_outputs(battle_id: str) -> bool:
    """Release a battle when every seat has its output, and tell its browser; idempotent.

    Every output is judged first: a flagged one makes the battle void.
    """
    void_if_flagged(battle_id)
    with transaction.atomic():
        battle = (
            Battle.objects.select_for_update(of=("self",)).select_related("arena").get(pk=battle_id)
        )
        is_complete = not battle.seats.filter(output__isnull=True).exists()
        if is_complete and not battle.released_at:
            mark_released(battle.pk)
            battle.refresh_from_db()
    message = closing_message(battle)
    if message is None:
        return False
    try:
        with streams.connect() as client:
            streams.append(client, battle.pk, message)
    except RedisError:
        pass  # the page reads PostgreSQL every few seconds as well
    return True


def release_forgotten(older_than_s: float) -> int:
    """Release battles whose outputs have all been there for a while; return how many."""
    late = timezone.now() - timedelta(seconds=older_than_s)
    waiting = (
        Battle.objects.filter(
            origin=Battle.Origin.LIVE, released_at__isnull=True, ending="", opened_at__lt=late
        )
        .exclude(seats__output__isnull=True)
        .exclude(seats__job__finished_at__gt=late)
        .values_list("pk", flat=True)
    )
    return sum(release_outputs(str(pk)) for pk in list(waiting))


def queue_position(battle: Battle) -> int:
    """Return how many battles of the same queue wait or run before this one; 0 once it runs."""
    own = GenerationJob.objects.filter(seat__battle=battle).order_by("created_at")
    first = own.values_list("created_at", "queue").first()
    if first is None or own.filter(started_at__isnull=False).exists():
        return 0
    open_states = [GenerationJob.State.QUEUED, GenerationJob.State.RUNNING]
    return (
        GenerationJob.objects.filter(queue=first[1], state__in=open_states, created_at__lt=first[0])
        .exclude(seat__battle=battle)
        .aggregate(n=Count("seat__battle", distinct=True))["n"]
    )
