"""Questions about what was heard and seen of a battle's outputs, and what its arena still asks."""

from __future__ import annotations

import math
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.common.errors import Conflict
from arena.votes.engagement.coverage import (
    Coverage,
    Event,
    Gate,
    Missing,
    coverage,
    what_is_missing,
)
from arena.votes.models import Engagement


def coverage_of(battle: Battle) -> Coverage:
    """Return what was heard and seen of each output before the vote.

    With many battles, prefetch `engagement` and `seats__output`, and select `vote`.
    """
    vote = getattr(battle, "vote", None)
    return _coverage(battle, math.inf if vote is None else vote.cast_at.timestamp())


def gate_of(arena: Arena) -> Gate:
    """Return what an arena asks for before a vote."""
    if arena.modality == "music":
        return Gate(heard_s=arena.gate_s, n_views=arena.gate_views)
    return Gate(seen_s=arena.gate_s, n_views=arena.gate_views)


def missing_of(battle: Battle) -> list[Missing]:
    """Return what the voter still has to do before a vote is taken; empty: nothing."""
    gate = gate_of(battle.arena)
    if gate == Gate():
        # Most arenas: no event but the first ones is needed.
        shown = battle.engagement.filter(kind=Engagement.Kind.SHOWN).values("seat")
        unseen = battle.seats.exclude(position__in=shown).values_list("position", flat=True)
        return [Missing(seat, "shown", 1.0, 0.0) for seat in unseen]
    prefetch_related_objects([battle], "seats__output")
    return what_is_missing(_coverage(battle, math.inf), gate)


def is_voteable(battle: Battle) -> bool:
    """Say whether every output was released, shown and examined, and no ending has come."""
    return battle.released_at is not None and not battle.ending and not missing_of(battle)


def require_voteable(battle: Battle) -> None:
    """Raise Conflict with a sentence for what is still to be done before the vote."""
    missing = [] if battle.released_at is None else missing_of(battle)
    if battle.released_at is None or any(one.kind == "shown" for one in missing):
        raise Conflict(_("Wait until all outputs are on the screen."), code="not_shown")
    if missing:
        raise Conflict(" ".join(sentence(one) for one in missing), code="gate_not_met")


def shown_missing(missing: Missing) -> dict[str, Any]:
    """Return what the browser is told of something that is missing."""
    return {
        "seat": missing.seat,
        "kind": missing.kind,
        "needed": round(missing.needed, 2),
        "have": round(missing.have, 2),
        "message": sentence(missing),
    }


def sentence(missing: Missing) -> str:
    """Return what to do, such as: Listen to answer B for 2 more seconds."""
    left = math.ceil(missing.needed - missing.have)
    match missing.kind:
        case "heard":
            said = ngettext(
                "Listen to answer %(letter)s for %(n)s more second.",
                "Listen to answer %(letter)s for %(n)s more seconds.",
                left,
            )
        case "seen":
            said = ngettext(
                "Look at answer %(letter)s for %(n)s more second.",
                "Look at answer %(letter)s for %(n)s more seconds.",
                left,
            )
        case "views":
            said = _("Turn answer %(letter)s: it was seen from %(have)s of %(needed)s sides.")
        case other:
            assert other == "shown"
            said = _("Wait until answer %(letter)s is on the screen.")
    return said % {
        "letter": "ABCDEF"[missing.seat],
        "n": left,
        "have": f"{missing.have:.0f}",
        "needed": f"{missing.needed:.0f}",
    }


def _coverage(battle: Battle, until: float) -> Coverage:
    return coverage(
        [_event(row) for row in battle.engagement.all()],
        {seat.position: _duration_s(seat) for seat in battle.seats.all()},
        until,
    )


def _event(row: Engagement) -> Event:
    return Event(
        number=row.number,
        kind=row.kind,
        at=row.at.timestamp(),
        seat=row.seat,
        values=row.values,
        page=row.page,
        page_ms=row.page_ms,
    )


def _duration_s(seat: Seat) -> float | None:
    output = getattr(seat, "output", None)
    duration = None if output is None else output.details.get("duration_s")
    return None if duration is None else float(duration)
