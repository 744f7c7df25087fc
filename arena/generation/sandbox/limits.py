"""How much one output may need before it is given up, by kind of work.

Measured on one core with the largest inputs that the profiles let in, on top of what the
libraries take: 25 megapixels of 16-bit grey need 670 MiB and 2 s of processor time, five minutes
of sound at 192 kHz 1030 MiB and 22 s, two million triangles without normals 1740 MiB and 12 s.
The limits leave head-room of about two for memory and of three and more for slower processors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
# Processor time is what the work costs; the clock also runs while others have the processor.
WALL_FOR_CPU: Final = 3


@dataclass(frozen=True)
class Limits:
    """What a child may use; beyond it the child is ended and its output refused.

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


IMAGE: Final = Limits(memory_bytes=1536 * MIB, cpu_s=15, result_bytes=64 * MIB)
MUSIC: Final = Limits(memory_bytes=2048 * MIB, cpu_s=60, result_bytes=16 * MIB)
# Six million vertices with normals, UV and colours are 240 MB again when they are written.
MESH: Final = Limits(memory_bytes=3072 * MIB, cpu_s=40, result_bytes=512 * MIB)
