"""What charts of one row a model share: the columns beside the plot, and their widths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from ratings.boards.charts.figure import Figure, rounded
from ratings.boards.charts.labels import shorten, text_width
from ratings.boards.charts.scale import Tick

REPEATED_AXIS = 16  # rows from which the axis stands at the foot as well
_WIDE, _NARROW = 19.0, 13.0  # em of the longest name beside a plot, and over it on a phone
_LETTERS, _SMALL = 0.875, 0.8125  # rem in an em of names and values, and of what stands after them
_GAP = 0.5  # rem between a value and what stands after it


@dataclass(frozen=True)
class Name:
    """A name and its forms that fit beside the plot and, on a phone, over it."""

    full: str
    label: str
    short: str


@dataclass(frozen=True, kw_only=True)
class RowsFigure(Figure):
    """A chart of one row a model.

    Attributes:
        ticks: of the common axis.
        bottom: the row after the last; `height`: all rows, with those of the axis.
        name_width, value_width, side_width: of the columns beside the plot, in rem; values end
            `side_width` before the end of theirs.
        has_foot: whether the axis is repeated at the bottom.
    """

    ticks: tuple[Tick, ...] = ()
    bottom: int = 0
    height: int = 0
    name_width: float = 0.0
    value_width: float = 0.0
    side_width: float = 0.0
    has_foot: bool = False


class Sizes(TypedDict):
    """The sizes of a `RowsFigure`."""

    bottom: int
    height: int
    name_width: float
    value_width: float
    side_width: float
    has_foot: bool


def fitted(name: str) -> Name:
    """Return a name with its forms for both layouts."""
    return Name(name, shorten(name, _WIDE), shorten(name, _NARROW))


def layout(names: Sequence[Name], values: Iterable[str], sides: Iterable[str]) -> Sizes:
    """Return the sizes of a `RowsFigure`: the columns as wide as their longest text."""
    side = column_width(sides, _SMALL)
    value = column_width(values, _LETTERS)
    gap = _GAP if side and value else 0.0
    n = len(names)
    has_foot = n >= REPEATED_AXIS
    return {
        "bottom": n + 1,
        "height": n + 1 + has_foot,
        "name_width": column_width((name.label for name in names), _LETTERS),
        "value_width": rounded(value + gap + side),
        "side_width": rounded(side + gap),
        "has_foot": has_foot,
    }


def column_width(texts: Iterable[str], size: float) -> float:
    """Return the width in rem of a column of labels whose em is `size` rem."""
    return rounded(size * max((text_width(text) for text in texts), default=0.0))
