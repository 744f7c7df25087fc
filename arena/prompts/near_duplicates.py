"""Prompts that say nearly the same: shingles, MinHash and its bands. Plain Python.

Two prompts are near-duplicates when their sets of character shingles have a Jaccard similarity of
at least `SAME` (Broder 1997, doi:10.1109/SEQUEN.1997.666900). Candidates share a band of their
MinHash signature (Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, ch. 3); whether they
are alike is then counted exactly. What the functions return is stored, so none of it may change.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

SHINGLE = 5  # code points: an edited word changes at most its own length + 4 shingles
SAME = 0.8  # Jaccard similarity; measured in tests/arena/prompts/test_near_duplicates.py
# 20 bands of 5 rows share one with probability 0.9996 at similarity 0.8, and 0.05 at 0.3.
BANDS = 20
ROWS = 5
READ_CHARS = 4000  # of the normal form: longer prompts are compared by their beginning

Hashes = npt.NDArray[np.uint64]


def normal_form(prompt: str) -> str:
    """Return the letters and digits of a prompt, case and width folded.

    A prompt of signs only keeps its signs: otherwise all such prompts would be one.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", prompt).casefold())
    return ("".join(filter(str.isalnum, folded)) or "".join(folded.split()))[:READ_CHARS]


def bands_of(prompt: str, digests: Sequence[str] = ()) -> list[int]:
    """Return the `BANDS` signed 64-bit numbers of which near-duplicates share at least one.

    Two prompts of similarity s share one with probability 1 - (1 - s^ROWS)^BANDS, if the same
    pictures come with them, in the same order; else none.

    Args:
        prompt: its words.
        digests: of the pictures that came with it.
    """
    pictures = "".join(digests).encode()
    hashes = np.array([_hash(shingle) for shingle in sorted(_shingles(prompt))], dtype=np.uint64)
    signature = (hashes[:, None] * _MULTIPLIERS + _SHIFTS).min(axis=0)  # (BANDS * ROWS,)
    rows = signature.reshape(BANDS, ROWS).astype("<u8")
    return [
        _signed(_digest(bytes([band]) + row.tobytes() + pictures)) for band, row in enumerate(rows)
    ]


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of two prompts' shingles, from 0 to 1."""
    left, right = _shingles(one), _shingles(other)
    return len(left & right) / len(left | right)


def are_alike(one: str, other: str) -> bool:
    """Say whether two prompts say nearly the same."""
    return similarity(one, other) >= SAME


def _shingles(prompt: str) -> set[str]:
    form = normal_form(prompt)
    return {form[i : i + SHINGLE] for i in range(max(len(form) - SHINGLE + 1, 1))}


def _digest(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def _hash(shingle: str) -> int:
    return _digest(shingle.encode("utf-8", errors="surrogatepass"))


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _constants(name: str) -> Hashes:
    # From a hash of their own, not from a generator whose stream may change with its library.
    return np.array(
        [_digest(f"{name} {row}".encode()) for row in range(BANDS * ROWS)], dtype=np.uint64
    )


_MULTIPLIERS = _constants("multiplier") | np.uint64(1)  # odd: the product is a permutation
_SHIFTS = _constants("shift")
