"""Matrices of models: the probability of a win, and the number of battles, as cells of colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ratings.boards.charts.figure import BadChart, Figure, Table, rounded, whole
from ratings.boards.charts.labels import shorten, text_width
from ratings.boards.charts.scale import LOG_BOUNDS, N_STEPS, diverging_step, log_step
from ratings.boards.charts.words import gettext

AT_MOST = 60  # models drawn; the file has all
NUMBERED = 20  # models up to which the values stand in the cells
UNIT = 1 / 16  # rem in a unit of the drawing
_CELL, _CELL_LEAST, _CELL_MOST, _SIDE = 40.0, 15.0, 28.0, 900.0  # units
_NAME, _SHORT, _LETTERS = 17.0, 9.0, 13.0  # longest label and short label in em; units in an em


@dataclass(frozen=True)
class Head:
    """A model at its row and column: the middle of its place in units of the drawing."""

    name: str
    label: str
    short: str
    at: float


@dataclass(frozen=True)
class Cell:
    """A pair: its corner and middle in units, its step of colour ("none": no value)."""

    x: float
    y: float
    mid_x: float
    mid_y: float
    step: str
    text: str
    said: str


@dataclass(frozen=True)
class KeyStep:
    """A colour of the key and what stands under it."""

    step: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Matrix(Figure):
    """The context of `matrix.html`; sizes in units of the drawing and in rem.

    `scale` names the colours: "diverging" or "sequential".
    """

    scale: str
    heads: tuple[Head, ...] = ()
    cells: tuple[Cell, ...] = ()
    key: tuple[KeyStep, ...] = ()
    key_note: str = ""
    cell: float = 0.0
    inner: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0
    width_rem: float = 0.0
    height_rem: float = 0.0
    names_rem: float = 0.0
    short_rem: float = 0.0
    is_numbered: bool = False
    is_wide: bool = False


def win_probability_heatmap(
    names: Sequence[str],
    matrix: Sequence[Sequence[float | None]],
    *,
    chart_id: str = "win-probability",
    title: str = "",
    csv_url: str = "",
) -> Matrix:
    """Return the heatmap of win probabilities on a scale around 50 %.

    Args:
        names: of the models, best rating first.
        matrix: (n, n) probabilities in [0, 1] that the row's model is preferred to the column's;
            None or NaN where there is none. The diagonal is not read.

    Raises:
        BadChart: the matrix is not square, or a value is outside [0, 1].
    """

    def cell(i: int, j: int) -> tuple[str, str, str]:
        value = matrix[i][j]
        if value is None or math.isnan(value):
            return "none", "–", gettext("no estimate")
        if not 0 <= value <= 1:
            raise BadChart(
                f"{names[i]} against {names[j]} is {value}; give probabilities between 0 and 1"
            )
        text = _percent(value)
        return str(diverging_step(value)), text, gettext("%(share)s %%") % {"share": text}

    return _matrix(
        names,
        matrix,
        cell,
        chart_id=chart_id,
        title=title or gettext("How often the row wins against the column"),
        csv_url=csv_url,
        scale="diverging",
        pair=gettext("%(row)s against %(column)s: %(value)s"),
        key=tuple(
            KeyStep(str(i), f"{100 * i // N_STEPS}" if i in {0, 5, 10} else "")
            for i in range(N_STEPS + 1)
        ),
        key_note=gettext("%% of battles won by the row’s model") % {},
        summary=gettext(
            "Probability in percent that the row’s model is preferred to the column’s, "
            "for %(n)s models from %(first)s to %(last)s."
        ),
        empty=gettext("No pairs to compare yet. They appear here once two models have ratings."),
    )


def battle_counts_matrix(
    names: Sequence[str],
    matrix: Sequence[Sequence[int]],
    *,
    chart_id: str = "battle-counts",
    title: str = "",
    csv_url: str = "",
) -> Matrix:
    """Return the matrix of battle counts on a scale whose steps grow threefold.

    Args:
        names: of the models, best rating first.
        matrix: (n, n) counts. The diagonal is not read.

    Raises:
        BadChart: the matrix is not square, or a count is negative or not whole.
    """

    def cell(i: int, j: int) -> tuple[str, str, str]:
        count = whole(matrix[i][j], f"{names[i]} against {names[j]}")
        return str(steps[log_step(count)]), _short(count), str(count)

    n = min(len(names), AT_MOST)
    _check_square(names, matrix)
    most = max((matrix[i][j] for i in range(n) for j in range(n) if i != j), default=0)
    used = max(log_step(most), 1)
    # The colours used reach to the deepest, but four at least are kept apart for small counts.
    steps = [math.ceil(i * N_STEPS / max(used, 4)) for i in range(used + 1)]
    bounds = (0, *LOG_BOUNDS[:used])
    return _matrix(
        names,
        matrix,
        cell,
        chart_id=chart_id,
        title=title or gettext("How often each pair has met"),
        csv_url=csv_url,
        scale="sequential",
        pair=gettext("%(row)s and %(column)s: %(value)s"),
        key=tuple(
            KeyStep(str(steps[i]), _short(low) + ("+" if low and i == len(bounds) - 1 else ""))
            for i, low in enumerate(bounds)
        ),
        key_note=gettext("battles, at least"),
        summary=gettext(
            "Number of battles of the row’s model with the column’s, "
            "for %(n)s models from %(first)s to %(last)s."
        ),
        empty=gettext("No battles yet. Pairs appear here with the first votes."),
    )


def _percent(value: float) -> str:
    """Return a probability in whole percent; 0 and 100 only for what is certain."""
    if 0 < value <= 0.005:
        return "<1"
    return ">99" if 0.995 <= value < 1 else f"{100 * value:.0f}"


def _short(count: int) -> str:
    """Return a count in at most four characters."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            shown = math.floor(10 * count / size) / 10
            return f"{shown:.1f}{letter}" if shown < 10 and shown % 1 else f"{shown:.0f}{letter}"
    return str(count)


def _check_square(names: Sequence[str], matrix: Sequence[Sequence[object]]) -> None:
    if len(matrix) != len(names) or any(len(row) != len(names) for row in matrix):
        raise BadChart(f"the matrix is not {len(names)} by {len(names)}, as its names are")


def _matrix(
    names: Sequence[str],
    matrix: Sequence[Sequence[object]],
    cell: Callable[[int, int], tuple[str, str, str]],
    *,
    chart_id: str,
    title: str,
    csv_url: str,
    scale: str,
    pair: str,
    key: tuple[KeyStep, ...],
    key_note: str,
    summary: str,
    empty: str,
) -> Matrix:
    """Return the cells of a matrix; `cell` gives the step, the text and the sentence of one."""
    _check_square(names, matrix)
    n = min(len(names), AT_MOST)
    if n < 2:
        return Matrix(
            chart_id=chart_id,
            title=title,
            summary="",
            table=Table((gettext("Model"),), ()),
            scale=scale,
            empty=empty,
        )
    drawn = list(names[:n])
    found = [[None if i == j else cell(i, j) for j in range(n)] for i in range(n)]
    side = _CELL if n <= NUMBERED else min(max(_SIDE // n, _CELL_LEAST), _CELL_MOST)
    heads = tuple(
        Head(name, shorten(name, _NAME), shorten(name, _SHORT), rounded((i + 0.5) * side))
        for i, name in enumerate(drawn)
    )
    longest = max(text_width(head.label) for head in heads)
    top = rounded(_LETTERS * longest + 8)  # the names of the columns stand upright
    width, height = n * side, rounded(n * side + top)
    return Matrix(
        chart_id=chart_id,
        title=title,
        summary=summary % {"n": n, "first": drawn[0], "last": drawn[-1]},
        table=Table(
            (gettext("Model"), *drawn),
            tuple(
                (name, *("" if one is None else one[2] for one in row))
                for name, row in zip(drawn, found, strict=True)
            ),
        ),
        notes=_notes(n, len(names), bool(csv_url)),
        csv_url=csv_url,
        scale=scale,
        heads=heads,
        cells=tuple(
            Cell(
                x=rounded(j * side + 0.5),
                y=rounded(top + i * side + 0.5),
                mid_x=rounded((j + 0.5) * side),
                mid_y=rounded(top + (i + 0.5) * side),
                step=one[0],
                text=one[1],
                said=pair % {"row": drawn[i], "column": drawn[j], "value": one[2]},
            )
            for i, row in enumerate(found)
            for j, one in enumerate(row)
            if one is not None
        ),
        key=key,
        key_note=key_note,
        cell=side,
        inner=side - 1,
        top=top,
        width=width,
        height=height,
        width_rem=rounded(width * UNIT),
        height_rem=rounded(height * UNIT),
        names_rem=rounded(_LETTERS * UNIT * longest + 0.5),
        short_rem=rounded(_LETTERS * UNIT * max(text_width(h.short) for h in heads) + 0.5),
        is_numbered=n <= NUMBERED,
        is_wide=n > NUMBERED // 2,
    )


def _notes(n: int, n_all: int, has_file: bool) -> tuple[str, ...]:
    notes = [gettext("Models stand in the order of their ratings.")]
    if n < n_all:
        drawn = (
            gettext("The %(n)s best of %(all)s models are drawn; the CSV file has all.")
            if has_file
            else gettext("The %(n)s best of %(all)s models are drawn.")
        )
        notes.append(drawn % {"n": n, "all": n_all})
    return tuple(notes)
