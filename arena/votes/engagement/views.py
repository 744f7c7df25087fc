"""From which sides an object was seen, from the events that tell how it was turned."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arena.votes.engagement.coverage import Event

N_VIEWS = 8
VIEW_DEG = 360 / N_VIEWS
FIRST_DEG = math.degrees(math.atan2(0.85, 1))  # azimuth at which mesh-pose.js shows every object
LOOK_S = 0.2  # players tell at most 4 poses a second; faster ones were not looked at
STEP_S = 1.0  # poses further apart are not one movement
SLOW_DEG_S = 90.0  # a side that is passed faster is not seen
TURNTABLE_DEG_S = 360 / 16  # as mesh-turntable.js, which turns once and towards lower azimuths
EARLY_DEG = 20.0  # how much further a turntable may be than the clock says: delays of a second


@dataclass(slots=True)
class _Pose:
    """How the object stands on one page."""

    azimuth_deg: float = FIRST_DEG
    moment: float = -math.inf
    turning_since: float | None = None  # while the turntable is on
    turned_s: float = 0.0  # how long it was on since the last pose

    def switch(self, moment: float, *, is_on: bool) -> None:
        """Start or stop the turntable."""
        if self.turning_since is not None:
            self.turned_s += max(0.0, moment - self.turning_since)
        self.turning_since = moment if is_on else None

    def arc_to(self, azimuth_deg: float, moment: float) -> float:
        """Return by how many degrees the object turned slowly from here; 0 where it jumped."""
        if self.turning_since is not None or self.turned_s > 0:
            turning_s = 0.0 if self.turning_since is None else moment - self.turning_since
            return self._turntable_arc(azimuth_deg, self.turned_s + turning_s)
        elapsed_s = moment - self.moment
        arc_deg = (azimuth_deg - self.azimuth_deg + 180) % 360 - 180
        is_slow = elapsed_s <= STEP_S and abs(arc_deg) <= SLOW_DEG_S * elapsed_s
        return arc_deg if is_slow else 0.0

    def _turntable_arc(self, azimuth_deg: float, turned_s: float) -> float:
        possible_deg = turned_s * TURNTABLE_DEG_S + EARLY_DEG
        arc_deg = (self.azimuth_deg - azimuth_deg) % 360
        if (arc_deg < EARLY_DEG or arc_deg > 360 - EARLY_DEG) and possible_deg >= 360:
            return -360.0  # back where it began
        return -arc_deg if arc_deg <= possible_deg else 0.0


def view_of(azimuth_deg: float) -> int:
    """Return the eighth of a turn, counted from the middle of where the object is shown first."""
    return round((azimuth_deg - FIRST_DEG) / VIEW_DEG) % N_VIEWS


def views_seen(placed: Iterable[tuple[float, Event]], seat: int) -> frozenset[int]:
    """Return the eighths at which the object rested, and those that passed slowly."""
    found: set[int] = set()
    poses: dict[str, _Pose] = {}
    looked = -math.inf  # over all pages, so that many pages see no more than one
    for moment, event in placed:
        if event.seat != seat:
            continue
        pose = poses.setdefault(event.page, _Pose())
        if event.kind == "shown":
            found.add(0)
        elif event.kind == "turntable":
            pose.switch(moment, is_on=event.values["on"])
        elif event.kind == "orbit":
            azimuth_deg = float(event.values["azimuth_deg"])
            if moment - looked >= LOOK_S:
                found |= _between(pose.azimuth_deg, pose.arc_to(azimuth_deg, moment))
                found.add(view_of(azimuth_deg))
                looked = moment
            is_turning = pose.turning_since is not None
            poses[event.page] = _Pose(azimuth_deg, moment, moment if is_turning else None)
    return frozenset(found)


def _between(start_deg: float, arc_deg: float) -> set[int]:
    """Return the eighths that an arc passes."""
    n_steps = math.ceil(abs(arc_deg) / (VIEW_DEG / 4))
    return {view_of(start_deg + arc_deg * step / n_steps) for step in range(n_steps + 1) if n_steps}
