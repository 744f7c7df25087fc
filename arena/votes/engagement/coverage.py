"""What of each output was heard and seen, from engagement events alone; no Django, no clock.

The one function of the gate, of releases and of the tests is `coverage`. Nothing that a browser
says is taken on trust: its events count only as far as the server's clock went on between their
receipts, whatever the browser's clock says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from arena.votes.engagement import views as looks
from arena.votes.engagement.intervals import Intervals, joined, length

SLACK_S = 1.0  # media time granted once: events wait for their batch, and travel
HEARTBEAT_S = 5.0  # a player tells its position every 2 s; after 5 s of silence it is not trusted
WATCH_S = 20.0  # a page that is looked at tells so every 15 s
TAIL_S = 0.25  # the end of a clip that nobody has to hear: players stop a little early

# What moves a clip that sounds, and the value that says how far it had come; None: by the clock.
_MOVES = {
    "playing": "position_s",
    "pause": "position_s",
    "seek": "from_s",
    "rate": None,
    "volume": None,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One engagement event as it was recorded."""

    number: int  # order of receipt within the battle, from 1
    kind: str
    at: float  # seconds; when the server received it
    seat: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    page: str = ""  # empty: not from a numbered page, and `at` is its time
    page_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SeatCoverage:
    """What happened to one output before the vote."""

    is_shown: bool
    heard: Intervals
    seen_s: float
    views: frozenset[int]
    furthest: float  # share of a long text that was on the screen, 0..1
    duration_s: float | None

    @property
    def heard_s(self) -> float:
        """Seconds of the clip that were heard at least once."""
        return length(self.heard)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What happened to each output of a battle, by seat."""

    seats: Mapping[int, SeatCoverage]


@dataclass(frozen=True, slots=True)
class Gate:
    """What an arena asks for before a vote; zeros ask that each output was shown."""

    heard_s: float = 0.0
    seen_s: float = 0.0
    n_views: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """What one output still needs; `kind` is shown, heard, seen (seconds) or views (eighths)."""

    seat: int
    kind: str
    needed: float
    have: float


def coverage(
    events: Iterable[Event],
    durations_s: Mapping[int, float | None],
    until: float = math.inf,
) -> Coverage:
    """Return what was heard and seen of each seat.

    Args:
        durations_s: for each seat of the battle the length of its clip; None where it has none.
        until: the time of the vote; what was received after it does not count.
    """
    known = _in_order(event for event in events if event.at <= until)
    heard = _heard(known, {seat: s for seat, s in durations_s.items() if s is not None})
    return Coverage(
        {
            seat: SeatCoverage(
                is_shown=any(e.kind == "shown" and e.seat == seat for e in known),
                heard=heard.get(seat, ()),
                seen_s=seen_s(known, seat),
                views=views_seen(known, seat),
                furthest=_furthest(known, seat),
                duration_s=duration_s,
            )
            for seat, duration_s in durations_s.items()
        }
    )


def what_is_missing(coverage: Coverage, gate: Gate) -> list[Missing]:
    """Return what is still to be done before a vote is taken; empty: nothing."""
    missing = []
    for seat, seen in sorted(coverage.seats.items()):
        heard_s = gate.heard_s
        if seen.duration_s is not None:
            heard_s = min(heard_s, max(0.0, seen.duration_s - TAIL_S))
        asked = (
            ("shown", 1.0, float(seen.is_shown)),
            ("heard", heard_s, seen.heard_s),
            ("seen", gate.seen_s, seen.seen_s),
            ("views", float(gate.n_views), float(len(seen.views))),
        )
        missing += [Missing(seat, *one) for one in asked if one[2] < one[1]]
    return missing


def heard(events: Iterable[Event], seat: int, duration_s: float) -> Intervals:
    """Return what of a clip was heard: disjoint stretches in seconds, in order.

    Sound that is switched off is not heard; a hidden page is. One person hears one clip at a time:
    whichever page pressed play last.
    """
    return _heard(_in_order(events), {seat: duration_s}).get(seat, ())


def seen_s(events: Iterable[Event], seat: int) -> float:
    """Return for how many seconds an output was shown on a page that was visible."""
    shown_at = math.inf
    told: dict[str, tuple[float, bool]] = {}  # page -> last time, is it visible
    watched: Intervals = ()
    for moment, event in _placed(_in_order(events)):
        if event.kind == "shown" and event.seat == seat:
            shown_at = min(shown_at, moment)
        if not event.page:
            continue
        last, is_visible = told.get(event.page, (moment, False))
        if is_visible and moment - last <= WATCH_S:
            watched = joined(watched, max(last, shown_at), moment)
        if event.kind in ("visible", "hidden"):
            is_visible = event.kind == "visible"
        told[event.page] = (moment, is_visible)
    return length(watched)


def views_seen(events: Iterable[Event], seat: int) -> frozenset[int]:
    """Return the eighths of a turn from which an object was seen; 0 is where it is shown first."""
    return looks.views_seen(_placed(_in_order(events)), seat)


def _furthest(events: Iterable[Event], seat: int) -> float:
    shares = (e.values["share"] for e in events if e.kind == "scroll" and e.seat == seat)
    return min(1.0, max(shares, default=0.0))


def _in_order(events: Iterable[Event]) -> list[Event]:
    """Return each event once, in the order of receipt."""
    return [event for _, event in sorted({event.number: event for event in events}.items())]


def _placed(events: Iterable[Event]) -> Iterator[tuple[float, Event]]:
    """Yield each event with its time in seconds: by its page's clock, never after its receipt.

    A page's clock starts at the latest when the server heard of it first, and never goes back.
    What is yielded does not depend on later events.
    """
    origins: dict[str, float] = {}
    last: dict[str, float] = {}
    for event in events:
        if event.page_ms is None:
            yield event.at, event
            continue
        own = event.page_ms / 1000
        origins[event.page] = min(origins.get(event.page, math.inf), event.at - own)
        moment = max(last.get(event.page, -math.inf), origins[event.page] + own)
        last[event.page] = moment
        yield moment, event


@dataclass(slots=True)
class _Run:
    """A clip that sounds."""

    page: str
    seat: int
    position_s: float
    rate: float
    is_audible: bool


def _heard(events: list[Event], durations_s: Mapping[int, float]) -> dict[int, Intervals]:
    """Return what was heard of each seat.

    All of it together lasts at most as long as runs lasted by the server's clock, times their
    rate, plus SLACK_S: media time is paid for from `credit_s`, which only a run fills.
    """
    found: dict[int, Intervals] = {}
    run: _Run | None = None
    clock, credit_s = -math.inf, SLACK_S
    for moment, event in _placed(events):
        values = event.values
        if event.kind == "play" and event.seat is not None:
            position_s = float(values["position_s"])
            is_audible = values["volume"] > 0
            run = _Run(event.page, event.seat, position_s, float(values["rate"]), is_audible)
            clock = max(clock, moment)
            continue
        if run is None or event.page != run.page or event.kind not in _MOVES:
            continue
        if event.kind in ("playing", "pause") and event.seat != run.seat:
            continue
        elapsed_s = max(0.0, moment - clock)
        clock = max(clock, moment)
        is_told = _MOVES[event.kind]
        reached_s = float(values[is_told]) if is_told else run.position_s + elapsed_s * run.rate
        if elapsed_s <= HEARTBEAT_S:
            credit_s += elapsed_s * run.rate
            gained_s = max(0.0, min(reached_s - run.position_s, credit_s))
            if run.is_audible and run.seat in durations_s:
                end_s = min(run.position_s + gained_s, durations_s[run.seat])
                found[run.seat] = joined(found.get(run.seat, ()), run.position_s, end_s)
            credit_s = min(credit_s - gained_s, SLACK_S)
        run.position_s = reached_s
        if event.kind == "pause":
            run = None
        elif event.kind == "seek":
            run.position_s = float(values["to_s"])
        elif event.kind == "rate":
            run.rate = float(values["value"])
        elif event.kind == "volume":
            run.is_audible = values["value"] > 0
    return found
