"""Questions about verdicts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.arenas.models import Arena
from arena.integrity.models import Verdict
from arena.integrity.reasons import REASONS
from arena.votes.models import Vote

COUNTED = Verdict.Status.COUNTED
_HEADS: dict[str, str | Promise] = {
    "counted": _("Your vote counts."),
    "held": _("Your vote is held and does not count for now:"),
    "excluded": _("Your vote does not count:"),
    "withdrawn": _("You took this vote back. It does not count."),
}
_TAGS: dict[str, str | Promise] = {
    "counted": _("Counts"),
    "held": _("Held"),
    "excluded": _("Not counted"),
    "withdrawn": _("Withdrawn"),
}


def current_verdict(vote_id: uuid.UUID | str) -> Verdict | None:
    """Return the newest verdict of a vote; None: it counts, nobody has said anything of it."""
    return Verdict.objects.filter(vote_id=vote_id).order_by("-pk").first()


def current_verdicts(vote_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Verdict]:
    """Return the newest verdict of each of these votes that has one."""
    found = Verdict.objects.filter(vote_id__in=list(vote_ids)).order_by("vote", "-pk")
    return {verdict.vote_id: verdict for verdict in found.distinct("vote")}


def is_counted(vote_id: uuid.UUID | str) -> bool:
    """Say whether a vote counts as far as verdicts go; a withdrawn one does not anyway."""
    verdict = current_verdict(vote_id)
    return verdict is None or verdict.status == COUNTED


def status_of_vote(outer: str = "pk") -> Coalesce:
    """Return the expression for a vote's status; `outer` is the path to its key."""
    newest = Verdict.objects.filter(vote=OuterRef(outer)).order_by("-pk").values("status")[:1]
    return Coalesce(Subquery(newest), Value(str(COUNTED)))


@dataclass(frozen=True)
class ShownVerdict:
    """A vote's verdict as its voter reads it: `tag` in lists, `text` in a sentence."""

    status: str
    tag: str | Promise
    head: str | Promise
    why: str | Promise

    @property
    def is_counted(self) -> bool:
        """Whether the vote counts."""
        return self.status == COUNTED


def shown_verdict(status: str = COUNTED, reason: str = "") -> ShownVerdict:
    """Return what people read of a status, `withdrawn` being one more, and a reason."""
    why = REASONS[reason].text if reason in REASONS else ""
    return ShownVerdict(status, _TAGS[status], _HEADS[status], why)


# The newest verdict of each vote that was not withdrawn, where it does not count.
_LEFT_OUT = """
SELECT b.arena_id, n.status, n.reason, n.method, n.method_version, count(*)
FROM (
    SELECT DISTINCT ON (vote_id) vote_id, status, reason, method, method_version
    FROM integrity_verdict ORDER BY vote_id, id DESC
) n
JOIN votes_vote v ON v.id = n.vote_id
JOIN battles_battle b ON b.id = v.battle_id
WHERE n.status <> 'counted' AND (%(arena)s IS NULL OR b.arena_id = %(arena)s)
    AND NOT EXISTS (SELECT 1 FROM votes_withdrawal w WHERE w.vote_id = v.id)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 6 DESC, 2, 3, 4, 5
"""


def left_out(arena: Arena | None = None) -> list[dict[str, Any]]:
    """Return how many standing votes do not count, by arena, status, reason, method, version."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, {"arena": arena.pk if arena else None})
        rows = cursor.fetchall()
    names = ("arena_id", "status", "reason", "method", "method_version", "n_votes")
    return [
        {**dict(zip(names, row, strict=True)), "title": title_of(row[2]), "tag": _TAGS[row[1]]}
        for row in rows
    ]


def title_of(reason: str) -> str | Promise:
    """Return a reason's title; a reason of another version of this table is its own."""
    return REASONS[reason].title if reason in REASONS else reason


def totals() -> list[dict[str, Any]]:
    """Return for each arena with a vote how many stand, how many count, and why others do not."""
    rows = left_out()
    found = []
    for arena in Arena.objects.all():
        n_standing = Vote.objects.filter(battle__arena=arena, withdrawal__isnull=True).count()
        own = [row for row in rows if row["arena_id"] == arena.pk]
        if n_standing:
            n_left_out = sum(row["n_votes"] for row in own)
            found.append(
                {
                    "arena": arena,
                    "n_standing": n_standing,
                    "n_counted": n_standing - n_left_out,
                    "left_out": [{**row, "share": row["n_votes"] / n_standing} for row in own],
                }
            )
    return found
