"""Replace personal data and secrets in free text by what kind of thing stood there.

What is promised is measured: the recall and precision of each kind on two public test sets are
floors in `tests/ratings/test_privacy_redaction.py`. NAMES OF PEOPLE, postal addresses, birthdays,
handles and national numbers other than the American one are NOT found: rules cannot find them
without marking a large part of ordinary prompts, so they need a reviewer or a model.

Every pattern runs on RE2, in time linear in the text, since the text is a stranger's.
"""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from ratings.releases.privacy.addresses import emails, ips, macs, path_users, url_users
from ratings.releases.privacy.credentials import secrets
from ratings.releases.privacy.numbers import cards, ibans, ssns
from ratings.releases.privacy.phones import phones

Kind = Literal[
    "SECRET", "URL_USER", "EMAIL", "IBAN", "CARD", "SSN", "MAC", "IP", "PATH_USER", "PHONE"
]

# Who goes first takes the characters: checksums before shapes, and phone numbers, which look like
# everything else, last.
_FINDERS: Final[dict[Kind, Callable[[str], Iterator[tuple[int, int]]]]] = {
    "SECRET": secrets,
    "URL_USER": url_users,
    "EMAIL": emails,
    "IBAN": ibans,
    "CARD": cards,
    "SSN": ssns,
    "MAC": macs,
    "IP": ips,
    "PATH_USER": path_users,
    "PHONE": phones,
}
KINDS: Final[tuple[Kind, ...]] = tuple(_FINDERS)


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` up to `end` of the text that was given, and what they are."""

    start: int
    end: int
    kind: Kind


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
    while found := _found(shown):
        spans = sorted([*spans, *_in_original(found, spans)])
        shown = _replaced(text, spans)
    return Redaction(shown, tuple(spans), dict(Counter(span.kind for span in spans)))


def _found(text: str) -> list[Span]:
    plain = _plain(text)
    taken: list[Span] = []
    for kind, finder in _FINDERS.items():
        for start, end in finder(plain):
            index = bisect_right(taken, start, key=lambda span: span.start)
            is_free = (index == 0 or taken[index - 1].end <= start) and (
                index == len(taken) or end <= taken[index].start
            )
            if is_free and start < end:
                taken.insert(index, Span(start, end, kind))
    return taken


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


def _plain(text: str) -> str:
    """Return text of the same length in which digits, spaces and dashes are the ASCII ones."""
    if text.isascii():
        return text
    return text.translate(_ascii_lookalikes())


@lru_cache(maxsize=1)
def _ascii_lookalikes() -> dict[int, str]:
    """Map every script's decimal digits, spaces, dashes and the full-width @ . + to ASCII."""
    table = {ord(c): " " for c in "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
             "\u2009\u200a\u202f\u205f\u3000"}  # fmt: skip
    table |= {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63\uff0d"}
    table |= {0xFF20: "@", 0xFF0E: ".", 0xFF0B: "+", 0xFF1A: ":", 0xFF0F: "/"}
    # A lone half of a surrogate pair cannot be written as UTF-8, which RE2 reads.
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    for code in range(0x80, sys.maxunicode + 1):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table
