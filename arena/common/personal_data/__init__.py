"""What looks like personal data in free text. Plain Python: prompts and releases both ask it."""

from __future__ import annotations

from arena.common.personal_data.finding import FINDERS, KINDS, Kind, Span, plain, spans_of
from arena.common.personal_data.national import national_numbers

__all__ = ["FINDERS", "KINDS", "Kind", "Span", "national_numbers", "plain", "spans_of"]
