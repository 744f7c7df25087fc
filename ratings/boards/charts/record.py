"""The recent record of a model as a row of symbols, told apart by form, not by colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ratings.boards.charts.figure import BadChart, Figure, Table, rounded
from ratings.boards.charts.words import gettext, ngettext

Outcome = Literal["win", "tie", "loss", "both_bad"]

AT_MOST = 30  # symbols that a phone has room for
SPACING = 10.0  # units of the drawing between two symbols
HEIGHT = 20.0
UNIT = 1 / 16  # rem in a unit
OUTCOMES = ("win", "tie", "loss", "both_bad")


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
    title: str = "",
    csv_url: str = "",
) -> Record:
    """Return the latest outcomes as symbols, in the order given: oldest first.

    Of more than `AT_MOST`, the last ones are drawn.

    Raises:
        BadChart: an outcome is none of win, tie, loss and both_bad.
    """
    unknown = sorted(set(map(str, outcomes)) - set(OUTCOMES))
    if unknown:
        raise BadChart(f"unknown outcome {unknown[0]!r}; use one of {', '.join(OUTCOMES)}")
    drawn = list(outcomes)[-AT_MOST:]
    title, names = title or gettext("Latest battles"), _names()
    table = Table(
        (gettext("Battle"), gettext("Outcome")),
        tuple((str(i), names[outcome]) for i, outcome in enumerate(drawn, start=1)),
        n_text=2,
    )
    if not drawn:
        return Record(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=gettext("No battles yet."),
        )
    counts = Counter(map(str, drawn))
    results = gettext(", ").join(_counted(key, counts[key]) for key in OUTCOMES if counts[key])
    marks = tuple(
        OutcomeMark(outcome, names[outcome], rounded((i + 0.5) * SPACING))
        for i, outcome in enumerate(drawn)
    )
    width = SPACING * len(drawn)
    return Record(
        chart_id=chart_id,
        title=title,
        summary=ngettext(
            "Last %(n)s battle, oldest first: %(results)s.",
            "Last %(n)s battles, oldest first: %(results)s.",
            len(drawn),
        )
        % {"n": len(drawn), "results": results},
        table=table,
        notes=(gettext("Oldest first. Up: win. Down: loss. Dash: tie. Cross: both bad."),),
        csv_url=csv_url,
        marks=marks,
        width=width,
        width_rem=rounded(width * UNIT),
    )


def _names() -> dict[str, str]:
    return {
        "win": gettext("win"),
        "tie": gettext("tie"),
        "loss": gettext("loss"),
        "both_bad": gettext("both bad"),
    }


def _counted(outcome: str, n: int) -> str:
    forms = {
        "win": ngettext("%(n)s win", "%(n)s wins", n),
        "tie": ngettext("%(n)s tie", "%(n)s ties", n),
        "loss": ngettext("%(n)s loss", "%(n)s losses", n),
        "both_bad": ngettext("%(n)s both bad", "%(n)s both bad", n),
    }
    return forms[outcome] % {"n": n}
