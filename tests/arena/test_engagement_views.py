"""From how many sides an object was seen: where it rested, and what passed slowly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.votes.engagement.coverage import Event, views_seen
from arena.votes.engagement.views import FIRST_DEG, LOOK_S, N_VIEWS, VIEW_DEG, view_of

START = 1_000.0


class Page:
    """A page that shows an object and is answered at once."""

    def __init__(self) -> None:
        self.events = [Event(1, "shown", START, 0)]

    def tell(self, s: float, kind: str, **values: object) -> Page:
        number = len(self.events) + 1
        page_ms = round(s * 1000)
        self.events.append(Event(number, kind, START + s, 0, values, "page-of-ada", page_ms))
        return self

    def orbit(self, s: float, turned_deg: float) -> Page:
        """The object stands so far from where it was shown first."""
        azimuth = (FIRST_DEG + turned_deg + 180) % 360 - 180  # as the page has it
        return self.tell(s, "orbit", azimuth_deg=azimuth, polar_deg=70.0, distance=4.0)

    @property
    def views(self) -> set[int]:
        return set(views_seen(self.events, 0))


def test_an_object_that_nobody_turned_was_seen_from_one_side() -> None:
    assert Page().views == {0}
    assert views_seen([], 0) == frozenset()
    assert views_seen(Page().events, 1) == frozenset()


def test_a_small_turn_is_no_other_side() -> None:
    assert Page().orbit(1, 20).orbit(2, -20).views == {0}


def test_each_side_at_which_it_rested_was_seen() -> None:
    assert Page().orbit(1, 45).orbit(3, 180).orbit(6, -90).orbit(9, -360).views == {0, 1, 4, 6}


def test_what_passed_slowly_was_seen_and_what_flew_past_was_not() -> None:
    slow = Page().orbit(1, 0)
    for step in range(1, 13):
        slow.orbit(1 + step / 4, step * 15)  # 60 degrees a second, told four times a second
    assert slow.views == {0, 1, 2, 3, 4}
    fast = Page().orbit(1, 0).orbit(1.25, 90).orbit(1.5, 180)
    assert fast.views == {0, 2, 4}


def test_the_turntable_shows_every_side_when_nothing_told_where_it_is() -> None:
    page = Page().tell(1, "turntable", on=True).tell(17, "turntable", on=False)
    assert page.views == {0}, "not before the object says where it came to rest"
    assert page.orbit(17.3, 0).views == set(range(N_VIEWS))


def test_half_a_round_of_the_turntable_shows_the_sides_that_it_passed() -> None:
    page = Page().tell(1, "turntable", on=True).tell(9, "turntable", on=False).orbit(9.3, -180)
    assert page.views == {0, 7, 6, 5, 4}


def test_a_turntable_that_tells_its_way_counts_while_it_turns() -> None:
    page = Page().tell(1, "turntable", on=True)
    for second in range(1, 7):
        page.orbit(1 + second, -22.5 * second)
    assert page.views == {0, 7, 6, 5}


def test_a_turntable_that_was_switched_on_and_off_shows_nothing_new() -> None:
    page = Page().tell(1, "turntable", on=True).tell(1.2, "turntable", on=False)
    assert page.orbit(1.5, -4.5).views == {0}


def test_an_object_that_was_moved_by_hand_under_the_turntable_jumps() -> None:
    page = Page().tell(1, "turntable", on=True).tell(2, "turntable", on=False)
    assert page.orbit(9, 90).views == {0, 2}


@pytest.mark.parametrize("first", range(N_VIEWS))
def test_views_are_eighths_around_the_first_one(first: int) -> None:
    middle = FIRST_DEG + first * VIEW_DEG
    assert {view_of(middle + off) for off in (-22, 0, 22, 360, -360)} == {first}


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-180, 180)), max_size=40))
def test_no_page_is_believed_to_have_looked_faster_than_it_can(
    turns: list[tuple[float, float]],
) -> None:
    page, s = Page(), 0.0
    for later, turned_deg in turns:
        s += later
        page.orbit(s, turned_deg)
    # Two eighths in a second pass slowly; others are looked at one by one.
    assert len(page.views) <= 2 + s / LOOK_S
