"""Ratings with their 95 % intervals on a common axis, one row a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.boards.charts.figure import BadChart, Table, finite, plain
from ratings.boards.charts.rows import Name, RowsFigure, fitted, layout
from ratings.boards.charts.scale import Axis, linear_axis
from ratings.boards.charts.words import gettext, ngettext

TOO_FEW = "too few votes"


@dataclass(frozen=True)
class IntervalRow:
    """A model with its rating and the ends of its interval, in Elo units.

    A provisional one is drawn as an open circle without whiskers; its ends are not read.
    """

    name: str
    rating: float
    low: float
    high: float
    is_provisional: bool = False


@dataclass(frozen=True)
class IntervalMark:
    """A row as it is drawn: x in percent, y in rows from the top, where the axis is row 0."""

    name: Name
    text: str
    interval: str
    x: float
    x_low: float
    x_high: float
    y: int
    is_provisional: bool


@dataclass(frozen=True, kw_only=True)
class IntervalPlot(RowsFigure):
    """The context of `interval_plot.html`."""

    marks: tuple[IntervalMark, ...] = ()


def interval_plot(
    rows: Sequence[IntervalRow],
    *,
    chart_id: str = "ratings",
    title: str = "",
    csv_url: str = "",
) -> IntervalPlot:
    """Return the chart of ratings, in the order given.

    Raises:
        BadChart: a rating or an end is not finite, or an interval does not hold its rating.
    """
    title = title or gettext("Ratings with 95 %% intervals") % {}
    header = (gettext("Model"), gettext("Rating"), gettext("Low"), gettext("High"))
    table = Table(header, tuple(_cells(row) for row in rows))
    if not rows:
        return IntervalPlot(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=gettext("No ratings yet. They appear here with the first votes."),
        )
    axis = linear_axis([end for row in rows for end in _ends(row)], min_step=1)
    marks = tuple(_mark(row, y, axis) for y, row in enumerate(rows, start=1))
    best, last = max(rows, key=_rating), min(rows, key=_rating)
    return IntervalPlot(
        chart_id=chart_id,
        title=title,
        summary=ngettext(
            "%(n)s model: ratings from %(high)s (%(best)s) to %(low)s (%(last)s).",
            "%(n)s models: ratings from %(high)s (%(best)s) to %(low)s (%(last)s).",
            len(rows),
        )
        % {
            "n": len(rows),
            "high": plain(best.rating),
            "best": best.name,
            "low": plain(last.rating),
            "last": last.name,
        },
        table=table,
        notes=_notes(rows),
        csv_url=csv_url,
        marks=marks,
        ticks=axis.ticks,
        **layout(
            [mark.name for mark in marks],
            [mark.text for mark in marks],
            [mark.interval for mark in marks],
        ),
    )


def _rating(row: IntervalRow) -> float:
    return row.rating


def _ends(row: IntervalRow) -> tuple[float, float]:
    """Return the ends of the drawn line: a provisional model is a point."""
    rating = finite(row.rating, f"the rating of {row.name}")
    if row.is_provisional:
        return rating, rating
    low, high = finite(row.low, f"the low end of {row.name}"), finite(row.high, "the high end")
    if not low <= rating <= high:
        raise BadChart(f"{row.name} has rating {rating} outside its interval {low} to {high}")
    return low, high


def _mark(row: IntervalRow, y: int, axis: Axis) -> IntervalMark:
    low, high = _ends(row)
    return IntervalMark(
        name=fitted(row.name),
        text=plain(row.rating),
        interval=gettext(TOO_FEW) if row.is_provisional else f"{plain(low)}–{plain(high)}",
        x=axis.position(row.rating),
        x_low=axis.position(low),
        x_high=axis.position(high),
        y=y,
        is_provisional=row.is_provisional,
    )


def _cells(row: IntervalRow) -> tuple[str, ...]:
    if row.is_provisional:
        return row.name, plain(row.rating), gettext(TOO_FEW), gettext(TOO_FEW)
    return row.name, plain(row.rating), plain(row.low), plain(row.high)


def _notes(rows: Sequence[IntervalRow]) -> tuple[str, ...]:
    notes = [gettext("The line is the range in which the rating may truly lie.")]
    if any(row.is_provisional for row in rows):
        notes.append(gettext("An open circle has too few votes for a range."))
    return tuple(notes)
