"""Okapi BM25: how well each passage answers the terms of a query.

Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations
and Trends in IR 3(4), doi:10.1561/1500000019. Titles count as repeated terms (the simple BM25F of
Robertson, Zaragoza & Taylor 2004, doi:10.1145/1031171.1031181).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

K1 = 1.2  # how soon repeating a term stops helping; the value of Robertson et al. at TREC-3
B = 0.75  # how far long passages are discounted: 0 not at all, 1 in full proportion; same source


class OkapiIndex:
    """An index of documents, each a sequence of terms or a mapping from term to weighted count."""

    def __init__(self, documents: Iterable[Sequence[str] | Mapping[str, float]]) -> None:
        self._postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._lengths: list[float] = []
        for number, document in enumerate(documents):
            counts = document if isinstance(document, Mapping) else Counter(document)
            self._lengths.append(float(sum(counts.values())))
            for term, count in counts.items():
                self._postings[term].append((number, float(count)))
        self._holders = {
            term: frozenset(number for number, _ in found) for term, found in self._postings.items()
        }
        if not self._lengths:
            raise ValueError("an index needs at least one document; got none")
        self._mean_length = max(sum(self._lengths) / len(self._lengths), 1.0)

    def __len__(self) -> int:
        return len(self._lengths)

    def idf(self, term: str) -> float:
        """Return the Robertson/Sparck Jones weight (eq. 3.3), kept positive by adding 1 inside."""
        n = len(self._postings.get(term, ()))
        return math.log1p((len(self._lengths) - n + 0.5) / (n + 0.5))

    def scores(self, query: Mapping[str, float]) -> dict[int, float]:
        """Return the score (eq. 3.15) of each document that holds a query term; larger is better.

        `query` gives each term's weight, 1 for a word of the question itself.
        """
        totals: defaultdict[int, float] = defaultdict(float)
        for term, importance in query.items():
            weight = importance * self.idf(term)
            for number, count in self._postings.get(term, ()):
                damping = K1 * (1 - B + B * self._lengths[number] / self._mean_length)
                totals[number] += weight * count * (K1 + 1) / (count + damping)
        return dict(totals)

    def holds(self, number: int, term: str) -> bool:
        """Whether document `number` has the term."""
        return number in self._holders.get(term, ())
