"""A model against each opponent: how many battles it won, tied and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.boards.charts.figure import Table, rounded, whole
from ratings.boards.charts.rows import Name, RowsFigure, fitted, layout
from ratings.boards.charts.scale import Tick
from ratings.boards.charts.words import gettext, grouped, ngettext

KINDS = ("win", "tie", "bad", "loss")
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
    kinds: tuple[tuple[str, str], ...] = ()


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
    title = title or gettext("%(model)s against each opponent") % {"model": model}
    met = [row for row in rows if sum(whole(n, f"against {row.opponent}") for n in row.counts)]
    table = Table(
        (
            gettext("Opponent"),
            gettext("Wins"),
            gettext("Ties"),
            gettext("Both bad"),
            gettext("Losses"),
            gettext("Battles"),
        ),
        tuple((row.opponent, *map(str, row.counts), str(sum(row.counts))) for row in met),
    )
    if not met:
        return HeadToHead(
            chart_id=chart_id,
            title=title,
            summary="",
            table=table,
            empty=gettext("%(model)s has not met another model yet. Its battles appear here.")
            % {"model": model},
        )
    marks = tuple(_mark(row, y) for y, row in enumerate(met, start=1))
    sums = [sum(column) for column in zip(*(row.counts for row in met), strict=True)]
    return HeadToHead(
        chart_id=chart_id,
        title=title,
        summary=gettext("%(model)s in %(battles)s with %(opponents)s: %(results)s.")
        % {
            "model": model,
            "battles": ngettext("%(n)s battle", "%(n)s battles", sum(sums))
            % {"n": grouped(sum(sums))},
            "opponents": ngettext("%(n)s opponent", "%(n)s opponents", len(met))
            % {"n": grouped(len(met))},
            "results": _said(sums),
        },
        table=table,
        notes=(gettext("Percent of the battles of each pair. The figures are battles."),),
        csv_url=csv_url,
        marks=marks,
        kinds=tuple(zip(KINDS, _names(), strict=True)),
        ticks=_TICKS,
        **layout([mark.name for mark in marks], [], [mark.total for mark in marks]),
    )


def _names() -> tuple[str, ...]:
    return gettext("wins"), gettext("ties"), gettext("both bad"), gettext("losses")


def _said(counts: Sequence[int]) -> str:
    """Return "3 wins, 1 tie, 0 both bad, 2 losses"; each word in its plural."""
    parts = (f"{grouped(n)} {name}" for n, name in zip(counts, _names(), strict=True))
    return gettext(", ").join(parts)


def _mark(row: OpponentRow, y: int) -> OpponentMark:
    total = sum(row.counts)
    segments, before = [], 0
    for kind, count in zip(KINDS, row.counts, strict=True):
        start, end = 100 * before / total, 100 * (before + count) / total
        text = grouped(count)
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
    return OpponentMark(
        name=fitted(row.opponent),
        total=grouped(total),
        said=_said(row.counts),
        y=y,
        segments=tuple(segments),
    )
