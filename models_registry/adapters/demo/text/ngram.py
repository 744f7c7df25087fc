"""Write with a trigram model: each word follows from the two before it, and from nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.demo.text.corpus import sentences
from models_registry.adapters.demo.text.kneser_ney import BEGIN, KneserNey
from models_registry.adapters.demo.text.words import search_terms
from models_registry.adapters.demo.text.writing import Sampling, checked_sampling, written

END = "</s>"
DEFAULT = Sampling(temperature=0.85, top_k=0)
SEED_TOKENS = 8  # a prompt word opens a sentence only from among its first words


class TrigramWriter:
    """The `ngram` generator."""

    def load(self) -> None:
        """Count the documentation's word triples; under a second."""
        self._sentences = sentences()
        self._words = (END, *sorted({word for sentence in self._sentences for word in sentence}))
        number = {word: n for n, word in enumerate(self._words)}
        self._numbered = [
            [*(number[word] for word in sentence), number[END]] for sentence in self._sentences
        ]
        self._model = KneserNey(self._numbered, len(self._words))
        self._stems = [frozenset(search_terms(word)) for word in self._words]

    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        """Yield sentences that start from words of the prompt, word by word."""
        sampling = checked_sampling(parameters, DEFAULT)
        asked = set(search_terms(prompt, is_query=True))
        about = {n for n, stems in enumerate(self._stems) if stems & asked}
        openings = [
            sentence[: place + 1]
            for sentence in self._numbered
            for place, word in enumerate(sentence[:SEED_TOKENS])
            if word in about
        ]
        voice = _TrigramVoice(self._model, self._words, openings)
        yield from written(voice, sampling, random.Random(seed))


class _TrigramVoice:
    """The model with the two words that it sees."""

    end = 0

    def __init__(
        self, model: KneserNey, words: Sequence[str], openings: Sequence[list[int]]
    ) -> None:
        self.words = words
        self._model = model
        self._openings = openings
        self._context = (BEGIN, BEGIN)

    def begin(self, rng: random.Random) -> list[int]:
        opening = list(rng.choice(self._openings)) if self._openings else []
        self._context = (BEGIN, BEGIN)
        for word in opening:
            self.push(word)
        return opening

    def probabilities(self) -> NDArray[np.float64]:
        return self._model.probabilities(*self._context)

    def push(self, word: int) -> None:
        self._context = (self._context[1], word)
