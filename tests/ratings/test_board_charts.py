"""Charts of the boards: positions follow values, every number is in the table."""

from __future__ import annotations

import ast
import csv
import math
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ratings.boards.charts import history as over_time
from ratings.boards.charts import record
from ratings.boards.charts.figure import BadChart, Figure
from ratings.boards.charts.head_to_head import OpponentRow, head_to_head
from ratings.boards.charts.heatmap import battle_counts_matrix, win_probability_heatmap
from ratings.boards.charts.history import Series, history
from ratings.boards.charts.intervals import TOO_FEW, IntervalRow, interval_plot
from ratings.boards.charts.record import recent_record
from ratings.boards.charts.slices import SliceRow, slice_strengths

REPOSITORY = Path(__file__).resolve().parents[2]
START = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
ROUNDING = 0.011  # percent: positions have two digits
NASTY = ("<b>Ada & Ben</b>", 'the "quoted" one', "x" * 80, "模型" * 40, "{{ chart }}")

ratings = st.floats(-5000, 5000).map(lambda value: round(value, 3))
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=80)


def a_row(name: str, rating: float, half: float = 20.0, *, few: bool = False) -> IntervalRow:
    return IntervalRow(name, rating, rating - half, rating + half, few)


def a_series(name: str, *values: float, step: timedelta = timedelta(days=1)) -> Series:
    return Series(name, [(START + i * step, v, v - 9, v + 9) for i, v in enumerate(values)])


def win_matrix(n: int) -> list[list[float | None]]:
    return [
        [None if i == j else 1 / (1 + math.exp((i - j) / 7)) for j in range(n)] for i in range(n)
    ]


def every_chart(named: tuple[str, ...] = ("Alder", "Birch", "Cedar")) -> dict[str, Figure]:
    """One chart of each kind, about these models."""
    n = len(named)
    return {
        "interval_plot": interval_plot(
            [a_row(name, 1000.5 - 30 * i, few=i == 1) for i, name in enumerate(named)],
            csv_url="/board.csv?a=1&b=2",
        ),
        "win_probability": win_probability_heatmap(named, win_matrix(n)),
        "battle_counts": battle_counts_matrix(
            named, [[0 if i == j else 1_234_567 for j in range(n)] for i in range(n)]
        ),
        "history": history(
            [a_series(name, 1000, 1010 + i, 990) for i, name in enumerate(named)],
            selected=named[1:2],
        ),
        "head_to_head": head_to_head(
            "Alder", [OpponentRow(name, 1234, 5, 3, 700 + i) for i, name in enumerate(named)]
        ),
        "slice_strengths": slice_strengths(
            "Alder", [SliceRow(name, 12.25, -3 + 2 * i, 40.5, 2345) for i, name in enumerate(named)]
        ),
        "record": recent_record(["win", "tie", "loss", "both_bad"]),
        "sparkline": recent_record(["win", "loss"]),
    }


MATRICES = {"win_probability": "matrix", "battle_counts": "matrix"}  # drawn by one template
EMPTY: dict[str, Figure] = {
    "interval_plot": interval_plot([]),
    "win_probability": win_probability_heatmap([], []),
    "battle_counts": battle_counts_matrix(["Alder"], [[0]]),
    "history": history([Series("Alder", [])]),
    "head_to_head": head_to_head("Alder", [OpponentRow("Birch", 0, 0, 0, 0)]),
    "slice_strengths": slice_strengths("Alder", []),
    "record": recent_record([]),
}


def rendered(kind: str, chart: Figure) -> str:
    return render_to_string(f"boards/charts/{MATRICES.get(kind, kind)}.html", {"chart": chart})


def parsed(kind: str, chart: Figure) -> ET.Element:
    """The fragment as a tree; it is well formed, or this fails."""
    return ET.fromstring(rendered(kind, chart))


def words(element: ET.Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext()))


# ── each chart ───────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.tuples(ratings, st.floats(0, 500), st.booleans()), min_size=1, max_size=40))
def test_interval_marks_stand_where_their_values_are(
    found: list[tuple[float, float, bool]],
) -> None:
    rows = [a_row(str(i), r, half, few=few) for i, (r, half, few) in enumerate(found)]
    chart = interval_plot(rows)
    assert [mark.y for mark in chart.marks] == list(range(1, len(rows) + 1))
    by_rating = sorted(zip(rows, chart.marks, strict=True), key=lambda pair: pair[0].rating)
    assert all(a[1].x <= b[1].x for a, b in pairwise(by_rating))
    for row, mark in zip(rows, chart.marks, strict=True):
        assert 0 <= mark.x_low <= mark.x <= mark.x_high <= 100
        if row.is_provisional:
            assert mark.x_low == mark.x == mark.x_high


def test_the_ends_of_a_provisional_model_are_not_read() -> None:
    chart = interval_plot([a_row("Alder", 1000), IntervalRow("Birch", 990, -1e9, 1e9, True)])
    assert float(chart.ticks[0].label) >= 900
    assert chart.table.rows[1] == ("Birch", "990", TOO_FEW, TOO_FEW)
    tree = parsed("interval_plot", chart)
    assert len(tree.findall(".//line[@class='span']")) == 1
    assert len(tree.findall(".//g[@class='chart-mark is-open']")) == 1


def test_four_hundred_models_make_a_long_chart_with_all_of_them() -> None:
    chart = interval_plot([a_row(f"model-{i:03}", 1400 - i) for i in range(400)])
    assert chart.height == 402
    tree = parsed("interval_plot", chart)
    assert len(tree.findall(".//circle")) == 400
    assert len(tree.findall(".//tbody/tr")) == 400


@pytest.mark.parametrize(
    "row",
    [
        IntervalRow("Alder", math.nan, 1, 2),
        IntervalRow("Alder", 1000, -math.inf, 1010),
        IntervalRow("Alder", 1000, 1001, 1010),
    ],
)
def test_an_interval_that_cannot_be_drawn_is_refused(row: IntervalRow) -> None:
    with pytest.raises(BadChart):
        interval_plot([row])


@pytest.mark.parametrize(("n", "has_numbers"), [(2, True), (20, True), (21, False), (60, False)])
def test_values_stand_in_the_cells_of_small_heatmaps(n: int, has_numbers: bool) -> None:
    chart = win_probability_heatmap([f"m{i}" for i in range(n)], win_matrix(n))
    assert len(chart.cells) == n * (n - 1)
    tree = parsed("matrix", chart)
    assert len(tree.findall(".//svg[@class='matrix']/rect")) == n * (n - 1)
    texts = tree.findall(".//svg[@class='matrix']/text")
    assert len(texts) == (n * (n - 1) if has_numbers else 0)
    assert all(0 < cell.x < cell.x + chart.inner < chart.width for cell in chart.cells)
    assert all(chart.top < cell.y < cell.y + chart.inner < chart.height for cell in chart.cells)


def test_of_more_than_sixty_models_the_best_are_drawn_and_the_rest_is_said() -> None:
    chart = win_probability_heatmap(
        [f"m{i}" for i in range(75)], win_matrix(75), csv_url="/pairs.csv"
    )
    assert [head.name for head in chart.heads] == [f"m{i}" for i in range(60)]
    assert "The 60 best of 75 models are drawn; the CSV file has all." in chart.notes
    assert 'href="/pairs.csv"' in rendered("matrix", chart)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.001, "<1"),
        (0.005, "<1"),
        (0.006, "1"),
        (0.5, "50"),
        (0.9949, "99"),
        (0.999, ">99"),
        (1, "100"),
    ],
)
def test_only_what_is_certain_is_written_as_certain(value: float, text: str) -> None:
    chart = win_probability_heatmap(["a", "b"], [[None, value], [1 - value, None]])
    assert chart.cells[0].text == text


def test_a_pair_without_an_estimate_is_neither_even_nor_left_out() -> None:
    chart = win_probability_heatmap(["a", "b"], [[0.5, None], [math.nan, 0.5]])
    assert [cell.step for cell in chart.cells] == ["none", "none"]
    assert chart.table.rows == (("a", "", "no estimate"), ("b", "no estimate", ""))


@pytest.mark.parametrize("value", [-0.01, 1.01, math.inf])
def test_a_share_outside_zero_and_one_is_refused(value: float) -> None:
    with pytest.raises(BadChart, match="between 0 and 1"):
        win_probability_heatmap(["a", "b"], [[None, value], [0.5, None]])


def test_a_matrix_has_the_size_of_its_names_and_whole_counts() -> None:
    with pytest.raises(BadChart, match="2 by 2"):
        battle_counts_matrix(["a", "b"], [[0, 1]])
    with pytest.raises(BadChart, match="whole number"):
        battle_counts_matrix(["a", "b"], [[0, -1], [1, 0]])


@given(st.lists(st.integers(0, 50_000), min_size=2, max_size=12))
def test_more_battles_never_have_a_lighter_colour_and_none_has_its_own(counts: list[int]) -> None:
    n = len(counts)
    matrix = [[counts[j] if i != j else 0 for j in range(n)] for i in range(n)]
    chart = battle_counts_matrix([str(i) for i in range(n)], matrix)
    found = sorted((int(cell.said.split(": ")[1]), int(cell.step)) for cell in chart.cells)
    assert [step for _, step in found] == sorted(step for _, step in found)
    assert all((count == 0) == (step == 0) for count, step in found)
    assert {int(cell.step) for cell in chart.cells} <= {int(one.step) for one in chart.key}
    assert all(len(cell.text) <= 4 for cell in chart.cells)


@given(st.lists(st.lists(ratings, min_size=1, max_size=6), min_size=1, max_size=12))
def test_labels_of_a_history_never_overlap(values: list[list[float]]) -> None:
    chart = history([a_series(f"m{i}", *points) for i, points in enumerate(values)])
    assert len(chart.lines) == min(len(values), over_time.AT_MOST)
    places = sorted(line.label_y for line in chart.lines)
    assert all(b - a >= over_time.LABEL_GAP - ROUNDING for a, b in pairwise(places))
    assert all(0 <= y <= 100 for y in places)
    ends = sorted((-points[-1], f"m{i}") for i, points in enumerate(values))
    assert {line.name for line in chart.lines} <= {
        name for rating, name in ends if rating <= ends[: over_time.AT_MOST][-1][0]
    }
    for line in chart.lines:
        numbers = [float(text) for text in re.findall(r"[\d.]+", line.path)]
        assert all(0 <= number <= 1000 for number in numbers)


def test_the_selected_models_are_drawn_with_a_band_even_if_they_are_last() -> None:
    many = [a_series(f"m{i}", 1000 - i, 1100 - 9 * i) for i in range(12)]
    chart = history(many, selected=["m11"])
    assert [line.name for line in chart.lines if line.band] == ["m11"]
    assert chart.lines[-1].name == "m11"
    assert [line.number for line in chart.lines] == [None] * 7 + [0]
    assert "8 of 12 models are drawn" in chart.notes[2]
    listed = {(row[0], row[1]) for row in chart.table.rows}
    assert ("m9", "2 Mar 2025, 09:30") in listed
    assert ("m9", "1 Mar 2025, 09:30") not in listed
    assert {row[0] for row in chart.table.rows} == {f"m{i}" for i in range(12)}
    with pytest.raises(BadChart, match="no series"):
        history(many, selected=["m12"])


def test_a_long_history_keeps_its_ends_and_a_bounded_number_of_points() -> None:
    one = a_series("Alder", *range(5000), step=timedelta(minutes=7))
    thin = over_time.thinned(one.points)
    assert over_time.POINTS / 2 < len(thin) <= over_time.POINTS
    assert thin[-1] == one.points[-1]
    assert [point[0] for point in thin] == sorted(point[0] for point in thin)
    assert "at most 200 points" in history([one]).notes[-1]


def test_a_history_out_of_order_or_without_a_time_zone_is_refused() -> None:
    points = a_series("Alder", 1, 2).points
    with pytest.raises(BadChart, match="order of time"):
        history([Series("Alder", points[::-1])])
    with pytest.raises(BadChart, match="time zone"):
        history([Series("Alder", [(START.replace(tzinfo=None), 1, 0, 2)])])


counts = st.integers(0, 10_000)


@given(st.tuples(counts, counts, counts, counts).filter(any))
def test_bars_fill_their_row_in_the_shares_of_the_counts(found: tuple[int, int, int, int]) -> None:
    mark = head_to_head("Alder", [OpponentRow("Birch", *found)]).marks[0]
    assert sum(part.width for part in mark.segments) == pytest.approx(100, abs=0.03)
    for part, after in pairwise(mark.segments):
        assert part.x + part.width == pytest.approx(after.x, abs=0.02)
    for part in mark.segments:
        assert part.width == pytest.approx(100 * part.count / sum(found), abs=0.01)
    assert [part.count for part in mark.segments] == [count for count in found if count]


def test_slices_stand_around_zero_in_the_middle() -> None:
    rows = [SliceRow("Code", 40, 10, 70, 90), SliceRow("Music", -5, -20, 10, 30)]
    chart = slice_strengths("Alder", rows)
    assert chart.zero == 50
    assert [mark.is_clear for mark in chart.marks] == [True, False]
    assert chart.marks[0].x > 50 > chart.marks[1].x
    assert chart.summary == "Alder in 2 slices: above its overall rating in Code."


def test_outcomes_are_told_apart_by_form_and_read_aloud() -> None:
    chart = recent_record(["win", "tie", "loss", "both_bad", "win"])
    assert chart.summary == "Last 5 battles, oldest first: 2 wins, 1 tie, 1 loss, 1 both bad."
    tree = parsed("sparkline", chart)
    assert tree.get("role") == "img"
    assert chart.summary in (tree.get("aria-label") or "")
    shapes = [path.get("d") for path in tree.iter("path")]
    assert len(shapes) == 5
    assert len(set(shapes)) == 4
    assert len(recent_record(["win"] * 99).marks) == record.AT_MOST
    with pytest.raises(BadChart, match="'draw'"):
        recent_record(["draw"])  # type: ignore[list-item]


# ── fragments ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", every_chart())
@pytest.mark.parametrize("named", [("Alder", "Birch", "Cedar"), NASTY])
def test_a_fragment_is_well_formed_and_within_the_content_policy(
    kind: str, named: tuple[str, ...]
) -> None:
    tree = parsed(kind, every_chart(named)[kind])
    for element in tree.iter():
        assert element.tag not in {"script", "style", "foreignObject", "b"}
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        assert set((element.get("aria-labelledby") or "").split()) <= set(ids)
    drawn = [svg for svg in tree.iter("svg") if svg.get("role") == "img"]
    assert len(drawn) == 1
    for region in tree.findall(".//div[@role='region']"):
        assert region.get("tabindex") == "0"
        assert region.get("aria-label")


@pytest.mark.parametrize("kind", [kind for kind in every_chart() if kind != "sparkline"])
def test_a_figure_has_a_caption_a_sentence_and_the_whole_table(kind: str) -> None:
    chart = every_chart(NASTY)[kind]
    tree = parsed(kind, chart)
    assert tree.tag == "figure"
    assert chart.title in words(tree.findall("figcaption")[0])
    assert [desc.text for desc in tree.iter("desc")] == [chart.summary]
    assert [summary.text for summary in tree.iter("summary")] == ["As a table"]
    header = [cell.text for cell in tree.findall(".//thead/tr/th")]
    body = [tuple(cell.text or "" for cell in row) for row in tree.findall(".//tbody/tr")]
    assert header == list(chart.table.header)
    assert body == list(chart.table.rows)
    assert all(len(row) == len(header) for row in body)


def test_the_tables_have_every_number_that_is_drawn() -> None:
    charts = every_chart()
    assert charts["interval_plot"].table.rows == (
        ("Alder", "1000", "980", "1020"),
        ("Birch", "970", TOO_FEW, TOO_FEW),
        ("Cedar", "940", "920", "960"),
    )
    assert charts["win_probability"].table.rows[0] == ("Alder", "", "54 %", "57 %")
    assert charts["battle_counts"].table.rows[0][1:] == ("", "1234567", "1234567")
    assert ("Alder", "2 Mar 2025, 09:30", "1010", "1001", "1019") in charts["history"].table.rows
    assert len(charts["history"].table.rows) == 9
    assert charts["head_to_head"].table.rows[0] == ("Alder", "1234", "5", "3", "700", "1942")
    assert charts["slice_strengths"].table.rows[0] == ("Alder", "+12", "−3", "+40", "2345")


@pytest.mark.parametrize("kind", EMPTY)
def test_without_data_a_calm_sentence_says_what_will_appear(kind: str) -> None:
    tree = parsed(kind, EMPTY[kind])
    assert not list(tree.iter("svg"))
    assert not list(tree.iter("table"))
    said = words(tree.findall("p[@class='chart-empty']")[0])
    assert said == EMPTY[kind].empty
    assert said.endswith(".")


@pytest.mark.parametrize("kind", every_chart())
def test_numbers_are_written_alike_in_every_language(kind: str) -> None:
    chart = every_chart()[kind]
    with translation.override("en"):
        english = rendered(kind, chart)
    with translation.override("de"), override_settings(USE_THOUSAND_SEPARATOR=True):
        assert rendered(kind, chart) == english


def test_full_names_are_kept_as_titles_where_labels_are_shortened() -> None:
    tree = parsed("interval_plot", every_chart(NASTY)["interval_plot"])
    titles = {title.text for title in tree.findall(".//g[@class='chart-name']/title")}
    assert "x" * 80 in titles
    assert all(len(text.text or "") < 40 for text in tree.findall(".//g[@class='chart-name']/text"))


def test_one_model_and_equal_ratings_stand_in_the_middle() -> None:
    chart = interval_plot([IntervalRow(name, 1000, 1000, 1000) for name in "ab"])
    assert [mark.x for mark in chart.marks] == [50, 50]
    alone = history([a_series("Alder", 1000)])
    assert (alone.lines[0].x, alone.lines[0].y) == (50, 50)


def test_an_id_that_would_break_a_page_is_refused() -> None:
    with pytest.raises(BadChart, match="chart_id"):
        interval_plot([], chart_id='a" onload="x')


def test_charts_know_no_web_framework() -> None:
    for file in (REPOSITORY / "ratings" / "boards" / "charts").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                found = getattr(node, "module", None) or node.names[0].name
                assert found.split(".")[0] not in {"django", "arena", "models_registry"}


# ── real votes ───────────────────────────────────────────────────────────────────────────────


def test_a_real_board_is_drawn_in_its_order(shared_data: Path) -> None:
    file = shared_data / "wildvision_arena_elo" / "vlm_full_leaderboard_table_df.csv"
    if not file.is_file():
        pytest.skip(f"no {file.name} in {file.parent}")
    with file.open(encoding="utf-8") as lines:
        found = [
            IntervalRow(row[""], *(float(row[k]) for k in ("rating", "rating_q025", "rating_q975")))
            for row in csv.DictReader(lines)
        ]
    found.sort(key=lambda row: -row.rating)
    chart = interval_plot(found)
    assert chart.summary.startswith("38 models: ratings from 1195 (gpt-4o) to ")
    places = [mark.x for mark in chart.marks]
    assert places == sorted(places, reverse=True)
    assert len(parsed("interval_plot", chart).findall(".//tbody/tr")) == len(found)
