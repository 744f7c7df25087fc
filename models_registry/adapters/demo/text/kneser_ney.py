"""Interpolated Kneser-Ney trigram model: the probability of each word after the last two.

Kneser & Ney 1995, "Improved backing-off for m-gram language modeling", ICASSP,
doi:10.1109/ICASSP.1995.479394, in the interpolated form of Chen & Goodman 1999, Computer Speech &
Language 13(4), doi:10.1006/csla.1999.0128, section 2.7.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEGIN = -1  # stands before a sentence's first word; is context only, never predicted


class KneserNey:
    """A trigram model over words 0 .. n_words - 1, one of which should mark a sentence's end."""

    def __init__(self, sequences: Iterable[Sequence[int]], n_words: int) -> None:
        trigrams: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
        for sequence in sequences:
            padded = (BEGIN, BEGIN, *sequence)
            if sequence and not 0 <= min(sequence) <= max(sequence) < n_words:
                raise ValueError(f"words must be within 0..{n_words - 1}; got {sequence}")
            for u, v, w in zip(padded, padded[1:], padded[2:], strict=False):
                trigrams[u, v][w] += 1
        if not trigrams:
            raise ValueError("a trigram model needs at least one word; got none")
        # Below the highest order a word counts by the number of words it has been seen after.
        bigrams: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for (_, v), following in trigrams.items():
            bigrams[v].update(following.keys())
        unigrams: Counter[int] = Counter()
        for following in bigrams.values():
            unigrams.update(following.keys())
        self._levels = (_discounted(bigrams), _discounted(trigrams))
        words, weights, backoff = _discounted({(): unigrams})[()]
        self._unigram = np.full(n_words, backoff / n_words)
        self._unigram[words] += weights

    def probabilities(self, u: int, v: int) -> NDArray[np.float64]:
        """Return p(w | u, v) for every word w, shape (n_words,); they sum to 1."""
        p = self._unigram
        for level, context in zip(self._levels, (v, (u, v)), strict=True):
            if context in level:
                words, weights, backoff = level[context]
                p = backoff * p
                p[words] += weights
        return p.copy() if p is self._unigram else p


_Level = dict[Hashable, tuple[NDArray[np.intp], NDArray[np.float64], float]]


def _discounted(counts: Mapping[Any, Counter[int]]) -> _Level:
    """Return, for each context, its words, their discounted weights and what is left to back off.

    The discount is n1 / (n1 + 2 n2) with n1, n2 the n-grams seen once and twice (Ney, Essen &
    Kneser 1994, doi:10.1006/csla.1994.1001).
    """
    seen = Counter(count for following in counts.values() for count in following.values())
    discount = seen[1] / (seen[1] + 2 * seen[2]) if seen[1] else 0.5
    level: _Level = {}
    for context, following in counts.items():
        words = np.fromiter(following.keys(), dtype=np.intp, count=len(following))
        counted = np.fromiter(following.values(), dtype=np.float64, count=len(following))
        total = counted.sum()
        level[context] = (words, (counted - discount) / total, float(discount * len(words) / total))
    return level
