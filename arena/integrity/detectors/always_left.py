"""A voter who votes for the same side, whatever is there.

Seats are drawn at random, so whoever compares outputs prefers the left one in half of the decided
votes, whatever the models are, and some people lean to a side a little. A tie says nothing here:
a voter's own rate of ties plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate

from arena.integrity.detectors.evidence import log_evidence, log_mean
from arena.integrity.detectors.finding import Finding

METHOD, VERSION = "always_left", 1
# Honest people lean: up to this share of decided votes for one side is nothing to hold.
MOST_HONEST = 0.6
ALTERNATIVES = (0.8, 0.98)  # who looks at every fifth battle, and who looks at none
ALPHA = 0.001  # at most one honest voter in a thousand is ever held for it


def find(are_left: Iterable[bool]) -> Finding | None:
    """Return a finding when the evidence ever reached 1 / ALPHA.

    Args:
        are_left: of each decided vote on a pair, in order, whether the left one was preferred.
    """
    lefts = list(are_left)
    found = [log for log in _course(lefts) if log >= -math.log(ALPHA)]
    if not found:
        return None
    detail = {
        "n_votes": len(lefts),
        "n_left": sum(lefts),
        "log10_evidence": round(max(found) / math.log(10), 2),
    }
    return Finding(METHOD, VERSION, "one_side", detail)


def _course(lefts: list[bool]) -> list[float]:
    """Return the evidence after each vote: the mean over sides and alternatives."""
    courses = [
        list(accumulate(log_evidence([one], [MOST_HONEST], p) for one in side))
        for side in (lefts, [not left for left in lefts])
        for p in ALTERNATIVES
    ]
    return [log_mean(logs) for logs in zip(*courses, strict=True)]
