"""The language of a prompt, where its text is long and sure enough to say. Plain Python.

py3langid is a naive Bayes classifier over byte n-grams (Lui and Baldwin 2012, langid.py,
https://aclanthology.org/P12-3005); its model lies inside the package, nothing is downloaded.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from arena.common.words import gettext_noop as _

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

# Every language of the model competes; these alone are told. Neighbours that are not listed
# (Galician, Nigerian Pidgin) take their share, so that a prompt in them is not called by another.
LANGUAGES = {
    "ar": _("Arabic"),
    "bg": _("Bulgarian"),
    "bn": _("Bengali"),
    "ca": _("Catalan"),
    "cs": _("Czech"),
    "da": _("Danish"),
    "de": _("German"),
    "el": _("Greek"),
    "en": _("English"),
    "es": _("Spanish"),
    "et": _("Estonian"),
    "fa": _("Persian"),
    "fi": _("Finnish"),
    "fr": _("French"),
    "gu": _("Gujarati"),
    "he": _("Hebrew"),
    "hi": _("Hindi"),
    "hu": _("Hungarian"),
    "id": _("Indonesian"),
    "it": _("Italian"),
    "ja": _("Japanese"),
    "kn": _("Kannada"),
    "ko": _("Korean"),
    "lt": _("Lithuanian"),
    "lv": _("Latvian"),
    "ml": _("Malayalam"),
    "mr": _("Marathi"),
    "ms": _("Malay"),
    "nl": _("Dutch"),
    "no": _("Norwegian"),
    "pl": _("Polish"),
    "pt": _("Portuguese"),
    "ro": _("Romanian"),
    "ru": _("Russian"),
    "sh": _("Bosnian, Croatian or Serbian"),
    "sk": _("Slovak"),
    "sl": _("Slovene"),
    "sv": _("Swedish"),
    "sw": _("Swahili"),
    "ta": _("Tamil"),
    "te": _("Telugu"),
    "th": _("Thai"),
    "tl": _("Tagalog"),
    "tr": _("Turkish"),
    "uk": _("Ukrainian"),
    "ur": _("Urdu"),
    "vi": _("Vietnamese"),
    "zh": _("Chinese"),
}
# Written forms and varieties that are one language here: their probabilities add up.
VARIETIES = {
    "nn": "no",
    "bs": "sh",
    "hr": "sh",
    "sr": "sh",
    "wuu": "zh",
    "yue": "zh",
    "ary": "ar",
    "arz": "ar",
}
LEAST_PROBABILITY = 0.6  # of the labelled prompts of the tests and 2,742 others none is wrong above
LEAST_BYTES = 12  # of letters as UTF-8: "What is a tuple" has them, as have four Chinese characters
MOST_SYMBOLS = 0.1  # share of a line's characters; a line with more is code or a formula
READ_CHARS = 1000  # of a prompt: enough to be sure, and 0.3 ms
KEPT = 2048  # prompts whose language is kept: suggested prompts and files repeat theirs

_NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\S*(?:://|@)\S*", re.DOTALL)
_SYMBOL = re.compile(r"[{}\[\]()<>=;_\\|$#/*+^~&%]")
_lock = threading.Lock()
_identifier: LanguageIdentifier | None = None


def language_of(text: str) -> str | None:
    """Return the key in LANGUAGES of the language of a text; None where it is not sure."""
    return _language_of(text[: 2 * READ_CHARS])


@lru_cache(maxsize=KEPT)
def _language_of(text: str) -> str | None:
    prose = prose_of(text)[:READ_CHARS]
    letters = "".join(islice(filter(str.isalpha, prose), LEAST_BYTES))
    if len(letters.encode(errors="replace")) < LEAST_BYTES:
        return None
    code, probability = _loaded().classify(prose)
    if probability >= LEAST_PROBABILITY:  # then its language has no less
        return _listed(VARIETIES.get(code, code))
    shares: dict[str, float] = {}
    for code, probability in _loaded().rank(prose):
        key = VARIETIES.get(code, code)
        shares[key] = shares.get(key, 0.0) + probability
    best = max(shares, key=lambda key: (shares[key], key))
    return _listed(best) if shares[best] >= LEAST_PROBABILITY else None


def _listed(key: str) -> str | None:
    return key if key in LANGUAGES else None


def prose_of(text: str) -> str:
    """Return the lines that people wrote: without code blocks, addresses, code and formulas."""
    lines = _NOT_PROSE.sub(" ", text).splitlines()
    return "\n".join(line for line in map(str.strip, lines) if line and _is_prose(line))


def _is_prose(line: str) -> bool:
    characters = "".join(line.split())
    return len(_SYMBOL.findall(characters)) <= MOST_SYMBOLS * len(characters)


def _loaded() -> LanguageIdentifier:
    # Its 1.4 s and 105 MB are spent by processes that count votes, at their first vote.
    global _identifier  # noqa: PLW0603 - one model for all threads of a process
    if _identifier is None:
        with _lock:
            if _identifier is None:
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                _identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return _identifier
