"""Write a few sentences with any model that gives the probability of the next word."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.demo.text.words import spaced

TARGET_CHARS = (
    420,
    900,
)  # an answer closes once it is as long as a draw from here
MAX_CHARS = 1500
MIN_TOKENS, MAX_TOKENS = 6, 38  # of a sentence; one outside is written anew
TRIES = 12  # for one sentence, before the best that there is gets cut at MAX_TOKENS
PARAGRAPH_SENTENCES = 3


@dataclass(frozen=True)
class Sampling:
    """How a word is drawn from the model's probabilities."""

    temperature: float  # below 1 prefers likely words, above 1 flattens
    top_k: int  # only so many of the likeliest words are drawn from; 0: all


class Voice(Protocol):
    """A model in the middle of writing."""

    words: Sequence[str]  # the vocabulary; the words that probabilities() speaks of
    end: int  # the word that ends a sentence

    def begin(self, rng: random.Random) -> list[int]:
        """Start a new sentence and return the words, maybe none, that it opens with."""

    def probabilities(self) -> NDArray[np.float64]:
        """Return the weight of each next word, shape (n_words,), not negative."""

    def push(self, word: int) -> None:
        """Take `word` as written."""


def checked_sampling(parameters: Mapping[str, Any], default: Sampling) -> Sampling:
    """Return the revision's sampling; ValueError names the parameter that cannot be meant."""
    unknown = sorted(set(parameters) - {"temperature", "top_k"})
    if unknown:
        raise ValueError(f"unknown parameter {unknown[0]!r}; use temperature or top_k")
    temperature = parameters.get("temperature", default.temperature)
    top_k = parameters.get("top_k", default.top_k)
    if type(temperature) not in (int, float) or not 0.05 <= temperature <= 5:
        raise ValueError(f"temperature is {temperature!r}; use a number within 0.05..5")
    if type(top_k) is not int or top_k < 0:
        raise ValueError(f"top_k is {top_k!r}; use a whole number, 0 for no limit")
    return Sampling(float(temperature), top_k)


def drawn_word(weights: NDArray[np.float64], sampling: Sampling, rng: random.Random) -> int:
    """Draw a word with weights (n_words,) after top-k and temperature."""
    candidates = np.flatnonzero(weights > 0)
    if 0 < sampling.top_k < len(candidates):
        # Ties are broken by the word's number, so that the draw does not hang on the sort.
        order = np.lexsort((candidates, -weights[candidates]))
        candidates = candidates[order[: sampling.top_k]]
    log_p = np.log(weights[candidates]) / sampling.temperature
    cumulative = np.cumsum(np.exp(log_p - log_p.max()))
    return int(candidates[np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")])


def written(voice: Voice, sampling: Sampling, rng: random.Random) -> Iterator[str]:
    """Yield an answer of whole sentences in pieces of one word; stop between MIN and MAX chars."""
    target = rng.randint(*TARGET_CHARS)
    size, n_sentences = 0, 0
    told: set[tuple[str, ...]] = set()
    while size < target:
        sentence = _sentence(voice, sampling, rng, told)
        told.add(tuple(sentence))
        pieces = spaced([sentence[0][0].upper() + sentence[0][1:], *sentence[1:]])
        if size and size + sum(map(len, pieces)) > MAX_CHARS:
            return
        if n_sentences:
            pieces[0] = ("\n\n" if n_sentences % PARAGRAPH_SENTENCES == 0 else " ") + pieces[0]
        yield from pieces
        size += sum(map(len, pieces))
        n_sentences += 1


def _sentence(
    voice: Voice, sampling: Sampling, rng: random.Random, told: set[tuple[str, ...]]
) -> list[str]:
    """Return the words of a new sentence with its full stop."""
    words: list[str] = []
    for _ in range(TRIES):
        numbers = voice.begin(rng)
        while len(numbers) < MAX_TOKENS:
            number = drawn_word(voice.probabilities(), sampling, rng)
            if number == voice.end:
                break
            numbers.append(number)
            voice.push(number)
        words = [voice.words[number] for number in numbers]
        ended = bool(words) and words[-1] == "." and len(words) < MAX_TOKENS
        if ended and len(words) >= MIN_TOKENS and tuple(words) not in told:
            return words
    while words and not words[-1][-1].isalnum() and words[-1][0] != "`":
        words.pop()
    return [*(words or ["nothing"]), "."]
