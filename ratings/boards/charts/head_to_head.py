"""A model against each opponent: how many battles it won, tied and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.boards.charts.figure import Table, counted, rounded, whole
from ratings.boards.charts.rows import Name, RowsFigure, fitted, layout
from ratings.boards.charts.scale import Tick

KINDS = (("win", "wins"), ("tie", "ties"), ("bad", "both bad"), ("loss", "losses"))
# Share of a row, in percent, that a digit of a count needs: on a phone's plot and on a wide one.
_DIGIT_NARROW, _DIGIT_WIDE = 3.2, 1.4
_TICKS = tuple(Tick(float(x), str(x)) for x in (0, 25, 50, 75, 100))


@dataclass(frozen=True)
class OpponentRow:
    """Battles against one opponent, seen from the model."""

    opponent: str
    wins: int
    ties: int
    both_bad: int
    losses: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The counts in the order in which they are drawn."""
        return self.wins, self.ties, self.both_bad, self.losses


@dataclass(frozen=True)
class Segment:
    """A part of a bar: its ends in percent and its count, shown where it fits."""

    kind: str
    count: int
    text: str
    x: float
    width: float
    middle: float
    fits: bool
    fits_wide: bool


@dataclass(frozen=True)
class OpponentMark:
    """A bar as it is drawn; y in rows."""

    name: Name
    total: str
    said: str
    y: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class HeadToHead(RowsFigure):
    """The context of `head_to_head.html`."""

    marks: tuple[OpponentMark, ...] = ()
    kinds: tuple[tuple[str, str], ...] = KINDS


def head_to_head(
    model: str,
    rows: Sequence[OpponentRow],
    *,
    chart_id: str = "head-to-head",
    title: str = "",
    csv_url: str = "",
) -> HeadToHead:
    """Return the chart of a model against each opponent, in the order given.

    Bars are shares of the battles of a pair, so that pairs with few and with many compare;
    opponents without a battle are left out.

    Raises:
        BadChart: a count is negative or not whole.
    """
    title = title or f"{model} against each opponent"
    met = [row for row in rows if sum(whole(n, f"against {row.opponent}") for n in row.counts)]
    table = Table(
        ("Opponent", "Wins", "Ties", "Both bad", "Losses", "Battles"),
        tuple((row.opponent, *map(str, row.counts), str(sum(row.counts))) for row in met),
    )
    if not met:
        return HeadToHead(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=f"{model} has not met another model yet. Its battles appear here.",
        )
    marks = tuple(_mark(row, y) for y, row in enumerate(met, start=1))
    sums = [sum(column) for column in zip(*(row.counts for row in met), strict=True)]
    said = ", ".join(f"{n:,} {name}" for (_, name), n in zip(KINDS, sums, strict=True))
    return HeadToHead(
        chart_id=chart_id,
        title=title,
        summary=f"{model} in {counted(sum(sums), 'battle')} "
        f"with {counted(len(met), 'opponent')}: {said}.",
        table=table,
        notes=("Percent of the battles of each pair. The figures are battles.",),
        csv_url=csv_url,
        marks=marks,
        ticks=_TICKS,
        **layout([mark.name for mark in marks], [], [mark.total for mark in marks]),
    )


def _mark(row: OpponentRow, y: int) -> OpponentMark:
    total = sum(row.counts)
    segments, before = [], 0
    for (kind, _), count in zip(KINDS, row.counts, strict=True):
        start, end = 100 * before / total, 100 * (before + count) / total
        text = f"{count:,}"
        if count:
            segments.append(
                Segment(
                    kind=kind,
                    count=count,
                    text=text,
                    x=rounded(start),
                    width=rounded(end - start),
                    middle=rounded((start + end) / 2),
                    fits=end - start >= _DIGIT_NARROW * (len(text) + 1),
                    fits_wide=end - start >= _DIGIT_WIDE * (len(text) + 1),
                )
            )
        before += count
    said = ", ".join(f"{n:,} {name}" for (_, name), n in zip(KINDS, row.counts, strict=True))
    return OpponentMark(
        name=fitted(row.opponent),
        total=f"{total:,}",
        said=said,
        y=y,
        segments=tuple(segments),
    )
