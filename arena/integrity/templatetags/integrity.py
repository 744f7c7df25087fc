"""What pages of earlier rooms show of verdicts; they cannot ask this room themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import template

from arena.integrity.selectors import ShownVerdict, current_verdict, current_verdicts, shown_verdict
from arena.votes.models import Withdrawal

register = template.Library()


@register.simple_tag
def verdicts_of(votes: Iterable[Mapping[str, Any]]) -> dict[UUID, ShownVerdict]:
    """Return the verdict of each shown vote by its id, in one query."""
    keys = [vote["id"] for vote in votes]
    found = current_verdicts(keys)
    said = {key: (one.status, one.reason) for key, one in found.items()}
    return {key: shown_verdict(*said.get(key, ())) for key in keys}


@register.simple_tag
def verdict_of(vote_id: UUID | str) -> ShownVerdict:
    """Return the verdict of one vote, or that it was taken back."""
    if Withdrawal.objects.filter(vote__pk=vote_id).exists():
        return shown_verdict("withdrawn")
    found = current_verdict(vote_id)
    return shown_verdict(found.status, found.reason) if found else shown_verdict()


@register.filter
def of_vote(verdicts: Mapping[UUID, ShownVerdict], vote_id: UUID) -> ShownVerdict:
    """Return one of `verdicts_of`."""
    return verdicts[vote_id]
