"""Note how models answer, and bench those that do not."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from models_registry.breaker import NOT_ITS_FAULT, bench_s
from models_registry.models import Health

log = logging.getLogger("agon.models")

KEPT_CHARS = 400


def note_answer(revision_id: int) -> None:
    """Set a model free that answered; writes only where it had failed before."""
    freed = Health.objects.filter(revision_id=revision_id, failures_in_a_row__gt=0).update(
        failures_in_a_row=0, benched_until=None, code="", message="", changed_at=timezone.now()
    )
    if freed:
        log.info("revision %s answers again", revision_id)


@transaction.atomic
def note_failure(revision_id: int, *, code: str, message: str) -> None:
    """Count a failure of a model, and bench it where `bench_s` says so.

    Failures of requests that were under way when it was benched tell nothing new.
    """
    if code in NOT_ITS_FAULT:
        return
    Health.objects.get_or_create(revision_id=revision_id)
    health = Health.objects.select_for_update().get(revision_id=revision_id)
    now = timezone.now()
    if health.benched_until is not None and health.benched_until > now:
        return
    health.failures_in_a_row += 1
    seconds = bench_s(code, health.failures_in_a_row)
    health.benched_until = now + timedelta(seconds=seconds) if seconds else None
    health.code, health.message = code[:40], message[:KEPT_CHARS]
    health.changed_at = now
    health.save()
    if seconds:
        log.warning(
            "revision %s is benched for %.0f s after %s failures in a row: %s",
            revision_id,
            seconds,
            health.failures_in_a_row,
            code,
        )


def benched_among(revision_ids: Iterable[int]) -> dict[int, str]:
    """Return which of these revisions are on the bench now, each with the code of its failure."""
    return dict(
        Health.objects.filter(
            revision_id__in=list(revision_ids), benched_until__gt=timezone.now()
        ).values_list("revision_id", "code")
    )
