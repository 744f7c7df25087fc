"""How much one piece of work may need before it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
# Processor time is what the work costs; the clock also runs while others have the processor.
WALL_FOR_CPU: Final = 3


@dataclass(frozen=True)
class Limits:
    """What a child may use; beyond it the child is ended and its work given up.

    `memory_bytes` is address space on top of the loaded libraries, `cpu_s` processor time in
    whole seconds, `result_bytes` what it may send back.
    """

    memory_bytes: int
    cpu_s: int
    result_bytes: int

    @property
    def wall_s(self) -> float:
        """Return the seconds by the clock after which the child is killed."""
        return float(WALL_FOR_CPU * self.cpu_s)
