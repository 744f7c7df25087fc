"""What every chart is: a title, a sentence for those who do not see it, notes and a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ratings.boards.charts.words import gettext

MINUS = "\N{MINUS SIGN}"
_ID = re.compile(r"[a-z][a-z0-9-]*")


class BadChart(ValueError):
    """A chart was asked for values that it cannot draw; the message names them."""


@dataclass(frozen=True)
class Table:
    """The numbers of a chart as text: the first `n_text` columns are words, the rest numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_text: int = 1


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What the templates of all charts share.

    Attributes:
        chart_id: of the figure in its page, unique there; other ids begin with it.
        title: in a few words.
        summary: what is to be seen, in one sentence, for screen readers.
        table: every number that is drawn.
        notes: sentences under the title.
        csv_url: where all numbers can be had as a file, or "".
        empty: what stands in place of the chart when there is nothing to draw, or "".
    """

    chart_id: str
    title: str
    summary: str
    table: Table
    notes: tuple[str, ...] = ()
    csv_url: str = ""
    empty: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.chart_id):
            raise BadChart(
                f"chart_id is {self.chart_id!r}; use small letters, digits and hyphens only"
            )


def rounded(position: float) -> float:
    """Return a position as it is written into a page: two digits and no negative zero."""
    return round(position, 2) + 0.0


def finite(value: float, name: str) -> float:
    """Return the value; raise `BadChart` if it is infinite or not a number."""
    if not math.isfinite(value):
        raise BadChart(f"{name} is {value}; give a finite number or leave the row out")
    return float(value)


def whole(value: int, name: str) -> int:
    """Return a count; raise `BadChart` if it is negative or not whole."""
    if value < 0 or value != int(value):
        raise BadChart(f"{name} is {value}; give a whole number of votes")
    return int(value)


def signed(value: float) -> str:
    """Return a difference as text, with its sign unless it rounds to zero."""
    text = f"{abs(value):.0f}"
    if text == "0":
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def plain(value: float) -> str:
    """Return a rating as text, in whole numbers."""
    text = f"{abs(value):.0f}"
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def listed(names: Iterable[str]) -> str:
    """Return names as in a sentence: "A, B and C"."""
    *before, last = list(names) or [""]
    if not before:
        return last
    one = gettext(", ").join(before)
    return gettext("%(one)s and %(other)s") % {"one": one, "other": last}
