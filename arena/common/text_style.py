"""How a text looks, counted: the cues that decide many votes whatever the content."""

from __future__ import annotations

import re

# Patterns are linear in the text: no class of characters can match across its own delimiter.
MARKS = {
    "sentences": re.compile(r"[.!?。！？](?=\s|$)"),
    "paragraphs": re.compile(r"\n[ \t]*\n"),
    "headers": re.compile(r"^ {0,3}#{1,6} ", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
    "list_items": re.compile(r"^[ \t]*[-*+•] ", re.MULTILINE),
    "numbered_items": re.compile(r"^[ \t]*\d{1,3}[.)] ", re.MULTILINE),
    "code_fences": re.compile(r"^[ \t]*```", re.MULTILINE),
    "inline_code": re.compile(r"(?<!`)`[^`\n]+`(?!`)"),
    "links": re.compile(r"\[[^\[\]\n]*\]\([^()\n]*\)|https?://"),
    "table_rows": re.compile(r"^[ \t]*\|", re.MULTILINE),
    "question_marks": re.compile(r"[?？]"),
    "exclamation_marks": re.compile(r"[!！]"),
}


def count_mark(text: str, name: str) -> int:
    """Return how often a mark of `MARKS` is in a text."""
    return sum(1 for _ in MARKS[name].finditer(text))
