"""Sorted stretches of time that do not touch."""

from __future__ import annotations

Intervals = tuple[tuple[float, float], ...]


def joined(intervals: Intervals, start: float, end: float) -> Intervals:
    """Return the union with one more stretch; an empty one changes nothing."""
    if end <= start:
        return intervals
    before = tuple(one for one in intervals if one[1] < start)
    after = tuple(one for one in intervals if one[0] > end)
    near = intervals[len(before) : len(intervals) - len(after)]
    if near:
        start, end = min(start, near[0][0]), max(end, near[-1][1])
    return (*before, (start, end), *after)


def length(intervals: Intervals) -> float:
    """Return how long all of them are together."""
    return sum(end - start for start, end in intervals)
