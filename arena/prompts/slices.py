"""Slices: kinds of prompts whose votes have a board of their own. Plain Python.

A slice is a property of the prompt, never of the vote's outcome: a board of votes chosen by how
they came out would say what it was made to say.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

SHORT_CHARS = 60  # a question in one line
LONG_CHARS = 300  # a task with its material
LETTERS_READ = 400  # of a prompt, to tell its writing system
# First word of a letter's Unicode name → key and label.
SCRIPTS = {
    "latin": ("latin", "Latin"),
    "cyrillic": ("cyrillic", "Cyrillic"),
    "greek": ("greek", "Greek"),
    "arabic": ("arabic", "Arabic"),
    "hebrew": ("hebrew", "Hebrew"),
    "devanagari": ("devanagari", "Devanagari"),
    "cjk": ("chinese", "Chinese characters"),
    "hiragana": ("kana", "Japanese kana"),
    "katakana": ("kana", "Japanese kana"),
    "hangul": ("hangul", "Hangul"),
    "thai": ("thai", "Thai"),
}


@dataclass(frozen=True)
class Slice:
    """One slice: its key in addresses and tables, its group and what a reader is told."""

    key: str
    group: str
    label: str


def _length(text: str, origin: str) -> str | None:
    if len(text) <= SHORT_CHARS:
        return "length-short"
    return "length-medium" if len(text) <= LONG_CHARS else "length-long"


def _origin(text: str, origin: str) -> str | None:
    return {"typed": "prompt-own", "suggested": "prompt-suggested"}.get(origin)


def _script(text: str, origin: str) -> str | None:
    """Return the writing system of most letters; None for a prompt without any that is listed."""
    letters = islice((char for char in text if char.isalpha()), LETTERS_READ)
    words = (unicodedata.name(char, "").partition(" ")[0].lower() for char in letters)
    counts = Counter(SCRIPTS[word][0] for word in words if word in SCRIPTS)
    if not counts:
        return None
    return f"script-{max(counts, key=lambda key: (counts[key], key))}"


_RULES: tuple[Callable[[str, str], str | None], ...] = (_length, _origin, _script)

SLICES: dict[str, Slice] = {
    one.key: one
    for one in (
        Slice("length-short", "Prompt length", f"up to {SHORT_CHARS} characters"),
        Slice("length-medium", "Prompt length", f"{SHORT_CHARS + 1} to {LONG_CHARS} characters"),
        Slice("length-long", "Prompt length", f"over {LONG_CHARS} characters"),
        Slice("prompt-own", "Prompt", "the voter's own"),
        Slice("prompt-suggested", "Prompt", "a suggested one"),
        *(
            Slice(f"script-{key}", "Writing system", label)
            for key, label in dict.fromkeys(SCRIPTS.values())
        ),
    )
}


def context_of(text: str) -> str:
    """Return the key of the prompt's writing system, "" for none: what samplers have floors for."""
    return _script(text, "") or ""


def slices_of_prompt(text: str, origin: str) -> list[str]:
    """Return the keys of the slices that a vote on this prompt belongs to, in order.

    `origin` is that of the prompt: typed, suggested or imported. An imported battle without a
    prompt belongs to none.
    """
    return sorted(key for rule in _RULES if (key := rule(text, origin)) is not None)
