"""Where in a prompt a rule found what it was looking for. Plain Python."""

from __future__ import annotations

import re
from typing import NamedTuple

Span = tuple[int, int]
WHOLE: Span = (0, 0)  # read from the prompt as a whole, not from some of its words
FLAGS = re.IGNORECASE | re.MULTILINE


class Found(NamedTuple):
    """What was read, and the span of the words that said it."""

    value: str | float
    span: Span


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return one pattern that is met where any of these is."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), FLAGS)
