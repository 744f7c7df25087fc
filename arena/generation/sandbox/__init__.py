"""3 · Untrusted media are decoded in a child without network, files, secrets or much memory."""

from __future__ import annotations

from arena.generation.sandbox.client import SandboxUnavailable
from arena.generation.sandbox.safe import (
    SafeImage,
    amake_anonymous,
    asafe_image,
    make_anonymous,
    safe_image,
    warm_up,
)

__all__ = [
    "SafeImage",
    "SandboxUnavailable",
    "amake_anonymous",
    "asafe_image",
    "make_anonymous",
    "safe_image",
    "warm_up",
]
