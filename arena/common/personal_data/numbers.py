"""Numbers with a checksum or a register behind them: cards, bank accounts, social security."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import re2  # type: ignore[import-untyped]
from stdnum import iban, luhn, numdb
from stdnum.us import ssn

_CARD_RUN: Final = re2.compile(r"[0-9](?:[ -]?[0-9]){11,}")
_GROUP: Final = re2.compile(r"[0-9]+")
# Issuers' ranges and lengths (ISO/IEC 7812-1 prefixes as the networks publish them).
_ISSUERS: Final = re2.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}(?:[0-9]{3})?"  # Discover
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11}(?:[0-9]{2})?"  # Diners Club
    r"|35[0-9]{14}(?:[0-9]{3})?|(?:2131|1800)[0-9]{11}"  # JCB, of which 3528-3589 is given out
    r"|62[0-9]{14}(?:[0-9]{3})?"  # UnionPay
    r"|(?:5[06789]|6[0-9])[0-9]{10,17}"  # Maestro, Dankort, RuPay
    r"|1[0-9]{14}"  # UATP
)
_SHAPES: Final = frozenset(
    {
        (4, 4, 4, 4),
        (4, 4, 4, 4, 3),
        (4, 6, 5),
        (4, 6, 4),
        (4, 4, 4, 1),
        (6, 13),
        (4, 4, 5),
        (4, 4, 4),
    }
)
_IBAN_HEAD: Final = re2.compile(r"\b[A-Za-z]{2}[0-9]{2}")
_SSN: Final = re2.compile(
    r"\b([0-9]{3})(?:-([0-9]{2})-|\.([0-9]{2})\.| ([0-9]{2}) |([0-9]{2}))([0-9]{4})\b"
)
_SSN_WORDS: Final = re2.compile(r"(?i)\bssn\b|social[ -]security|\bsocial\b")
_CONTEXT_CHARS: Final = 40


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield payment card numbers: an issuer's range and length, the Luhn sum, a usual grouping."""
    for run in _CARD_RUN.finditer(text):
        if _touches_word(text, run.start(), run.end()):
            continue
        groups = [
            (run.start() + group.start(), run.start() + group.end())
            for group in _GROUP.finditer(run.group())
        ]
        first = 0
        while first < len(groups):
            last = _card_end(text, groups, first)
            if last is not None:
                yield groups[first][0], groups[last][1]
            first = (first if last is None else last) + 1


def _card_end(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """Return the index of the group that ends the card which begins at `first`, if one does."""
    digits = ""
    for last in range(first, min(first + 5, len(groups))):
        digits += text[slice(*groups[last])]
        sizes = tuple(end - start for start, end in groups[first : last + 1])
        if (
            (len(sizes) == 1 or sizes in _SHAPES)
            and _ISSUERS.fullmatch(digits)
            and luhn.is_valid(digits)
            and len(set(digits)) > 1
        ):
            return last
    return None


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield bank account numbers: a country's length and the ISO 7064 sum of ISO 13616."""
    position = 0
    for head in _IBAN_HEAD.finditer(text):
        start = head.start()
        length = _iban_length(head.group()[:2].upper())
        if start < position or not length:
            continue
        # A number of n characters has at most n - 1 single spaces or dashes within.
        found = _iban_of_length(length).match(text[start : start + 2 * length])
        if (
            found
            and not _touches_word(text, start, start + found.end())
            and iban.is_valid(found.group(), check_country=False)
        ):
            position = start + found.end()
            yield start, position


@lru_cache(maxsize=64)
def _iban_of_length(length: int) -> Any:
    return re2.compile(rf"[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){{{length - 1}}}")


@lru_cache(maxsize=512)
def _iban_length(country: str) -> int:
    """Return the number of characters of a country's IBAN; 0 where there are none."""
    parts = numdb.get("iban").info(country)
    structure = parts[0][1].get("bban", "") if parts and parts[0][0] == country else ""
    sizes = [
        int(part.split("!")[0])
        for part in structure.replace("n", " ").replace("a", " ").replace("c", " ").split()
    ]  # "4!a6!n8!n": four letters, six digits, eight digits
    return 4 + sum(sizes) if sizes else 0


def ssns(text: str) -> Iterator[tuple[int, int]]:
    """Yield US social security numbers in the form 3-2-4; nine bare digits need the word before."""
    for match in _SSN.finditer(text):
        middle = next(part for part in match.groups()[1:5] if part is not None)
        if not ssn.is_valid(f"{match.group(1)}-{middle}-{match.group(6)}"):
            continue
        if _touches_word(text, *match.span()):
            continue
        before = text[max(0, match.start() - _CONTEXT_CHARS) : match.start()]
        # Nine digits with spaces or none are order numbers, ids and phone numbers more often.
        if match.group(2) is not None or match.group(3) is not None or _SSN_WORDS.search(before):
            yield match.span()


def _touches_word(text: str, start: int, end: int) -> bool:
    """True when a letter or digit touches the span, or a digit beyond one dash, dot or comma."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if (before and _is_word(before[-1])) or (after and _is_word(after[0])):
        return True
    if len(before) == 2 and before[-1] in ".,-" and before[0].isdigit():
        return True
    return len(after) == 2 and after[0] in ".,-" and after[1].isdigit()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
