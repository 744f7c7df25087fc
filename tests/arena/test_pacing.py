"""The pace of text: equal for both sides, never falling, and not one character lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.generation import pacing
from arena.generation.pacing import (
    CHARS_PER_TICK,
    LONGEST_PACED_S,
    TICK_S,
    Side,
    pace_of_the_rest,
    paced,
    step,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
STEPS = int(LONGEST_PACED_S / TICK_S)


def side(text: str, *, shown: int = 0, is_complete: bool = False) -> Side:
    made = Side()
    made.write(text)
    made.shown = shown
    if is_complete:
        made.complete()
    return made


@given(
    texts=st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=4),
    chars_per_tick=st.integers(1, 50),
)
def test_in_a_step_every_side_that_still_writes_shows_equally_much(
    texts: list[tuple[str, bool]], chars_per_tick: int
) -> None:
    sides = [side(text, is_complete=is_complete) for text, is_complete in texts]
    pieces = step(sides, chars_per_tick)
    quota = min([chars_per_tick, *(len(text) for text, is_complete in texts if not is_complete)])
    for (text, is_complete), piece, one in zip(texts, pieces, sides, strict=True):
        assert text.startswith(piece)
        assert one.shown == len(piece)
        # A side that is over may show less, never more; the others show just the same.
        assert len(piece) == min(quota, len(text)) if is_complete else len(piece) == quota


def test_a_step_waits_for_the_slower_side() -> None:
    sides = [side("x" * 100), side("abc")]
    assert step(sides, 20) == ["xxx", "abc"]
    assert step(sides, 20) == ["", ""]
    sides[1].write("de")
    assert step(sides, 20) == ["xx", "de"]


def test_a_side_that_is_over_no_longer_holds_the_other_back() -> None:
    sides = [side("x" * 100), side("abc", is_complete=True)]
    assert step(sides, 20) == ["x" * 20, "abc"]
    assert sides[1].is_over
    assert step(sides, 20) == ["x" * 20, ""]


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_complete_texts_come_within_the_longest_time_and_never_below_the_usual_pace(
    one: int, two: int
) -> None:
    sides = [side("x" * one, is_complete=True), side("y" * two, is_complete=True)]
    pace = pace_of_the_rest(sides)
    assert pace >= CHARS_PER_TICK
    assert pace * STEPS >= max(one, two)
    assert pace == CHARS_PER_TICK or (pace - 1) * STEPS < max(one, two)


def test_the_pace_stays_usual_while_a_side_still_writes() -> None:
    sides = [side("x" * 50_000, is_complete=True), side("y")]
    assert pace_of_the_rest(sides) == CHARS_PER_TICK


async def write_all(sides: list[Side], pieces: list[list[str]]) -> None:
    """Write each side's pieces in turn, with a rest after each that lets the pacer tick."""
    for number in range(max(len(texts) for texts in pieces)):
        for one, texts in zip(sides, pieces, strict=True):
            if number < len(texts):
                one.write(texts[number])
            elif number == len(texts):
                one.complete()
        await asyncio.sleep(0)
    for one in sides:
        one.complete()


async def played(pieces: list[list[str]]) -> list[list[str]]:
    sides = [Side() for _ in pieces]
    writing = asyncio.create_task(write_all(sides, pieces))
    ticks = [tick async for tick in paced(sides)]
    await writing
    return ticks


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.text("abc é\n", max_size=60), max_size=12), min_size=2, max_size=3).filter(
        lambda sides: all(any(side) for side in sides)
    )
)
def test_all_that_was_written_is_shown_in_order_at_one_pace_that_never_falls(
    pieces: list[list[str]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "TICK_S", 1e-6)  # tests need not wait for readers
        ticks = asyncio.run(asyncio.wait_for(played(pieces), 10))
    texts = ["".join(written) for written in pieces]
    assert ["".join(shown) for shown in zip(*ticks, strict=True)] == texts
    so_far = [0] * len(texts)
    for tick in ticks:
        so_far = [n + len(piece) for n, piece in zip(so_far, tick, strict=True)]
        writing = {
            n for n, text, piece in zip(so_far, texts, tick, strict=True) if n < len(text) and piece
        }
        assert len(writing) <= 1
        assert max(len(piece) for piece in tick) <= CHARS_PER_TICK


async def test_nothing_is_shown_before_every_side_has_begun() -> None:
    sides = [side("early"), Side()]
    ticks = paced(sides)
    first = asyncio.ensure_future(anext(ticks))
    await asyncio.sleep(0.02)
    assert not first.done()
    sides[1].write("late")
    assert await asyncio.wait_for(first, 2) == ["earl", "late"]
    await ticks.aclose()


async def test_a_long_rest_speeds_up_and_never_slows_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "TICK_S", 0.001)
    monkeypatch.setattr(pacing, "LONGEST_PACED_S", 0.02)
    sides = [side("x" * 4000, is_complete=True), side("y" * 100, is_complete=True)]
    lengths = [len(first) async for first, _ in paced(sides)]
    assert sum(lengths) == 4000
    assert len(lengths) <= 20
    assert lengths[:-1] == sorted(lengths[:-1])
    assert lengths[0] == 200
