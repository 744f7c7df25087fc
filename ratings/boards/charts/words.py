"""What charts say, in the language of the page. English, until the boards' app says who translates.

Charts know no web framework; `manage.py messages` finds their words by the names of these
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _one_or_many(one: str, many: str, n: int) -> str:
    return one if n == 1 else many


@dataclass
class _Speech:
    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = _one_or_many
    grouped: Callable[[int], str] = "{:,}".format


_speech = _Speech()


def speak_with(
    *,
    gettext: Callable[[str], str],
    ngettext: Callable[[str, str, int], str],
    grouped: Callable[[int], str],
) -> None:
    """Let these functions translate, and write whole numbers with their groups of thousands."""
    _speech.gettext, _speech.ngettext, _speech.grouped = gettext, ngettext, grouped


def gettext(message: str) -> str:
    """Return the words in the language of the page."""
    return _speech.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """Return the form for a number in the language of the page."""
    return _speech.ngettext(one, many, n)


def grouped(n: int) -> str:
    """Return a whole number as the language of the page writes it: "12,345"."""
    return _speech.grouped(n)
