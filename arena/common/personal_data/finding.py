"""Find personal data and secrets in free text: which characters, and what kind of thing they are.

Every pattern runs on RE2, in time linear in the text, since the text is a stranger's. Names of
people, postal addresses, birthdays and handles are not looked for: rules cannot find them without
marking a large part of ordinary prompts.
"""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from arena.common.personal_data.addresses import emails, ips, macs, path_users, url_users
from arena.common.personal_data.credentials import secrets
from arena.common.personal_data.numbers import cards, ibans, ssns
from arena.common.personal_data.phones import phones

Kind = Literal[
    "SECRET", "URL_USER", "EMAIL", "IBAN", "CARD", "SSN", "MAC", "IP", "PATH_USER", "PHONE"
]

# Who goes first takes the characters: checksums before shapes, and phone numbers, which look like
# everything else, last.
FINDERS: Final[dict[Kind, Callable[[str], Iterator[tuple[int, int]]]]] = {
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
KINDS: Final[tuple[Kind, ...]] = tuple(FINDERS)


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` up to `end` of the text that was given, and what they are."""

    start: int
    end: int
    kind: Kind


def spans_of(text: str) -> list[Span]:
    """Return what was found, in order; spans do not overlap."""
    read = plain(text)
    taken: list[Span] = []
    for kind, finder in FINDERS.items():
        for start, end in finder(read):
            index = bisect_right(taken, start, key=lambda span: span.start)
            is_free = (index == 0 or taken[index - 1].end <= start) and (
                index == len(taken) or end <= taken[index].start
            )
            if is_free and start < end:
                taken.insert(index, Span(start, end, kind))
    return taken


def plain(text: str) -> str:
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
