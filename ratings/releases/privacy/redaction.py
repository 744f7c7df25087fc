"""Replace personal data and secrets in free text by what kind of thing stood there.

What is promised is measured: the recall and precision of each kind on two public test sets are
floors in `tests/ratings/test_privacy_redaction.py`. NAMES OF PEOPLE, postal addresses, birthdays,
handles and national numbers other than the American one are NOT found: rules cannot find them
without marking a large part of ordinary prompts, so they need a reviewer or a model.

What is found is `arena.common.personal_data`, which prompts ask as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from arena.common.personal_data import KINDS, Kind, Span, spans_of

__all__ = ["KINDS", "Redaction", "Span", "redact"]


@dataclass(frozen=True)
class Redaction:
    """The text with [KIND] in place of each span; spans are in order and do not overlap."""

    text: str
    spans: tuple[Span, ...]
    counts: dict[Kind, int]


def redact(text: str) -> Redaction:
    """Replace e-mail addresses, phone, card, IBAN and US social security numbers, public IP and
    MAC addresses, users in URLs and home paths, and keys with well-known prefixes.

    Redacting what was redacted changes nothing; text without a find comes back as it was.
    Private, reserved and documentation IP addresses stay, as do placeholders such as /home/user.
    """
    spans: list[Span] = []
    shown = text
    # A find can uncover another one beside it (two numbers written together), hence the rounds.
    # No pattern matches a bracket, so a find lies between placeholders and maps straight back.
    while found := spans_of(shown):
        spans = sorted([*spans, *_in_original(found, spans)])
        shown = _replaced(text, spans)
    return Redaction(shown, tuple(spans), dict(Counter(span.kind for span in spans)))


def _in_original(found: list[Span], earlier: list[Span]) -> list[Span]:
    """Move spans of the text with placeholders to where they are in the text without."""
    moved: list[Span] = []
    shift, index = 0, 0
    for span in found:
        while index < len(earlier) and earlier[index].start + shift < span.start:
            replaced = earlier[index]
            shift += len(replaced.kind) + 2 - (replaced.end - replaced.start)
            index += 1
        moved.append(Span(span.start - shift, span.end - shift, span.kind))
    return moved


def _replaced(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    position = 0
    for span in spans:
        pieces += (text[position : span.start], f"[{span.kind}]")
        position = span.end
    return "".join((*pieces, text[position:]))
