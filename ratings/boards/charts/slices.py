"""Where a model is stronger or weaker than on the whole board, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.boards.charts.figure import (
    BadChart,
    Table,
    finite,
    listed,
    signed,
    whole,
)
from ratings.boards.charts.rows import Name, RowsFigure, fitted, layout
from ratings.boards.charts.scale import Axis, linear_axis
from ratings.boards.charts.words import gettext, grouped, ngettext


@dataclass(frozen=True)
class SliceRow:
    """A slice: the rating there less the overall one, with its interval, in Elo units."""

    label: str
    difference: float
    low: float
    high: float
    votes: int


@dataclass(frozen=True)
class SliceMark:
    """A row as it is drawn: x in percent, y in rows. It is clear if its interval leaves out 0."""

    name: Name
    text: str
    interval: str
    votes: str
    x: float
    x_low: float
    x_high: float
    y: int
    is_clear: bool


@dataclass(frozen=True, kw_only=True)
class SliceStrengths(RowsFigure):
    """The context of `slice_strengths.html`; `zero` is in percent."""

    marks: tuple[SliceMark, ...] = ()
    zero: float = 0.0


def slice_strengths(
    model: str,
    rows: Sequence[SliceRow],
    *,
    chart_id: str = "slices",
    title: str = "",
    csv_url: str = "",
) -> SliceStrengths:
    """Return the chart of a model's differences from its overall rating, in the order given.

    Raises:
        BadChart: a number is not finite, an interval does not hold its difference, or a count of
            votes is not whole.
    """
    title = title or gettext("%(model)s by kind of prompt") % {"model": model}
    table = Table(
        (
            gettext("Slice"),
            gettext("Difference"),
            gettext("Low"),
            gettext("High"),
            gettext("Votes"),
        ),
        tuple(
            (row.label, signed(row.difference), signed(row.low), signed(row.high), str(row.votes))
            for row in rows
        ),
    )
    if not rows:
        return SliceStrengths(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=gettext(
                "No kind of prompt has enough votes yet. Kinds appear here as votes come in."
            ),
        )
    reach = max(abs(end) for row in rows for end in _ends(row))
    axis = linear_axis([-reach, reach], min_step=1, is_signed=True)
    marks = tuple(_mark(row, y, axis) for y, row in enumerate(rows, start=1))
    return SliceStrengths(
        chart_id=chart_id,
        title=title,
        summary=_summary(model, rows),
        table=table,
        notes=(
            gettext(
                "Rating in a slice less the overall rating. Open circle: the range holds zero."
            ),
        ),
        csv_url=csv_url,
        marks=marks,
        ticks=axis.ticks,
        zero=axis.position(0),
        **layout(
            [mark.name for mark in marks],
            [mark.text for mark in marks],
            [mark.votes for mark in marks],
        ),
    )


def _ends(row: SliceRow) -> tuple[float, float]:
    middle = finite(row.difference, f"the difference of {row.label}")
    low, high = finite(row.low, f"the low end of {row.label}"), finite(row.high, "the high end")
    if not low <= middle <= high:
        raise BadChart(f"{row.label} has {middle} outside its interval {low} to {high}")
    return low, high


def _mark(row: SliceRow, y: int, axis: Axis) -> SliceMark:
    low, high = _ends(row)
    n = whole(row.votes, f"the votes of {row.label}")
    return SliceMark(
        name=fitted(row.label),
        text=signed(row.difference),
        interval=gettext("%(low)s to %(high)s") % {"low": signed(low), "high": signed(high)},
        votes=ngettext("%(n)s vote", "%(n)s votes", n) % {"n": grouped(n)},
        x=axis.position(row.difference),
        x_low=axis.position(low),
        x_high=axis.position(high),
        y=y,
        is_clear=low > 0 or high < 0,
    )


def _summary(model: str, rows: Sequence[SliceRow]) -> str:
    above = [row.label for row in rows if row.low > 0]
    below = [row.label for row in rows if row.high < 0]
    if above and below:
        said = gettext("above its overall rating in %(above)s and below it in %(below)s")
    elif above:
        said = gettext("above its overall rating in %(above)s")
    elif below:
        said = gettext("below its overall rating in %(below)s")
    else:
        said = gettext("not clearly different in any")
    sentence = ngettext(
        "%(model)s in %(n)s slice: %(said)s.", "%(model)s in %(n)s slices: %(said)s.", len(rows)
    )
    values = {"above": listed(above), "below": listed(below)}
    return sentence % {"model": model, "n": len(rows), "said": said % values}
