"""How many triangles a 3D prompt allows or asks for, by rules that anybody can read.

A polygon counts as one triangle: it has at least one. A number of faces without a word such as
"under" is a shape (a die with 20 faces), not a budget.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from arena.prompts.spans import FLAGS, Span

FEWEST = 50  # below it, the number is of a shape's own faces
MOST = 100_000_000
# What "low-poly" means is a matter of taste; game assets called so mostly have fewer.
LOW_POLY = 10_000

_N = (
    r"(?P<n>\d{1,3}(?:[,.\u00a0\u202f ’']\d{3}){1,3}|\d{1,9}(?:[.,]\d)?)"
    r"\s?(?P<u>k\b|m\b|thousand|million|万|萬|千)?"
)
_THINGS = (
    r"(?:triangles?|tris?|poly(?:gon)?s?|polygones?|dreiecke?n?|polygone?n?|triángulos|polígonos)"
)
_FACES = r"(?:faces|flächen|caras)"
_AT_MOST = (
    r"(?:under|below|less than|fewer than|at most|max(?:imum)?(?: of)?|up to|no more than|not more"
    r" than|within|budget(?: of)?|limit(?:ed)?(?: to| of)?|<|≤|<=|moins de|au plus|jusqu[’']à"
    r"|pas plus de|nicht mehr als|weniger als|höchstens|maximal|unter|bis zu|menos de"
    r"|como máximo|hasta)"
)
_AT_LEAST = (
    r"(?:at least|over|more than|above|no fewer than|min(?:imum)?(?: of)?|>|≥|>=|au moins|plus de"
    r"|mindestens|mehr als|über|al menos|más de)"
)
_NOT = r"(?<!no )(?<!not )(?<!pas )(?<!nicht )"  # which turns a bound around
_POLY_BUDGET = r"(?:poly(?:gon)?|triangle)[ -](?:budget|count|limit)"
_ZH = r"个?(?:三角形|三角面|多边形|面)"
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (bound, re.compile(pattern, FLAGS))
    for bound, pattern in (
        ("min", rf"{_NOT}(?:\b|(?=[>≥])){_AT_LEAST}\s{{0,2}}{_N}[\s-]?(?:{_THINGS}|{_FACES})\b"),
        ("min", rf"(?:至少|(?<!不)超过|多于|不少于)\s?{_N}\s?{_ZH}"),
        ("max", rf"{_NOT}(?:\b|(?=[<≤])){_AT_MOST}\s{{0,2}}{_N}[\s-]?(?:{_THINGS}|{_FACES})\b"),
        ("max", rf"(?:(?<!不)少于|不超过|低于|最多|小于)\s?{_N}\s?{_ZH}"),
        ("max", rf"{_N}\s?{_ZH}\s?(?:以内|以下|之内)"),
        ("max", rf"\b{_POLY_BUDGET}\W{{1,3}}(?:of |is |under |below |max\w* )?{_N}"),
        ("max", rf"(?<![\w.,]){_N}[\s-]?{_THINGS}\b"),
    )
)
_LOW_POLY = re.compile(
    r"\blow[ -]?pol(?:y|ygon)\b|\bpeu de polygones\b|\bwenige[nr]? polygonen?\b"
    r"|\bpocos polígonos\b|低多边形|低多邊形|低面数|低模",
    FLAGS,
)
_UNITS = {"k": 1e3, "m": 1e6, "thousand": 1e3, "million": 1e6, "千": 1e3, "万": 1e4, "萬": 1e4}


class Budget(NamedTuple):
    """A bound on the triangles of a mesh.

    Attributes:
        bound: "max" for a budget, "min" for a least number.
        triangles: the number.
        span: of the words that said it.
        is_wish: a style ("low-poly") rather than a number.
    """

    bound: str
    triangles: int
    span: Span
    is_wish: bool


def budget_asked(text: str) -> Budget | None:
    """Return the first bound that a prompt names; a number goes before a style."""
    for bound, pattern in _RULES:
        for match in pattern.finditer(text):
            triangles = _triangles(match["n"], match["u"])
            if FEWEST <= triangles <= MOST:
                return Budget(bound, triangles, match.span(), is_wish=False)
    style = _LOW_POLY.search(text)
    return Budget("max", LOW_POLY, style.span(), is_wish=True) if style else None


def _triangles(number: str, unit: str | None) -> int:
    is_grouped = re.fullmatch(r"\d{1,3}(?:\D\d{3})+", number)
    digits = re.sub(r"\D", "", number) if is_grouped else number.replace(",", ".")
    return round(float(digits) * _UNITS.get((unit or "").lower(), 1.0))
