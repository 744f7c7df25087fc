"""The recent record of a model as a row of symbols, told apart by form, not by colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ratings.boards.charts.figure import BadChart, Figure, Table, counted, rounded

Outcome = Literal["win", "tie", "loss", "both_bad"]

AT_MOST = 30  # symbols that a phone has room for
SPACING = 10.0  # units of the drawing between two symbols
HEIGHT = 20.0
UNIT = 1 / 16  # rem in a unit
_NAMES = {"win": "win", "tie": "tie", "loss": "loss", "both_bad": "both bad"}
_PLURALS = {"win": "wins", "tie": "ties", "loss": "losses", "both_bad": "both bad"}


@dataclass(frozen=True)
class OutcomeMark:
    """A symbol: what it stands for, and the middle of its place in units of the drawing."""

    outcome: str
    name: str
    x: float


@dataclass(frozen=True, kw_only=True)
class Record(Figure):
    """The context of `sparkline.html` and `record.html`; sizes in units and in rem."""

    marks: tuple[OutcomeMark, ...] = ()
    width: float = 0.0
    height: float = HEIGHT
    width_rem: float = 0.0
    height_rem: float = HEIGHT * UNIT


def recent_record(
    outcomes: Sequence[Outcome],
    *,
    chart_id: str = "record",
    title: str = "Latest battles",
    csv_url: str = "",
) -> Record:
    """Return the latest outcomes as symbols, in the order given: oldest first.

    Of more than `AT_MOST`, the last ones are drawn.

    Raises:
        BadChart: an outcome is none of win, tie, loss and both_bad.
    """
    unknown = sorted(set(map(str, outcomes)) - set(_NAMES))
    if unknown:
        raise BadChart(f"unknown outcome {unknown[0]!r}; use one of {', '.join(_NAMES)}")
    drawn = list(outcomes)[-AT_MOST:]
    table = Table(
        ("Battle", "Outcome"),
        tuple((str(i), _NAMES[outcome]) for i, outcome in enumerate(drawn, start=1)),
        n_text=2,
    )
    if not drawn:
        return Record(
            chart_id=chart_id, title=title, summary="", table=table, empty="No battles yet."
        )
    counts = Counter(map(str, drawn))
    said = ", ".join(
        f"{counts[key]} {_NAMES[key] if counts[key] == 1 else _PLURALS[key]}"
        for key in _NAMES
        if counts[key]
    )
    marks = tuple(
        OutcomeMark(outcome, _NAMES[outcome], rounded((i + 0.5) * SPACING))
        for i, outcome in enumerate(drawn)
    )
    width = SPACING * len(drawn)
    return Record(
        chart_id=chart_id,
        title=title,
        summary=f"Last {counted(len(drawn), 'battle')}, oldest first: {said}.",
        table=table,
        notes=("Oldest first. Up: win. Down: loss. Dash: tie. Cross: both bad.",),
        csv_url=csv_url,
        marks=marks,
        width=width,
        width_rem=rounded(width * UNIT),
    )
