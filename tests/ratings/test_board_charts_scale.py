"""Axes, labels and colours of charts: round ticks, names that keep apart, legible numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.boards.charts import labels, scale
from ratings.boards.charts.figure import BadChart
from ratings.boards.charts.labels import shorten, spread, text_width
from ratings.boards.charts.scale import diverging_step, linear_axis, log_step, time_axis

CSS = Path(__file__).resolve().parents[2] / "arena" / "static" / "css"
START = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)

ratings = st.floats(-5000, 5000).map(lambda value: round(value, 3))
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=80)


# ── axes ─────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.sampled_from([0.01, 1.0]))
def test_ticks_are_round_and_hold_every_value(values: list[float], min_step: float) -> None:
    axis = linear_axis(values, min_step=min_step)
    marks = [float(tick.label.replace("−", "-")) for tick in axis.ticks]
    tolerance = 1e-6 * max(1, *map(abs, values))
    assert marks[0] == axis.low <= min(values) + tolerance
    assert marks[-1] == axis.high >= max(values) - tolerance
    steps = [later - earlier for earlier, later in pairwise(marks)]
    assert max(steps) - min(steps) <= tolerance
    leading = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-6)
    assert min(abs(leading - round_one) for round_one in (1, 2, 5, 10)) < 1e-3
    assert 2 <= len(marks) <= 8
    assert len({tick.label for tick in axis.ticks}) == len(marks)
    assert (axis.ticks[0].x, axis.ticks[-1].x) == (0, 100)


@given(st.lists(ratings, min_size=2, max_size=50))
def test_positions_never_turn_the_order_of_values(values: list[float]) -> None:
    axis = linear_axis(values)
    found = [axis.position(value) for value in sorted(values)]
    assert found == sorted(found)
    assert all(0 <= x <= 100 and x == round(x, 2) for x in found)


def test_an_axis_of_differences_says_their_signs() -> None:
    assert [tick.label for tick in linear_axis([-20, 20], is_signed=True).ticks] == [
        "−20",
        "−10",
        "0",
        "+10",
        "+20",
    ]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e13])
def test_an_axis_refuses_what_it_cannot_hold(value: float) -> None:
    with pytest.raises(BadChart):
        linear_axis([1.0, value])


@given(
    st.integers(-(10**9), 3 * 10**9).map(lambda s: START + timedelta(seconds=s)),
    st.floats(0, math.log(40 * 365 * 86400)).map(math.exp),
)
def test_times_have_a_few_round_ticks_in_utc_whatever_the_span(
    first: datetime, seconds: float
) -> None:
    last = first + timedelta(seconds=seconds)
    axis = time_axis([last, first])
    assert axis.first <= first <= last <= axis.last
    assert 2 <= len(axis.ticks) <= 5
    places = [tick.x for tick in axis.ticks]
    assert places == sorted(set(places))
    assert places[0] >= 0
    assert places[-1] <= 100
    for tick in axis.ticks:
        at = axis.first + (axis.last - axis.first) * (tick.x / 100)
        slack = (axis.last - axis.first) * 1e-4
        assert at.second == 0 or min(at.second, 60 - at.second) <= slack.total_seconds() + 1


@pytest.mark.parametrize(
    ("span", "labels_", "subs"),
    [
        (timedelta(minutes=20), ["09:30", "09:35", "09:40", "09:45", "09:50"], ["1 Mar 2025"]),
        (timedelta(hours=20), ["12:00", "18:00", "00:00"], ["1 Mar 2025", "2 Mar 2025"]),
        (timedelta(days=5), ["2 Mar", "3 Mar", "4 Mar", "5 Mar", "6 Mar"], ["2025"]),
        (timedelta(days=365), ["Apr", "Jul", "Oct", "Jan"], ["2025", "2026"]),
        (timedelta(days=3 * 365), ["2026", "2027", "2028"], []),
        (timedelta(days=30 * 365), ["2030", "2040", "2050"], []),
    ],
)
def test_ticks_of_time_go_from_minutes_to_years(
    span: timedelta, labels_: list[str], subs: list[str]
) -> None:
    ticks = time_axis([START, START + span]).ticks
    assert [tick.label for tick in ticks] == labels_
    assert [tick.sub for tick in ticks if tick.sub] == subs


def test_times_are_shown_in_utc_wherever_they_were_taken() -> None:
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    assert time_axis([tokyo, tokyo + timedelta(hours=2)]) == time_axis(
        [START, START + timedelta(hours=2)]
    )
    assert scale.utc_text(tokyo) == "1 Mar 2025, 09:30"
    with pytest.raises(BadChart, match="time zone"):
        time_axis([START.replace(tzinfo=None)])


@given(st.integers(0, 10_000))
def test_steps_of_probability_are_symmetric_around_one_half(share: int) -> None:
    one, other = diverging_step(share / 10_000), diverging_step(1 - share / 10_000)
    assert one + other == 10
    assert (one == 5) == (4_500 <= share <= 5_500)
    assert diverging_step(min(share + 1, 10_000) / 10_000) >= one


def test_counts_change_their_step_at_one_and_three_times_powers_of_ten() -> None:
    starts = [n for n in range(1, 40_001) if log_step(n) > log_step(n - 1)]
    assert starts == [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]
    assert log_step(0) == 0
    assert log_step(10**9) == 10


# ── labels ───────────────────────────────────────────────────────────────────────────────────


@given(names, st.floats(3, 30))
def test_a_shortened_name_fits_and_keeps_its_ends(name: str, width: float) -> None:
    short = shorten(name, width)
    assert text_width(short) <= width + 1e-9
    if short != name:
        head, tail = short.split(labels.ELLIPSIS, 1) if labels.ELLIPSIS not in name else ("", "")
        assert name.startswith(head)
        assert name.endswith(tail)
        assert text_width(name) > width


@given(st.lists(st.floats(0, 100), max_size=8))
def test_spread_labels_keep_their_order_and_their_distance(wanted: list[float]) -> None:
    found = spread(wanted, 6, 0, 100)
    assert all(0 <= y <= 100 for y in found)
    pairs = sorted(zip(wanted, found, strict=True))
    assert all(b[1] - a[1] >= 6 - 1e-9 for a, b in pairwise(pairs))


def test_labels_with_room_stay_where_they_belong_and_others_share_the_way() -> None:
    assert spread([10, 50, 90], 6, 0, 100) == [10, 50, 90]
    assert spread([50, 50], 6, 0, 100) == [47, 53]
    assert spread([0, 0, 99], 6, 0, 100) == [0, 6, 99]
    with pytest.raises(BadChart):
        spread([1.0] * 30, 6, 0, 100)


# ── colours ──────────────────────────────────────────────────────────────────────────────────


def sheet(name: str) -> str:
    return (CSS / name).read_text("utf-8")


def pair(text: str, name: str) -> tuple[str, str]:
    """The colours that a custom property has in light and in dark."""
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", text)
    assert found, name
    return found[1], found[2]


def channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def contrast(one: list[float], other: list[float]) -> float:
    """The ratio of contrast of two sRGB colours (WCAG 2.2)."""

    def luminance(colour: list[float]) -> float:
        linear = [
            c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
            for c in colour
        ]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
def test_numbers_are_legible_on_every_step_of_probability(dark: int) -> None:
    css = sheet("charts.css")
    inks = {i: "step-ink-9" if i in {0, 1, 9, 10} else "step-ink" for i in range(11)}
    for i, ink in inks.items():
        back, front = (channels(pair(css, name)[dark]) for name in (f"step-{i}", ink))
        assert contrast(list(back), list(front)) >= 4.5, i
    tie, ink = (channels(pair(css, name)[dark]) for name in ("step-tie", "step-ink"))
    assert contrast(list(tie), list(ink)) >= 4.5


def counted_steps(css: str) -> Iterator[tuple[int, int, int]]:
    """Each step of counts with its share of the hue in light and in dark, in percent."""
    for step, light, dark in re.findall(
        r"\.scale-sequential rect\.step-(\d+) .*?--hue\) (\d+)%.*?--hue\) (\d+)%", css
    ):
        yield int(step), int(light), int(dark)


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("hue", ["text", "image", "music", "mesh"])
def test_numbers_are_legible_on_every_step_of_counts(dark: int, hue: str) -> None:
    css, tokens = sheet("charts.css"), sheet("tokens.css")
    full, paper = (channels(pair(tokens, name)[dark]) for name in (f"hue-{hue}", "paper"))
    shares = {step: found[dark] for step, *found in counted_steps(css)} | {10: 100}
    assert sorted(shares) == list(range(1, 11))
    assert [shares[i] for i in range(1, 11)] == sorted(shares.values())
    for step, share in shares.items():
        ink = "#1b1b1f" if step == 8 else pair(css, f"step-ink{'-9' if step > 8 else ''}")[dark]
        ink = "#111318" if step == 8 and dark else ink
        mixed = [(share * a + (100 - share) * b) / 100 for a, b in zip(full, paper, strict=True)]
        assert contrast(mixed, list(channels(ink))) >= 4.5, step
