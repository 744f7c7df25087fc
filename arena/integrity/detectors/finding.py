"""What a detector says of a vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """Why a vote should be held: who found it, the code of the reason, and the numbers."""

    method: str
    version: int
    reason: str
    detail: Mapping[str, str | int | float] = field(default_factory=dict)
