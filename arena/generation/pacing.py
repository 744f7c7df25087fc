"""Both sides of a text battle come at one pace, so that speed tells nobody which model writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

TICK_S = 0.1  # ten updates a second read as writing, not as flicker
CHARS_PER_TICK = 20  # 200 characters a second, a little faster than people read
LONGEST_PACED_S = 20.0  # once both sides are complete, the rest comes within this time


@dataclass
class Side:
    """What one model has written so far, and how much of it was shown."""

    text: str = ""
    is_complete: bool = False
    shown: int = 0  # characters
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, text: str) -> None:
        """Take the next piece."""
        self.text += text
        if self.text:
            self.arrived.set()

    def complete(self) -> None:
        """Say that nothing more comes."""
        self.is_complete = True
        self.arrived.set()

    @property
    def waiting(self) -> int:
        """Characters that were written and not yet shown."""
        return len(self.text) - self.shown

    @property
    def is_over(self) -> bool:
        return self.is_complete and not self.waiting


def step(sides: list[Side], chars_per_tick: int) -> list[str]:
    """Return what each side shows in this tick and count it as shown.

    Every side that still writes shows the same number of characters: at most what the slowest of
    them has. A side that is over shows nothing; the others go on at the same pace.
    """
    writing = [side.waiting for side in sides if not side.is_complete]
    quota = min([chars_per_tick, *writing])
    pieces = []
    for side in sides:
        piece = side.text[side.shown : side.shown + quota]
        side.shown += len(piece)
        pieces.append(piece)
    return pieces


def pace_of_the_rest(sides: list[Side]) -> int:
    """Return characters a tick: the usual pace, or more when long complete texts would drag."""
    if not all(side.is_complete for side in sides):
        return CHARS_PER_TICK
    longest = max(side.waiting for side in sides)
    return max(CHARS_PER_TICK, -(-longest // int(LONGEST_PACED_S / TICK_S)))


async def paced(sides: list[Side]) -> AsyncIterator[list[str]]:
    """Yield the pieces of each tick, from when every side has begun until all are over."""
    await asyncio.gather(*(side.arrived.wait() for side in sides))
    pace = CHARS_PER_TICK
    while not all(side.is_over for side in sides):
        # The pace may only rise: a drop would tell that a side has something long left.
        pace = max(pace, pace_of_the_rest(sides))
        pieces = step(sides, pace)
        if any(pieces):
            yield pieces
        await asyncio.sleep(TICK_S)
