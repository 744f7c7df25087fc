"""National numbers of persons: a checksum, and the number's own name beside it where it is short.

Formats and checksums are those of python-stdnum, which cites each register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2  # type: ignore[import-untyped]
from stdnum.br import cpf
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer

CONTEXT_CHARS: Final = 40  # in which the number's name stands before it


@dataclass(frozen=True)
class _Number:
    """One register: what its numbers look like, whether one can be, and what they are called."""

    shape: Any
    is_valid: Callable[[str], bool]
    words: Any = None  # None: letters and checksum leave no doubt


def _number(shape: str, is_valid: Callable[[str], bool], words: str = "") -> _Number:
    named = re2.compile(rf"(?i)\b(?:{words})\b") if words else None
    return _Number(re2.compile(rf"(?i)\b(?:{shape})\b"), is_valid, named)


_NUMBERS: Final = (
    _number(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
            codicefiscale.is_valid),
    _number(r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]", curp.is_valid),
    _number(r"[0-9]{6}[-+A][0-9]{3}[0-9A-Y]", hetu.is_valid),
    _number(r"[0-9]{17}[0-9X]", ric.is_valid),
    _number(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", cpf.is_valid),
    _number(r"[0-9]{11}", cpf.is_valid, "cpf"),
    _number(r"[0-9]{8}-?[A-Z]", dni.is_valid, r"dni|nif|documento nacional"),
    _number(r"[XYZ]-?[0-9]{7}-?[A-Z]", nie.is_valid, r"nie|nif"),
    _number(r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
            nir.is_valid, r"nir|insee|s[ée]cu|s[ée]curit[ée] sociale"),
    _number(r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", idnr.is_valid,
            r"steuer-?(?:id|idnr|nummer)\w*|identifikationsnummer|idnr"),
    _number(r"[0-9]{9}", bsn.is_valid, r"bsn|burgerservicenummer|sofinummer"),
    _number(r"[0-9]{11}", pesel.is_valid, "pesel"),
    _number(r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}", nhs.is_valid, "nhs"),
    _number(r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}", aadhaar.is_valid, "aadhaar|aadhar|uidai"),
    _number(r"(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}", personnummer.is_valid,
            r"personnummer|person-?nr|pnr"),
)  # fmt: skip


def national_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield national numbers of Brazil, China, Finland, France, Germany, India, Italy, Mexico, the
    Netherlands, Poland, Spain, Sweden and the United Kingdom's health service.
    """
    for number in _NUMBERS:
        for match in number.shape.finditer(text):
            before = text[max(0, match.start() - CONTEXT_CHARS) : match.start()]
            if (number.words is None or number.words.search(before)) and number.is_valid(
                match.group()
            ):
                yield match.span()
