"""Telephone numbers: an international prefix, a word beside them, or a national shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers
import re2  # type: ignore[import-untyped]

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 15  # ITU-T E.164
_CANDIDATE: Final = re2.compile(
    r"(?:\+ ?|\()?[0-9](?:[0-9]|[-./ ]{1,2}[0-9]|[-./ ]{0,2}\([0-9]{1,5}\)[-./ ]{0,2}[0-9]"
    r"|\)[-./ ]{0,2}[0-9]){5,24}"
)
_EXTENSION: Final = re2.compile(r"(?i) ?(?:x|ext\.?|#) ?[0-9]{1,6}\b")
EXTENSION_CHARS: Final = 14  # " ext. 123456" and the character after it
_NOT_A_PHONE: Final = re2.compile(
    r"(?:19|20)[0-9]{2}[-./ ](?:0?[1-9]|1[0-2])[-./ ][0-9]{1,2}(?:[^0-9].*)?"  # 2015-12-22 04
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:19|20)?[0-9]{2}(?: [0-9]{1,2})?"  # 22.12.2015
    r"|(?:19|20)[0-9]{2} ?- ?(?:19|20)[0-9]{2}"  # 1914-1918
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"  # an IP address or a version
    r"|97[89][- ]?[0-9][-0-9 ]{8,14}"  # an ISBN
    r"|[0-9]+\.[0-9]+"  # a decimal
)
_THOUSANDS: Final = re2.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_NANP: Final = re2.compile(  # 3-3-4, the North American plan
    r"(?:1[-. ])?(?:\([2-9][0-9]{2}\)[-. ]?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}"
)
_PHONE_WORD: Final = re2.compile(
    r"(?i)\b(?:(?:tele)?phones?|tel|telefono|tel[eé]fono|t[eé]l[eé]phone|telefon|telefone|mobile"
    r"|mobil|m[oó]vil|portable|celular|cell(?:phone)?|handy|fax|whatsapp|telegram|signal|sms"
    r"|hotline|landline|desk|office|pager|ph)\b[^0-9\n]{0,24}\n?[^0-9\n]{0,3}$"
)
_TALK_WORD: Final = re2.compile(
    r"(?i)\b(?:call|called|calling|dial|dialed|ring|text|texting|reach|reached|contact|message"
    r"|messages|answering|registered|numbers?|num[eé]ro|nummer)\b[^0-9\n]{0,20}$"
)
_WORD_AFTER: Final = re2.compile(
    r"(?i)^[ ,(-]{0,3}(?:office|fax|mobile|cell|home|work|phone|tel|landline)\b"
)
_CONTEXT_CHARS: Final = 48
# Where a number without a country code or a word may be from; each is tried by its own rules.
_REGIONS: Final = (
    "US", "GB", "DE", "FR", "IT", "NL", "BE", "CH", "AT", "SE", "NO", "FI", "PL", "IE", "AU", "NZ",
    "IN", "JP", "BR", "ZA", "IL", "TR", "KR",
)  # fmt: skip


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield telephone numbers of 7 to 15 digits, with their extension.

    A number is taken when it has an international prefix and a possible length, when a word such
    as "phone" or "call" stands before it, when it has the North American shape, or when it begins
    with 0, is grouped, and is valid in one of the large numbering plans.
    """
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if _is_part_of_word(text, start):
            continue
        end = _cut_to_length(text, start, end)
        number = text[start:end]
        if number.count("(") != number.count(")"):
            if not number.startswith("(") or ")" in number:
                continue
            start, number = start + 1, number[1:]
        if _is_followed_by_more(text, end) or _NOT_A_PHONE.fullmatch(number):
            continue
        before = text[max(0, start - _CONTEXT_CHARS) : start]
        if _is_phone(number, before, text[end : end + 12]):
            extension = _EXTENSION.match(text[end : end + EXTENSION_CHARS])
            yield start, end + (extension.end() if extension else 0)


def _is_phone(number: str, before: str, after: str) -> bool:
    digits = "".join(c for c in number if c.isdigit())
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS or len(set(digits)) < 3:
        return False
    if number.startswith("+"):
        return _is_possible("+" + digits.replace("0", "", 1) if "(0)" in number else "+" + digits)
    if digits.startswith("00") and _is_possible("+" + digits[2:]):
        return True
    if _PHONE_WORD.search(before) or _WORD_AFTER.search(after):
        return True
    is_grouped = len(digits) < len(number)
    if _TALK_WORD.search(before) and (is_grouped or 9 <= len(digits) <= 12):
        return True
    if _NANP.fullmatch(number):
        return True
    if _THOUSANDS.fullmatch(number) or not is_grouped or not digits.startswith("0"):
        return False
    return len(digits) >= 9 and any(_is_valid(digits, region) for region in _REGIONS)


def _cut_to_length(text: str, start: int, end: int) -> int:
    """Return an end at which the run has at most MAX_DIGITS digits, cut at a space."""
    while sum(c.isdigit() for c in text[start:end]) > MAX_DIGITS:
        space = text.rfind(" ", start, end)
        if space <= start:
            return end
        end = space
    return end


def _is_part_of_word(text: str, start: int) -> bool:
    if start == 0:
        return False
    before = text[start - 1]
    if before.isalnum() or before in "_+@#$€£=&%":
        return True
    return start > 1 and before in ".,:-/" and text[start - 2].isdigit()


def _is_followed_by_more(text: str, end: int) -> bool:
    after = text[end : end + 2]
    if after[:1].isalnum() and not _EXTENSION.match(text[end : end + EXTENSION_CHARS]):
        return True
    return after[:1] in ("_", "%", "@", "°") or (
        len(after) == 2 and after[0] in ",:" and after[1].isdigit()
    )


@lru_cache(maxsize=4096)
def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=4096)
def _is_valid(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False
