"""3 · Outputs are decoded in a child without network, files, secrets or much memory."""

from __future__ import annotations

from arena.common.sandbox import SandboxUnavailable
from arena.generation.sandbox.safe import amake_anonymous, make_anonymous, warm_up

__all__ = ["SandboxUnavailable", "amake_anonymous", "make_anonymous", "warm_up"]
