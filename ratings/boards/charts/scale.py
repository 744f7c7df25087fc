"""Axes of charts: ends and ticks at round numbers, steps of colour, instants in UTC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ratings.boards.charts.figure import MINUS, BadChart, finite, rounded
from ratings.boards.charts.words import gettext

LARGEST = 1e12  # beyond it, ticks a hundredth apart would be below the precision of a float
SHORTEST = timedelta(minutes=10)  # of an axis of time: shorter ones have no two round minutes
N_STEPS = 10  # of a diverging scale: 0 to 10, with 5 in the middle

_MINUTES = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)]
_DAYS = [timedelta(days=n) for n in (1, 2, 4, 7, 14)]
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
_MONDAY = datetime(1969, 12, 29, tzinfo=UTC)  # from where days and weeks are counted


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, in percent, what it says, and a second line (dates only)."""

    x: float
    label: str
    sub: str = ""


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def position(self, value: float) -> float:
        """Return where a value stands, in percent from the low end, kept within the axis."""
        return rounded(min(max((value - self.low) / (self.high - self.low), 0), 1) * 100)


def linear_axis(
    values: Iterable[float], *, wanted: int = 5, min_step: float = 0.01, is_signed: bool = False
) -> Axis:
    """Return an axis with ticks at multiples of 1, 2 or 5 times a power of ten.

    Its ends are ticks, and hold every value between them.

    Args:
        values: what is drawn; without any, the axis is 0 to 1.
        wanted: steps to have at most, before the ends are moved to ticks.
        min_step: least distance between ticks.
        is_signed: whether labels above zero have a plus sign.

    Raises:
        BadChart: a value is not finite or is beyond `LARGEST`.
    """
    every = [finite(value, "a value on the axis") for value in values] or [0.0, 1.0]
    low, high = min(every), max(every)
    if max(-low, high) > LARGEST:
        raise BadChart(f"the axis would end beyond {LARGEST:.0e}; leave such values out")
    step, decimals = _round_step(max((high - low) / wanted, min_step))
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:  # one value for all, at a round number
        first, last = first - 1, last + 1
    ticks = tuple(
        Tick(rounded(100 * (i - first) / (last - first)), _label(i * step, decimals, is_signed))
        for i in range(first, last + 1)
    )
    return Axis(round(first * step, decimals), round(last * step, decimals), ticks)


def _round_step(raw: float) -> tuple[float, int]:
    """Return the next step of 1, 2 or 5 times a power of ten, and the decimals that it needs."""
    power = math.floor(math.log10(raw))
    magnitude = 10.0**power
    step = next((m * magnitude for m in (1, 2, 5) if m * magnitude >= raw), 10 * magnitude)
    return step, max(-power, 0)


def _label(value: float, decimals: int, is_signed: bool) -> str:
    text = f"{abs(value):.{decimals}f}"
    if not float(text):
        return text
    sign = MINUS if value < 0 else "+" if is_signed else ""
    return f"{sign}{text}"


@dataclass(frozen=True)
class TimeAxis:
    """A linear axis of instants, in UTC."""

    first: datetime
    last: datetime
    ticks: tuple[Tick, ...]

    def position(self, instant: datetime) -> float:
        """Return where an instant stands, in percent from the first, kept within the axis."""
        share = (instant - self.first) / (self.last - self.first)
        return rounded(min(max(share, 0), 1) * 100)


def time_axis(instants: Sequence[datetime], *, wanted: int = 5) -> TimeAxis:
    """Return an axis from the first instant to the last, with ticks at round times in UTC.

    Ticks are minutes, hours, days, weeks, months or years apart: at most `wanted` of them. The
    second line of a label says the day (of hours) or the year (of days and months) where it
    begins or changes.

    Raises:
        BadChart: there is no instant, or one without a time zone.
    """
    if not instants:
        raise BadChart("an axis of time needs an instant")
    if any(instant.tzinfo is None for instant in instants):
        raise BadChart("an instant has no time zone; give aware datetimes")
    first, last = min(instants).astimezone(UTC), max(instants).astimezone(UTC)
    missing = SHORTEST - (last - first)
    if missing > timedelta(0):
        first, last = first - missing / 2, last + missing / 2
    axis = TimeAxis(first, last, ())
    marks, kind = _round_times(first, last, wanted)
    ticks, before = [], ""
    for mark in marks:
        label, sub = _time_label(mark, kind)
        ticks.append(Tick(axis.position(mark), label, sub if sub != before else ""))
        before = sub
    return TimeAxis(first, last, tuple(ticks))


def _round_times(first: datetime, last: datetime, wanted: int) -> tuple[list[datetime], str]:
    """Return the closest round times between two instants that are not too many."""
    for kind, steps in (("hour", _MINUTES), ("day", _DAYS)):
        for step in steps:
            n_before = -((_MONDAY - first) // step)  # rounded up
            n = (last - _MONDAY) // step - n_before + 1
            if n <= wanted:
                return [_MONDAY + (n_before + i) * step for i in range(n)], kind
    for months in _MONTHS:
        marks = _months(first, last, months)
        if len(marks) <= wanted:
            break
    return marks, "month" if months < 12 else "year"


def _months(first: datetime, last: datetime, step: int) -> list[datetime]:
    """Return the starts of every `step`-th month between two instants."""
    start = first.year * 12 + first.month - 1
    start = -(-start // step) * step
    every = range(start, last.year * 12 + last.month, step)
    marks = [datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in every]
    return [mark for mark in marks if mark >= first]


def _time_label(mark: datetime, kind: str) -> tuple[str, str]:
    date = {"day": mark.day, "month": _month(mark), "year": mark.year}
    day = gettext("%(day)s %(month)s") % date
    if kind == "hour":
        return f"{mark:%H:%M}", gettext("%(day)s %(month)s %(year)s") % date
    if kind == "day":
        return day, str(mark.year)
    if kind == "month":
        return _month(mark), str(mark.year)
    return str(mark.year), ""


def _month(mark: datetime) -> str:
    """Return the short name of a month; written out, as that of a server's locale may differ."""
    names = (
        gettext("Jan"),
        gettext("Feb"),
        gettext("Mar"),
        gettext("Apr"),
        gettext("May"),
        gettext("Jun"),
        gettext("Jul"),
        gettext("Aug"),
        gettext("Sep"),
        gettext("Oct"),
        gettext("Nov"),
        gettext("Dec"),
    )
    return names[mark.month - 1]


def utc_text(instant: datetime) -> str:
    """Return an instant as it stands in tables: "3 Mar 2025, 14:30", in UTC."""
    at = instant.astimezone(UTC)
    parts = {"day": at.day, "month": _month(at), "year": at.year, "time": f"{at:%H:%M}"}
    return gettext("%(day)s %(month)s %(year)s, %(time)s") % parts


def diverging_step(share: float) -> int:
    """Return the step of colour of a share in [0, 1]: 0 to 10, with 5 for 45 to 55 %.

    Shares that add up to 1 get steps that add up to 10.
    """
    distance = round(abs(share - 0.5) * N_STEPS, 6)  # six digits: 0.55 is no more than 0.55
    steps = math.ceil(distance - 0.5)
    return N_STEPS // 2 + (steps if share > 0.5 else -steps)


def log_step(count: int) -> int:
    """Return the step of colour of a count: 0 for none, then 1, 3, 10, 30, 100 … begin a step."""
    return sum(count >= bound for bound in LOG_BOUNDS)


LOG_BOUNDS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)
