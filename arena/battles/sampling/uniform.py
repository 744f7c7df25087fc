"""The uniform sampler: every set of k models is equally likely, and so is every seating."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

NAME = "uniform"
VERSION = 1

Contestant = TypeVar("Contestant")


@dataclass(frozen=True)
class Draw(Generic[Contestant]):
    """Contestants in seat order, and the probability of this set (whatever the seats)."""

    seats: tuple[Contestant, ...]
    p_draw: float


def draw_contestants(
    candidates: Sequence[Contestant], n_seats: int, rng: random.Random
) -> Draw[Contestant]:
    """Draw `n_seats` different candidates; p_draw = 1 / C(len(candidates), n_seats).

    Raises ValueError when there are fewer candidates than seats.
    """
    if n_seats < 2:
        raise ValueError(f"A battle needs at least 2 seats, not {n_seats}.")
    if len(candidates) < n_seats:
        raise ValueError(f"{n_seats} seats need as many models; there are {len(candidates)}.")
    seats = tuple(rng.sample(list(candidates), n_seats))
    return Draw(seats=seats, p_draw=1 / math.comb(len(candidates), n_seats))
