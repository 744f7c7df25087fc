"""What was heard and seen, from events alone: no more than the server's clock allows."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.votes.engagement.coverage import (
    HEARTBEAT_S,
    SLACK_S,
    WATCH_S,
    Coverage,
    Event,
    Gate,
    Missing,
    coverage,
    heard,
    seen_s,
    what_is_missing,
)
from arena.votes.engagement.intervals import Intervals, joined, length

PAGE = "page-of-ada"
START = 1_000.0  # seconds; when the page was opened, by the server's clock
CLIP_S = 12.0


class Page:
    """A page of ours: it sends its first event at once, and the others once a second."""

    def __init__(self, name: str = PAGE, first: int = 1) -> None:
        self.name, self.next = name, first
        self.events: list[Event] = []

    def tell(self, s: float, kind: str, seat: int | None = None, **values: object) -> Page:
        """Add what happens `s` seconds after the page was opened."""
        at = START + (s if not self.events else float(int(s) + 1))
        self.events.append(Event(self.next, kind, at, seat, values, self.name, round(s * 1000)))
        self.next += 1
        return self

    def plays(self, s: float, seat: int, start: float, for_s: float, rate: float = 1.0) -> Page:
        """Play from a position, with a heartbeat every two seconds, and pause."""
        self.tell(s, "play", seat, position_s=start, rate=rate, volume=1)
        passed = 2.0
        while passed < for_s:
            self.tell(s + passed, "playing", seat, position_s=start + passed * rate)
            passed += 2.0
        return self.tell(s + for_s, "pause", seat, position_s=start + for_s * rate)


def opened() -> Page:
    return Page().tell(0, "visible")


def near(found: Intervals, *expected: tuple[float, float]) -> None:
    assert [bound for one in found for bound in one] == pytest.approx(
        [bound for one in expected for bound in one], abs=0.01
    )


# ── listening ───────────────────────────────────────────────────────────────────────────────


def test_what_was_played_is_heard_once_however_often_it_was_played() -> None:
    page = opened().plays(1, 0, 0, 5).plays(7, 0, 3, 5).plays(20, 0, 10, 1).plays(30, 1, 4, 2)
    near(heard(page.events, 0, CLIP_S), (0, 8), (10, 11))
    near(heard(page.events, 1, CLIP_S), (4, 6))


def test_a_faster_speed_covers_more_of_the_clip_in_the_same_time() -> None:
    page = opened().plays(1, 0, 0, 4, rate=1.5)
    near(heard(page.events, 0, CLIP_S), (0, 6))
    slowed = opened().tell(1, "play", 0, position_s=0, rate=1, volume=1)
    slowed.tell(3, "rate", 0, value=0.5).tell(5, "playing", 0, position_s=3)
    near(heard(slowed.events, 0, CLIP_S), (0, 3))


def test_what_is_skipped_is_not_heard() -> None:
    page = opened().tell(1, "play", 0, position_s=0, rate=1, volume=1)
    page.tell(2, "seek", 0, from_s=1, to_s=8).tell(4, "pause", 0, position_s=10)
    page.tell(5, "seek", 0, from_s=10, to_s=3).tell(6, "playing", 0, position_s=5)
    near(heard(page.events, 0, CLIP_S), (0, 1), (8, 10))


def test_a_section_that_repeats_is_heard_once() -> None:
    page = opened().tell(1, "play", 0, position_s=2, rate=1, volume=1).tell(1.5, "loop")
    for turn in range(3):
        page.tell(2 + turn, "playing", 0, position_s=3).tell(2 + turn, "playing", 0, position_s=2)
    near(heard(page.events, 0, CLIP_S), (2, 3))


def test_sound_that_is_switched_off_is_not_heard() -> None:
    page = opened().tell(1, "play", 0, position_s=0, rate=1, volume=1)
    page.tell(2, "volume", 0, value=0).tell(4, "volume", 0, value=0.5)
    page.tell(5, "pause", 0, position_s=4)
    near(heard(page.events, 0, CLIP_S), (0, 1), (3, 4))
    silent = opened().tell(1, "play", 0, position_s=0, rate=1, volume=0)
    assert heard(silent.tell(3, "pause", 0, position_s=2).events, 0, CLIP_S) == ()


def test_music_is_heard_while_the_page_is_hidden() -> None:
    page = opened().tell(1, "play", 0, position_s=0, rate=1, volume=1).tell(2, "hidden")
    near(heard(page.tell(4, "playing", 0, position_s=3).events, 0, CLIP_S), (0, 3))


def test_a_player_that_fell_silent_is_not_trusted_for_the_time_between() -> None:
    page = opened().tell(1, "play", 0, position_s=0, rate=1, volume=1)
    page.tell(3, "playing", 0, position_s=2)
    page.tell(4 + HEARTBEAT_S, "playing", 0, position_s=9)
    page.tell(6 + HEARTBEAT_S, "playing", 0, position_s=11)
    near(heard(page.events, 0, CLIP_S), (0, 2), (9, 11))


def test_a_clip_is_heard_no_further_than_it_goes() -> None:
    page = opened().plays(1, 0, 10, 4)
    near(heard(page.events, 0, CLIP_S), (10, CLIP_S))


def test_of_two_pages_only_the_one_that_pressed_play_last_is_heard() -> None:
    first = opened().plays(1, 0, 0, 6)
    second = Page("another-page", 100).tell(2, "visible").plays(3, 1, 0, 3)
    merged = sorted(first.events + second.events, key=lambda event: (event.at, event.number))
    events = [
        Event(place, e.kind, e.at, e.seat, e.values, e.page, e.page_ms)
        for place, e in enumerate(merged, start=1)
    ]
    together = length(heard(events, 0, CLIP_S)) + length(heard(events, 1, CLIP_S))
    assert together <= 6 + SLACK_S


def test_a_page_that_claims_everything_at_once_has_heard_a_second() -> None:
    page = Page().tell(0, "play", 0, position_s=0, rate=1, volume=1)
    at = page.events[0].at
    claims = [
        Event(number, "playing", at, 0, {"position_s": float(number)}, PAGE, number * 1000)
        for number in range(2, 12)
    ]
    assert length(heard(page.events + claims, 0, CLIP_S)) == pytest.approx(SLACK_S)


Drawn = list[tuple[str, int, float, float, float, float, str, int, float]]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["play", "playing", "pause", "seek", "rate", "volume", "visible"]),
        st.sampled_from([0, 1]),
        st.floats(0, 300),  # a position
        st.floats(0, 300),  # another one
        st.floats(0.25, 2.0),  # a rate
        st.sampled_from([0.0, 0.7]),  # a loudness
        st.sampled_from(["page-one", "page-two", "page-three"]),
        st.integers(0, 10**6),  # what the page's clock says
        st.floats(0, 3),  # how long after the event before it was received
    ),
    max_size=40,
)


def received(
    drawn: Drawn,
) -> list[Event]:
    at, events = START, []
    for number, (kind, seat, a, b, rate, volume, page, ms, later) in enumerate(drawn, start=1):
        at += later
        said: dict[str, dict[str, float]] = {
            "play": {"position_s": a, "rate": rate, "volume": volume},
            "seek": {"from_s": a, "to_s": b},
            "rate": {"value": rate},
            "volume": {"value": volume},
            "visible": {},
        }
        events.append(Event(number, kind, at, seat, said.get(kind, {"position_s": a}), page, ms))
    return events


@given(EVENTS)
def test_no_page_is_believed_to_have_heard_more_than_the_servers_clock_allows(drawn: Drawn) -> None:
    events = received(drawn)
    rates = [e.values.get("rate", e.values.get("value", 1.0)) for e in events]
    wall_s = events[-1].at - events[0].at if events else 0.0
    seats = coverage(events, {0: 300.0, 1: 300.0}).seats
    assert (
        sum(seat.heard_s for seat in seats.values()) <= wall_s * max([1.0, *rates]) + SLACK_S + 1e-6
    )
    for seat in seats.values():
        assert seat.seen_s <= wall_s + 1e-6
        assert all(0 <= start < end <= 300 for start, end in seat.heard)
        assert all(a[1] < b[0] for a, b in pairwise(seat.heard))


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_lie_there_and_repetitions_change_nothing(
    drawn: Drawn,
    chance: random.Random,
) -> None:
    events = received(drawn)
    mixed = events + events[: len(events) // 2]
    chance.shuffle(mixed)
    assert coverage(mixed, {0: 20.0, 1: 20.0}) == coverage(events, {0: 20.0, 1: 20.0})


@given(EVENTS, st.integers(0, 40))
def test_what_comes_after_the_vote_changes_nothing_and_what_came_before_is_never_lost(
    drawn: Drawn,
    n_before: int,
) -> None:
    events = received(drawn)
    vote = events[n_before - 1].at if 0 < n_before <= len(events) else START - 1
    before = [event for event in events if event.at <= vote]
    known = coverage(before, {0: 20.0, 1: 20.0})
    assert coverage(events, {0: 20.0, 1: 20.0}, until=vote) == known
    whole = coverage(events, {0: 20.0, 1: 20.0})
    for seat, one in known.seats.items():
        assert whole.seats[seat].heard_s >= one.heard_s - 1e-9
        assert whole.seats[seat].seen_s >= one.seen_s - 1e-9
        assert whole.seats[seat].views >= one.views


Actions = list[tuple[str, int, int, float]]
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["play 0", "play 1", "pause", "seek", "volume", "rate"]),
        st.integers(1, 45),  # tenths of a second until the next one
        st.integers(0, 110),  # where to, in tenths of a second
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    max_size=30,
)


class Player:
    """A player of ours, and the tape of what it really played, in twentieths of a second."""

    def __init__(self) -> None:
        self.page, self.now = opened(), 1.0
        self.tape: dict[int, set[int]] = {0: set(), 1: set()}
        self.seat, self.position, self.rate = 0, 0, 1.0
        self.is_on, self.is_audible, self.told = False, True, 0.0

    def tell_position(self, kind: str) -> None:
        self.page.tell(self.now, kind, self.seat, position_s=self.position / 20)
        self.told = self.now

    def pause(self) -> None:
        if self.is_on:
            self.tell_position("pause")
        self.is_on = False

    def play(self, seat: int) -> None:
        self.pause()
        self.seat, self.is_on, self.told = seat, True, self.now
        values = {"rate": self.rate, "volume": float(self.is_audible)}
        self.page.tell(self.now, "play", seat, position_s=self.position / 20, **values)

    def seek(self, goal: int) -> None:
        self.page.tell(self.now, "seek", self.seat, from_s=self.position / 20, to_s=goal / 20)
        self.position = goal

    def mute(self) -> None:
        self.is_audible = not self.is_audible
        self.page.tell(self.now, "volume", self.seat, value=float(self.is_audible))

    def set_rate(self, rate: float) -> None:
        self.rate = rate
        self.page.tell(self.now, "rate", self.seat, value=rate)

    def wait(self, tenths: int) -> None:
        for _ in range(tenths):
            self.now = round(self.now + 0.1, 1)
            if not self.is_on:
                continue
            end = self.position + int(2 * self.rate)
            if self.is_audible:
                self.tape[self.seat] |= set(range(self.position, end))
            self.position = end
            if self.now - self.told >= 2:
                self.tell_position("playing")


@given(ACTIONS)
def test_an_honest_player_has_heard_what_its_tape_says(actions: Actions) -> None:
    player = Player()
    for action, tenths, goal, rate in actions:
        acts: dict[str, Callable[[], None]] = {
            "play 0": partial(player.play, 0),
            "play 1": partial(player.play, 1),
            "pause": player.pause,
            "seek": partial(player.seek, 2 * goal),
            "volume": player.mute,
            "rate": partial(player.set_rate, rate),
        }
        acts[action]()
        player.wait(tenths)
    player.pause()
    for seat, played in player.tape.items():
        found = heard(player.page.events, seat, 10_000)
        assert length(found) == pytest.approx(len(played) / 20, abs=0.02)
        assert all(int((start + end) * 10) in played for start, end in found)


STRETCHES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(STRETCHES)
def test_a_union_of_stretches_is_that_of_their_points(stretches: list[tuple[int, int]]) -> None:
    union: Intervals = ()
    points: set[int] = set()
    for start, end in stretches:
        union = joined(union, start, end)
        points |= set(range(start, end))
    assert length(union) == len(points)
    assert {p for start, end in union for p in range(int(start), int(end))} == points
    assert all(a[1] < b[0] for a, b in pairwise(union))


# ── looking ─────────────────────────────────────────────────────────────────────────────────


def shown(at: float, seat: int, number: int = 900) -> Event:
    return Event(number + seat, "shown", START + at, seat)


def test_an_output_is_seen_while_it_is_shown_and_its_page_is_visible() -> None:
    page = Page(first=2).tell(0, "visible").tell(6, "hidden").tell(16, "visible").tell(19, "hidden")
    events = [Event(1, "shown", START + 2, 0), *page.events]
    assert seen_s(events, 0) == pytest.approx(4 + 3)
    assert seen_s(events, 1) == 0


def test_a_page_that_went_away_without_a_word_is_not_seen_on() -> None:
    page = Page(first=2).tell(0, "visible").tell(5, "visible").tell(5 + WATCH_S + 1, "visible")
    assert seen_s([Event(1, "shown", START, 0), *page.events], 0) == pytest.approx(5)


def test_two_pages_at_once_are_seen_once() -> None:
    first = Page(first=2).tell(0, "visible").tell(8, "hidden")
    second = Page("another-page", 10).tell(4, "visible").tell(10, "hidden")
    events = [Event(1, "shown", START, 0), *first.events, *second.events]
    assert seen_s(events, 0) == pytest.approx(10)


# ── what is missing ─────────────────────────────────────────────────────────────────────────


def test_the_gate_says_what_each_seat_still_needs() -> None:
    page = opened().plays(1, 0, 0, 5).plays(7, 1, 0, 1.5)
    known = coverage([*page.events, shown(0.5, 0), shown(0.5, 1)], {0: CLIP_S, 1: CLIP_S})
    (missing,) = what_is_missing(known, Gate(heard_s=4))
    assert (missing.seat, missing.kind, missing.needed) == (1, "heard", 4)
    assert missing.have == pytest.approx(1.5)


def test_nobody_has_to_hear_more_of_a_clip_than_there_is() -> None:
    page = opened().plays(1, 0, 0, 2.8)
    known = coverage([*page.events, shown(0.5, 0)], {0: 3.0})
    assert what_is_missing(known, Gate(heard_s=4)) == []


def test_an_output_that_was_not_shown_is_missing_whatever_the_gate() -> None:
    known = coverage([shown(1, 1)], {0: None, 1: None})
    assert what_is_missing(known, Gate()) == [Missing(0, "shown", 1.0, 0.0)]
    assert what_is_missing(Coverage({}), Gate(4, 4, 3)) == []


def test_the_furthest_share_of_a_text_is_kept() -> None:
    page = opened().tell(1, "scroll", 0, share=0.4).tell(2, "scroll", 0, share=0.9)
    page.tell(3, "scroll", 0, share=0.5)
    seats = coverage(page.events, {0: None, 1: None}).seats
    assert (seats[0].furthest, seats[1].furthest) == (0.9, 0.0)
