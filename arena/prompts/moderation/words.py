"""A text as the words that rules compare, whatever signs they are written with."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Scripts without spaces give one word for each character, so that a phrase is found inside a line.
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_NO_SPACES}]|[^\W{_NO_SPACES}_](?:[\w@$!|'*]*[\w$])?|[@$][\w@$!|']*[\w$]")
_SENTENCE_END = re.compile(r"[.!?;\n。！？；]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_REPEATED = re.compile(r"(\w)\1{2,}")
# Digits and signs that stand for letters, in words that have letters as well.
_LEET = str.maketrans("013457@$!|", "oieastasil")
# Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39, confusables).
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("аеорсухіјѕкмтвнгԁԛԝ", "aeopcyxijskmtbhrdqw", strict=True)),
        **dict(zip("αοεικνρτυχ", "aoeikvptux", strict=True)),
    }
)
_LATIN = re.compile("[a-z]")
_OTHER = re.compile("[\u0370-\u03ff\u0400-\u052f]")
SPELLED_OUT = 3  # single letters in a row from which they are read as one word
SPELLED_GAP = 2  # signs between them


@dataclass(frozen=True)
class Words:
    """The words of a text.

    Attributes:
        readings: for each word every way to read it: as written, and with its disguise taken off.
        sentences: for each word the number of its sentence.
    """

    readings: list[tuple[str, ...]]
    sentences: list[int]


def words_of(text: str) -> Words:
    """Return the words of a text: case, width, accents and invisible signs folded."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = "".join(c for c in folded if unicodedata.category(c) != "Cf").replace("’", "'")
    folded = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
    found = list(_WORD.finditer(folded))
    readings = [_readings(match.group()) for match in found]
    sentences, number, end = [], 0, 0
    for match in found:
        number += _SENTENCE_END.search(folded, end, match.start()) is not None
        sentences.append(number)
        end = match.end()
    _spell_out(found, readings)
    return Words(readings, sentences)


def _readings(word: str) -> tuple[str, ...]:
    plain = word.replace("'", "")
    if plain.isascii() and plain.isalpha() and not _REPEATED.search(plain):
        return (plain,)
    readings = [plain]
    if _LATIN.search(plain) and _OTHER.search(plain):
        readings.append(plain.translate(_LOOKALIKES))
    readings += [one.translate(_LEET) for one in readings if any(map(str.isalpha, one))]
    readings += [_REPEATED.sub(by, one) for one in readings for by in (r"\1", r"\1\1")]
    return tuple(dict.fromkeys(readings))


def _spell_out(found: list[re.Match[str]], readings: list[tuple[str, ...]]) -> None:
    """Read "k y s" and "k.y.s" as one word, at its first letter."""
    start = 0
    for end in range(1, len(found) + 1):
        if end < len(found) and _is_spelled_on(found[end - 1], found[end]):
            continue
        if end - start >= SPELLED_OUT:
            spelled = "".join(match.group() for match in found[start:end])
            readings[start] += _readings(spelled)
        start = end


def _is_spelled_on(left: re.Match[str], right: re.Match[str]) -> bool:
    letters = left.group() + right.group()
    is_near = right.start() - left.end() <= SPELLED_GAP
    return is_near and len(letters) == 2 and letters.isascii() and letters.isalnum()
