"""What looks like personal data in free text. Plain Python: prompts and releases both ask it."""

from __future__ import annotations

from arena.common.personal_data.finding import FINDERS, KINDS, Kind, Span, spans_of

__all__ = ["FINDERS", "KINDS", "Kind", "Span", "spans_of"]
