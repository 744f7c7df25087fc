"""Text made anonymous: one encoding, one kind of line end, no invisible characters.

Invisible characters are the text's metadata: zero-width joiners, tags, variation selectors and
private-use code points carry hidden marks, and some models have habits with them. Letters of any
script stay, so right-to-left text stays; what tells the browser its direction is `dir="auto"`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

from arena.generation.profiles.markdown import render_markdown
from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput

__all__ = ["MAX_BYTES", "anonymous_text", "clean_text", "render_markdown"]

MAX_BYTES: Final = 64 * 1024  # bytes of UTF-8 for one side; about 20 pages of prose

ZWNJ: Final = "\u200c"
ZWJ: Final = "\u200d"
EMOJI_SELECTOR: Final = "\ufe0f"
_SELECTORS: Final = frozenset(
    (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x180B, 0x180C, 0x180D, 0x180F)
)
_KEYCAPS: Final = frozenset("0123456789#*")
Kind = Literal["visible", "hidden", "space", "joiner", "selector"]

# Blocks whose letters change shape with a joiner: Arabic to Mandaic, Indic to Myanmar, Khmer and
# Mongolian, Balinese to Batak, Saurashtra to Meetei Mayek, Arabic presentation forms.
_JOINING_BLOCKS: Final = (
    (0x0600, 0x08FF),
    (0x0900, 0x109F),
    (0x1780, 0x18AF),
    (0x1B00, 0x1BFF),
    (0xA880, 0xABFF),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFC),
)
# Format characters with a visible shape: Arabic and Kaithi number signs, Syriac abbreviation.
_VISIBLE_FORMATS: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Letters and marks by category that show nothing.
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
# Flags of England, Scotland and Wales: the only tag sequences in use (Unicode TS 51, annex C).
_TAG_FLAGS: Final = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_TAGS: Final = re.compile(f"({_TAG_FLAGS})|[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]")
_LINE_ENDS: Final = re.compile("\r\n|[\r\u0085\u2028\u2029\v\f]")
_NON_ASCII: Final = re.compile("[^\x00-\x7f]")
_ASCII_CONTROLS: Final = {c: None for c in (*range(0x20), 0x7F) if c not in (0x09, 0x0A)}


def anonymous_text(data: bytes | str) -> AnonymousOutput:
    """Return the text of an answer, cleaned, at most `MAX_BYTES` of UTF-8.

    Bytes that are not UTF-8 are dropped. Raises UnusableOutput: too_large, empty.
    """
    # Four times the limit, looked at before the work: cleaning never makes text that much shorter
    # unless somebody is sending something other than text.
    if len(data) > 4 * MAX_BYTES:
        raise UnusableOutput(
            "too_large", f"The answer has {len(data)} bytes; at most {MAX_BYTES} are shown."
        )
    text = clean_text(data.decode("utf-8", "ignore") if isinstance(data, bytes) else data)
    size_bytes = len(text.encode("utf-8"))
    if size_bytes > MAX_BYTES:
        raise UnusableOutput(
            "too_large", f"The answer has {size_bytes} bytes of UTF-8; at most {MAX_BYTES}."
        )
    if not text.strip():
        raise UnusableOutput("empty", "The answer has no visible character.")
    return AnonymousOutput(
        data=None, text=text, media_type="text/plain", extension="", details={"chars": len(text)}
    )


def clean_text(text: str) -> str:
    """Return text without control, invisible, private-use and direction-changing characters.

    Every line end becomes a line feed; every space other than the ideographic one becomes a plain
    space, since some models write narrow no-break spaces. A joiner stays between emoji, and after
    a letter of a script that joins (at most one); a variation selector stays after a symbol, a
    digit or an ideograph (at most one). Direction marks go, which can only move punctuation at
    the border of two directions. Cleaning twice changes nothing.
    """
    text = _LINE_ENDS.sub("\n", text).translate(_ASCII_CONTROLS)
    if _NON_ASCII.search(text):
        text = _without_invisible(text)
    return text.strip("\n").rstrip()


def _without_invisible(text: str) -> str:
    """Drop what never shows first, then joiners and selectors that have nothing to act on."""
    text = _TAGS.sub(r"\1", text)
    shown = [(" " if kind == "space" else c, kind) for c in text if (kind := _kind(c)) != "hidden"]
    kept: list[str] = []
    for index, (character, kind) in enumerate(shown):
        previous = kept[-1] if kept else " "
        following = shown[index + 1][0] if index + 1 < len(shown) else " "
        if kind == "joiner":
            is_kept = _follows_joining_letter(previous) or (
                character == ZWJ
                and _is_symbol(following)
                and (_is_symbol(previous) or previous == EMOJI_SELECTOR)
            )
        elif kind == "selector":
            is_kept = _may_vary(previous, character)
        else:
            is_kept = True
        if is_kept:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _kind(character: str) -> Kind:
    """Say how a character is treated: visible, hidden, space, joiner or selector."""
    code = ord(character)
    if code < 0x7F:
        return "visible"
    if character in (ZWNJ, ZWJ):
        return "joiner"
    if code in _SELECTORS:
        return "selector"
    category = unicodedata.category(character)
    if category == "Zs":
        return "visible" if character == "\u3000" else "space"
    if category == "Cf":
        is_tag = 0xE0000 <= code <= 0xE007F  # only those of a flag are left by now
        return "visible" if is_tag or character in _VISIBLE_FORMATS else "hidden"
    if category in ("Cc", "Co", "Cs", "Zl", "Zp") or character in _BLANK_LETTERS:
        return "hidden"
    # Unassigned code points may be letters that are newer than this Python, except where Unicode
    # keeps room for more invisible ones, and the noncharacters.
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if category == "Cn" and (is_noncharacter or code == 0x2065 or 0xFFF0 <= code <= 0xFFF8):
        return "hidden"
    return "visible"


def _is_symbol(character: str) -> bool:
    """True for what an emoji is made of: symbols, arrows and skin tones."""
    return unicodedata.category(character) in ("So", "Sm", "Sk") and ord(character) > 0x7F


def _follows_joining_letter(previous: str) -> bool:
    return unicodedata.category(previous)[0] in "LM" and any(
        first <= ord(previous) <= last for first, last in _JOINING_BLOCKS
    )


def _may_vary(previous: str, selector: str) -> bool:
    """True where a selector has a base: an emoji, a keycap digit, an ideograph, Mongolian."""
    if 0x180B <= ord(selector) <= 0x180F:
        return 0x1820 <= ord(previous) <= 0x18AA
    if ord(selector) >= 0xE0100 or ord(selector) <= 0xFE02:
        return unicodedata.name(previous, "").startswith("CJK ")
    return ord(selector) >= 0xFE0E and (
        _is_symbol(previous) or previous in _KEYCAPS or previous in "\u203c\u2049\u3030\u303d"
    )
