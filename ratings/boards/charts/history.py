"""Ratings over time: a line a model, a band for the selected ones, names at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ratings.boards.charts.figure import BadChart, Figure, Table, finite, plain, rounded
from ratings.boards.charts.labels import shorten, spread
from ratings.boards.charts.rows import column_width
from ratings.boards.charts.scale import Axis, Tick, TimeAxis, linear_axis, time_axis, utc_text
from ratings.boards.charts.words import gettext, ngettext

AT_MOST = 8  # lines that can still be told apart
POINTS = 200  # drawn of a line: more are closer than a pixel on a phone
LABEL_GAP = 6.0  # percent of the height: a line of the labels' size
UNITS = 10.0  # of the drawing of lines in a percent of the plot
_NAME, _SHORT = 14.0, 8.0  # em of the longest label, wide and on a phone

Point = tuple[datetime, float, float, float]  # instant, rating, low, high


@dataclass(frozen=True)
class Series:
    """The ratings of a model: (instant, rating, low, high), in Elo units, oldest first."""

    model: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Line:
    """A line as it is drawn: paths in units (0 to 1000), its end and label in percent.

    `number` is that of its colour: None is grey.
    """

    number: int | None
    name: str
    label: str
    short: str
    text: str
    path: str
    band: str
    x: float
    y: float
    label_y: float
    is_selected: bool


@dataclass(frozen=True, kw_only=True)
class History(Figure):
    """The context of `history.html`; y of `ticks_y` is in their `x`, in percent from the top."""

    lines: tuple[Line, ...] = ()
    ticks_x: tuple[Tick, ...] = ()
    ticks_x_narrow: tuple[Tick, ...] = ()
    ticks_y: tuple[Tick, ...] = ()
    tick_width: float = 0.0
    label_width: float = 0.0
    short_width: float = 0.0
    n_selected: int = 0


def history(
    series: Sequence[Series],
    *,
    selected: Sequence[str] = (),
    chart_id: str = "history",
    title: str = "",
    csv_url: str = "",
) -> History:
    """Return the chart of ratings over time.

    At most `AT_MOST` models are drawn: the selected ones, then the highest at their last point.
    The table has every point that is drawn, and the last one of each other model.

    Raises:
        BadChart: a value is not finite, an instant has no time zone, the points of a model are
            not in the order of time, or a selected model has no series.
    """
    title = title or gettext("Ratings over time")
    known = [one for one in series if one.points]
    unknown = sorted(set(selected) - {one.model for one in series})
    if unknown:
        raise BadChart(f"{unknown[0]!r} is selected but has no series")
    for one in known:
        _check(one)
    known.sort(key=lambda one: (one.model not in selected, -one.points[-1][1]))
    drawn = sorted(known[:AT_MOST], key=lambda one: -one.points[-1][1])
    thin = {one.model: thinned(one.points) for one in drawn}
    table = _table(drawn, known[AT_MOST:], thin)
    if not drawn:
        return History(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=gettext(
                "No history yet. A point is added each time that the board is published."
            ),
        )
    chosen = [one.model for one in drawn if one.model in selected]
    instants = [point[0] for points in thin.values() for point in points]
    times = time_axis(instants)
    ratings = linear_axis(
        [
            value
            for model, points in thin.items()
            for point in points
            for value in (point[1:] if model in chosen else point[1:2])
        ],
        min_step=1,
    )
    lines = _lines(drawn, thin, chosen, times, ratings)
    return History(
        chart_id=chart_id,
        title=title,
        summary=_summary(drawn),
        table=table,
        notes=_notes(len(drawn), len(known), bool(chosen), any(map(_is_long, drawn))),
        csv_url=csv_url,
        lines=lines,
        ticks_x=times.ticks,
        ticks_x_narrow=time_axis(instants, wanted=3).ticks,
        ticks_y=tuple(Tick(rounded(100 - tick.x), tick.label) for tick in ratings.ticks),
        tick_width=column_width((tick.label for tick in ratings.ticks), 0.8125),
        label_width=column_width((f"{line.label}  {line.text}" for line in lines), 0.875),
        short_width=column_width((line.short for line in lines), 0.8125),
        n_selected=len(chosen),
    )


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most `POINTS` of the points: the last one of each equal part of the time."""
    first, last = points[0][0], points[-1][0]
    if len(points) <= POINTS or first == last:
        return list(points[-POINTS:])
    whole = last - first
    kept = {int((POINTS - 1) * ((point[0] - first) / whole)): point for point in points}
    return list(kept.values())


def _check(one: Series) -> None:
    for _, *values in one.points:
        rating, low, high = (finite(value, f"a rating of {one.model}") for value in values)
        if not low <= rating <= high:
            raise BadChart(f"{one.model} has rating {rating} outside its interval {low} to {high}")
    times = [point[0] for point in one.points]
    if any(time.tzinfo is None for time in times):
        raise BadChart(f"{one.model} has an instant without a time zone; give aware datetimes")
    if any(later < earlier for earlier, later in pairwise(times)):
        raise BadChart(f"the points of {one.model} are not in the order of time; sort them")


def _is_long(one: Series) -> bool:
    return len(one.points) > POINTS


def _lines(
    drawn: Sequence[Series],
    thin: dict[str, list[Point]],
    chosen: Sequence[str],
    times: TimeAxis,
    ratings: Axis,
) -> tuple[Line, ...]:
    # With a selection, only its lines have a colour, from the first on.
    numbers = {model: i for i, model in enumerate(chosen or [one.model for one in drawn])}
    ends = [100 - ratings.position(one.points[-1][1]) for one in drawn]
    found = []
    for one, end, label_y in zip(drawn, ends, spread(ends, LABEL_GAP, 0, 100), strict=True):
        points = thin[one.model]
        xs = [times.position(point[0]) for point in points]
        middle, lows, highs = (
            [100 - ratings.position(values[i]) for _, *values in points] for i in range(3)
        )
        is_selected = one.model in chosen
        band = _path([*xs, *reversed(xs)], [*highs, *reversed(lows)]) + "Z" if is_selected else ""
        found.append(
            Line(
                number=numbers.get(one.model),
                name=one.model,
                label=shorten(one.model, _NAME),
                short=shorten(one.model, _SHORT),
                text=plain(one.points[-1][1]),
                path=_path(xs, middle),
                band=band,
                x=xs[-1],
                y=rounded(end),
                label_y=rounded(label_y),
                is_selected=is_selected,
            )
        )
    # What is drawn last lies on top.
    return tuple(sorted(found, key=lambda line: line.is_selected))


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Return the path through points in percent, in units of the drawing."""
    steps = (f"{UNITS * x:.1f} {UNITS * y:.1f}" for x, y in zip(xs, ys, strict=True))
    return "M" + "L".join(steps)


def _table(drawn: Sequence[Series], rest: Sequence[Series], thin: dict[str, list[Point]]) -> Table:
    points = [(one.model, point) for one in drawn for point in thin[one.model]]
    points += [(one.model, one.points[-1]) for one in rest]
    return Table(
        (
            gettext("Model"),
            gettext("Time (UTC)"),
            gettext("Rating"),
            gettext("Low"),
            gettext("High"),
        ),
        tuple(
            (model, utc_text(at), plain(rating), plain(low), plain(high))
            for model, (at, rating, low, high) in points
        ),
        n_text=2,
    )


def _summary(drawn: Sequence[Series]) -> str:
    first = min(one.points[0][0] for one in drawn)
    last = max(one.points[-1][0] for one in drawn)
    said = ngettext(
        "Ratings of %(n)s model from %(first)s to %(last)s UTC. At the end: %(ends)s.",
        "Ratings of %(n)s models from %(first)s to %(last)s UTC. At the end: %(ends)s.",
        len(drawn),
    )
    return said % {
        "n": len(drawn),
        "first": utc_text(first),
        "last": utc_text(last),
        "ends": gettext(", ").join(f"{one.model} {plain(one.points[-1][1])}" for one in drawn),
    }


def _notes(n: int, n_all: int, has_band: bool, has_long: bool) -> tuple[str, ...]:
    notes = [gettext("Times are in UTC.")]
    if has_band:
        notes.append(gettext("The band is the 95 %% interval.") % {})
    if n < n_all:
        some = gettext("%(n)s of %(all)s models are drawn; the table has the others’ last ratings.")
        notes.append(some % {"n": n, "all": n_all})
    if has_long:
        long = gettext("Of longer histories, at most %(n)s points are drawn.")
        notes.append(long % {"n": POINTS})
    return tuple(notes)
