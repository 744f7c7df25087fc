"""How much one output may need, by modality.

Measured on one core with the largest inputs that the profiles let in, on top of what the
libraries take: 25 megapixels of 16-bit grey need 670 MiB and 2 s of processor time, five minutes
of sound at 192 kHz 1030 MiB and 22 s, two million triangles without normals 1740 MiB and 7 s, ten
thousand instances of one mesh 12 s. That leaves head-room of about two for memory, and of three
and more for slower processors.
"""

from __future__ import annotations

from typing import Final

from arena.common.sandbox import MIB, Limits

IMAGE: Final = Limits(memory_bytes=1536 * MIB, cpu_s=15, result_bytes=16 * MIB)
MUSIC: Final = Limits(memory_bytes=2048 * MIB, cpu_s=60, result_bytes=16 * MIB)
# Six million vertices with normals, UV and colours are 240 MB again when they are written.
MESH: Final = Limits(memory_bytes=3072 * MIB, cpu_s=40, result_bytes=512 * MIB)
