"""A vote that came in although an output was not heard or seen as the arena asks.

The gate refuses such votes when they are cast. What gets past it has another way in: rows written
past the site's services, or a fault of the gate.
"""

from __future__ import annotations

from collections.abc import Sequence

from arena.integrity.detectors.finding import Finding
from arena.votes.engagement.coverage import Missing

METHOD, VERSION = "below_gate", 1
# Share of what is asked: the vote is a moment later than the gate's own look, and never earlier.
LEAST_SHARE = 1.0


def find(missing: Sequence[Missing]) -> Finding | None:
    """Return a finding for the first output with less than its share of what is asked."""
    for one in missing:
        if one.have < LEAST_SHARE * one.needed:
            detail: dict[str, str | int | float] = {
                "seat": one.seat,
                "kind": one.kind,
                "needed": round(one.needed, 3),
                "have": round(one.have, 3),
            }
            return Finding(METHOD, VERSION, "below_gate", detail)
    return None
