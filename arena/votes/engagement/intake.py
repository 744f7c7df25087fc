"""Read a batch of engagement events; one that no page of ours sends is refused whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_EVENTS = 50  # in one batch; a page sends about 5 a second at most
LAST_NUMBER = 2**31 - 1  # PostgreSQL's integer
PAGE = re.compile(r"[A-Za-z0-9_-]{8,22}")
LONGEST_CLIP_S = 3600.0


class BadBatch(ValueError):
    """The message says what was seen and what is expected."""


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event as a page sent it."""

    number: int
    ms: int
    seat: int | None
    kind: str
    values: dict[str, Any]


def _number(least: float, most: float) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return least <= value <= most  # false for what is not a number, too

    return fits


def _one_of(*words: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in words


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _word(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_-]{0,23}", value) is not None


POSITION_S = _number(0, LONGEST_CLIP_S)
RATE = _number(0.25, 4)
SHARE = _number(0, 1)
ANGLE_DEG = _number(-3600, 3600)

Values = Mapping[str, Callable[[object], bool]]

# What each kind says of a seat, and of the battle as a whole.
OF_A_SEAT: Mapping[str, Values] = {
    "play": {"position_s": POSITION_S, "rate": RATE, "volume": SHARE},
    "playing": {"position_s": POSITION_S},
    "pause": {"position_s": POSITION_S},
    "seek": {"from_s": POSITION_S, "to_s": POSITION_S},
    "rate": {"value": RATE},
    "volume": {"value": SHARE},
    "view": {"mode": _one_of("textured", "clay", "wireframe", "normals", "silhouette")},
    "orbit": {"azimuth_deg": ANGLE_DEG, "polar_deg": ANGLE_DEG, "distance": _number(0, 1000)},
    "turntable": {"on": _flag},
    "scroll": {"share": SHARE},
}
OF_ALL: Mapping[str, Values] = {
    "hidden": {},
    "visible": {},
    "loop": {"from_s": POSITION_S, "to_s": POSITION_S},
    "link": {"on": _flag},
    "compare": {"mode": _word},
}
MAY_SAY_NOTHING = frozenset({"loop"})  # a loop without ends is off


def read_batch(message: Mapping[str, Any], n_seats: int) -> tuple[str, list[SentEvent]]:
    """Return the page of a batch and its events, each once, by their numbers.

    Raises BadBatch with a sentence for anything that is not as the tables above say.
    """
    page, events = message.get("page"), message.get("events")
    if not isinstance(page, str) or not PAGE.fullmatch(page):
        raise BadBatch("'page' is no name of a page; it has 8 to 22 letters and digits.")
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
        raise BadBatch(f"'events' is no list of 1 to {MOST_EVENTS} events.")
    by_number = {event.number: event for event in (_read(one, n_seats) for one in events)}
    return page, [event for _, event in sorted(by_number.items())]


def _read(event: object, n_seats: int) -> SentEvent:
    if not isinstance(event, dict):
        raise BadBatch("An event is no object.")
    values = dict(event)
    number, ms = values.pop("number", None), values.pop("ms", None)
    seat, kind = values.pop("seat", None), values.pop("kind", None)
    if not _number(1, LAST_NUMBER)(number) or not isinstance(number, int):
        raise BadBatch("An event has no 'number' from 1 on.")
    if not _number(0, LAST_NUMBER)(ms) or not isinstance(ms, int):
        raise BadBatch(f"Event {number} has no whole number 'ms'.")
    if not isinstance(kind, str) or kind not in {**OF_A_SEAT, **OF_ALL}:
        raise BadBatch(f"Event {number} has a 'kind' that is not known.")
    if kind in OF_ALL:
        if seat is not None:
            raise BadBatch(f"Event {number}, {kind}, is of the whole battle and has no 'seat'.")
    elif not _number(0, n_seats - 1)(seat) or not isinstance(seat, int):
        raise BadBatch(f"Event {number}, {kind}, has no 'seat' from 0 to {n_seats - 1}.")
    expected = OF_A_SEAT.get(kind) or OF_ALL.get(kind, {})
    if values or kind not in MAY_SAY_NOTHING:
        if set(values) != set(expected):
            raise BadBatch(f"Event {number}, {kind}, does not say exactly {sorted(expected)}.")
        for name, fits in expected.items():
            if not fits(values[name]):
                raise BadBatch(f"Event {number}, {kind}, has a '{name}' that cannot be.")
    return SentEvent(number, ms, seat, kind, values)
