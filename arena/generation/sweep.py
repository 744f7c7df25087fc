"""Find what got lost: jobs nobody took, leases that ran out, battles nobody ended."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from arena.battles.models import Battle
from arena.common.tasks import Skipped
from arena.generation.jobs import give_up_hopeless_jobs, offer_again
from arena.generation.release import release_forgotten

ABANDONED_AFTER = timedelta(hours=24)
FORGOTTEN_AFTER_S = 30.0  # longer than the slowest paced text


def sweep() -> str:
    """Mend what is stuck; raises Skipped when nothing was."""
    hopeless = give_up_hopeless_jobs()
    offered = offer_again()
    released = release_forgotten(FORGOTTEN_AFTER_S)
    abandoned = Battle.objects.filter(
        ending="", origin=Battle.Origin.LIVE, opened_at__lt=timezone.now() - ABANDONED_AFTER
    ).update(ending=Battle.Ending.ABANDONED, ended_at=timezone.now())
    if not (hopeless or offered or released or abandoned):
        raise Skipped("nothing was stuck")
    return (
        f"jobs given up: {hopeless}, offered again: {offered}; "
        f"battles released: {released}, abandoned: {abandoned}"
    )
