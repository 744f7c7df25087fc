"""Stable 64-bit hashes of words and character n-grams: equal on every machine and in every run."""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

HashArray = NDArray[np.uint64]

# Odd multiplier of the polynomial over code points: 2^64 / golden ratio (Knuth, TAOCP 3, 6.4).
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_WORDS_REMEMBERED = 2**16  # distinct words held in memory, about 10 MB


def mixed(hashes: HashArray) -> HashArray:
    """Return (n,) hashes with every input bit spread over every output bit.

    The finaliser of SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
    """
    h: HashArray = hashes ^ (hashes >> np.uint64(30))
    h = h * np.uint64(0xBF58476D1CE4E5B9)
    h = h ^ (h >> np.uint64(27))
    h = h * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    return h


def ngram_hashes(text: str, size: int) -> HashArray:
    """Hash every run of `size` code points: (len(text) - size + 1,), or one of a shorter text."""
    if not text:
        return np.empty(0, dtype=np.uint64)
    encoded = text.encode("utf-32-le", errors="surrogatepass")
    codes = np.frombuffer(encoded, dtype="<u4").astype(np.uint64)
    size = min(size, len(codes))
    n_grams = len(codes) - size + 1
    h = np.full(n_grams, size, dtype=np.uint64)
    for position in range(size):
        h = h * np.uint64(_MULTIPLIER) + codes[position : position + n_grams]
    return mixed(h)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def word_hash(word: str) -> int:
    """Hash one word to 64 bits."""
    digest = blake2b(word.encode("utf-8", errors="surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def word_hashes(words: list[str]) -> HashArray:
    """Hash each word: (len(words),)."""
    return np.array([word_hash(word) for word in words], dtype=np.uint64)


def bigram_hashes(words: HashArray) -> HashArray:
    """Hash each two neighbours of (n,) word hashes, order kept: (max(n - 1, 0),)."""
    return mixed(words[:-1] * np.uint64(_MULTIPLIER) + words[1:])


def salted(hashes: HashArray, namespace: str) -> HashArray:
    """Return (n,) hashes moved to a namespace, so that a word and an n-gram never coincide."""
    return mixed(hashes ^ np.uint64(word_hash(namespace) & _MASK))
