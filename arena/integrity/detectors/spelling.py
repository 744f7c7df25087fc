"""Names as they are written to be found, and as they are written not to be."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that look like Latin ones, as small letters: of Cyrillic, then of Greek.
_LOOK_ALIKES = str.maketrans(
    {
        **dict(zip("авеԁһіјӏкмнорѕстухԛԝ", "abedhijlkmhopsctyxqw", strict=True)),
        **dict(zip("αβεηικμνορτυχζ", "abehikmnoptuxz", strict=True)),
    }
)
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")


def plain(text: str) -> str:
    """Return text in one spelling: small Latin letters without accents, one space between words.

    Characters that nobody sees are left out, and look-alikes of other scripts become the letters
    that they look like; whoever reads sees no difference.
    """
    seen = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    letters = (_bare(c) for c in seen if unicodedata.category(c) not in ("Cf", "Mn"))
    return re.sub(r"\s+", " ", "".join(letters).translate(_LOOK_ALIKES)).strip()


@lru_cache(maxsize=4096)
def _bare(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


@lru_cache(maxsize=4096)
def pattern_of(name: str) -> str:
    """Return a regular expression for a name in `plain` text, however it is spaced or dotted."""
    letters = letters_of(plain(name))
    between = r"[^a-z0-9]{0,2}" if len(letters) > 3 else r"[-_. ]?"
    return r"(?<![a-z0-9])" + between.join(map(re.escape, letters)) + r"(?![a-z0-9])"


def letters_of(text: str) -> str:
    """Return only the letters and digits of `plain` text, so that names stand in one piece."""
    return "".join(filter(str.isalnum, text))
