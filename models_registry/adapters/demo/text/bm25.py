"""Answer by retrieval: quote the passages of Python's documentation that fit the prompt best."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models_registry.adapters.demo.text.corpus import Passage, passages
from models_registry.adapters.demo.text.markup import Block
from models_registry.adapters.demo.text.okapi import OkapiIndex
from models_registry.adapters.demo.text.words import SYNONYMS, search_terms

MIN_CHARS, MAX_CHARS = 300, 1500  # an answer shorter than the first says little; longer is a manual
TITLE_WEIGHT = 3.0  # a term in the title or section heading counts as often
EMPHASIS_WEIGHT = 2.0  # the documentation sets a term in italics where it defines it
SYNONYM_WEIGHT = 0.6  # a synonym fits less surely than the word itself
DOCSTRING_WEIGHT = 0.7  # at equal fit, the language reference explains better than a docstring
MIN_COVERAGE = 0.5  # a passage that meets less of the question's weight is about something else
MAX_PASSAGES = 6  # tried, best first, until the answer is long enough

_EMPHASIS = re.compile(r"(?<![*\w`])\*([A-Za-z][A-Za-z -]{2,40})\*(?![*\w`])")

LEADS = (
    "Here is what the Python documentation says about **{topic}**:",
    "The Python documentation covers this under **{topic}**:",
    "In the documentation, this belongs to **{topic}**:",
    "The relevant part of the Python documentation is **{topic}**:",
)
FOLLOW_UPS = ("Related, from **{topic}**:", "See also **{topic}**:", "Close to it is **{topic}**:")


class PassageAnswerer:
    """The `bm25` generator."""

    def load(self) -> None:
        """Read and index the documentation; about a second."""
        self._passages = passages()
        self._sections: dict[tuple[str, str], list[int]] = {}
        for number, passage in enumerate(self._passages):
            self._sections.setdefault((passage.topic, passage.heading), []).append(number)
        self._index = OkapiIndex(_weighted_terms(passage) for passage in self._passages)

    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        """Yield the answer word by word; the seed varies its wording, never what is quoted."""
        if parameters:
            known = ", ".join(sorted(parameters))
            raise ValueError(f"the bm25 generator takes no parameters; got {known}; remove them")
        yield from re.findall(r"\s*\S+", self.answer(prompt, seed))

    def answer(self, prompt: str, seed: int) -> str:
        """Return the whole answer in Markdown."""
        wording = random.Random(seed)
        ranked = self.ranked(prompt)
        if not ranked:
            return self._nothing_found(prompt, wording)
        wants_grammar = bool(re.search(r"\b(?:syntax|grammar|bnf)\b", prompt, re.IGNORECASE))
        parts: list[str] = []
        told: set[int] = set()
        for number in ranked:
            if len("\n\n".join(parts)) >= MIN_CHARS:
                break
            fresh = [n for n in self._reading(number) if n not in told]
            told.update(fresh)
            blocks = [block for n in fresh for block in self._passages[n].blocks]
            if body := _body(blocks, keep_grammar=wants_grammar):
                lead = wording.choice(FOLLOW_UPS if parts else LEADS)
                parts += [lead.format(topic=_shown(self._passages[number])), *body]
        return _fitted(parts)

    def ranked(self, prompt: str) -> list[int]:
        """Return the passages that fit the prompt, best first; empty where none is about it."""
        asked = list(dict.fromkeys(search_terms(prompt, is_query=True)))
        query = dict.fromkeys(asked, 1.0)
        for term in asked:
            for synonym in SYNONYMS.get(term, ()):
                query.setdefault(synonym, SYNONYM_WEIGHT)
        scores = {
            number: score * (1.0 if self._passages[number].is_reference else DOCSTRING_WEIGHT)
            for number, score in self._index.scores(query).items()
            if self._coverage(number, asked) >= MIN_COVERAGE
        }
        return sorted(scores, key=lambda number: (-scores[number], number))[:MAX_PASSAGES]

    def topic(self, number: int) -> str:
        """Return what passage `number` is about."""
        return self._passages[number].topic

    def _coverage(self, number: int, asked: list[str]) -> float:
        """Return the share (0..1) of the question's weight that a passage meets."""
        total = sum(self._index.idf(term) for term in asked)
        met = sum(
            self._index.idf(term)
            for term in asked
            if any(self._index.holds(number, t) for t in (term, *SYNONYMS.get(term, ())))
        )
        return met / total if total else 0.0

    def _reading(self, number: int) -> list[int]:
        """Return the passage with those of the same section that are needed to follow it.

        A section that fits into an answer is given whole; of a longer one, its beginning and the
        passage itself; in the language reference, whose sections stand alone, only the passage.
        """
        passage = self._passages[number]
        section = self._sections[passage.topic, passage.heading]
        if sum(len(self._passages[n].markdown) for n in section) <= MAX_CHARS:
            return section
        if passage.is_reference and not passage.heading.startswith("`"):
            return [number]
        return sorted({section[0], number})

    def _nothing_found(self, prompt: str, wording: random.Random) -> str:
        """Say honestly that there is no answer, and what could be asked instead."""
        titles = sorted({p.topic for p in self._passages if " " in p.topic and "`" in p.keys})
        offers = "\n".join(f"- {title}" for title in wording.sample(titles, min(4, len(titles))))
        asked = search_terms(prompt, is_query=True)
        if asked:
            opening = (
                "I found nothing about this in the Python documentation, "
                "which is all I can look things up in."
            )
        else:
            opening = (
                "I could not find a word in your message that I could look up. I only know the "
                "Python documentation, and it is in English."
            )
        return (
            f"{opening} I would rather say so than guess.\n\nA question about the Python language "
            f"is more likely to get a useful answer. For example, the documentation has pages on:"
            f"\n\n{offers}\n\nNaming the statement, function or module that you mean helps most."
        )


def _weighted_terms(passage: Passage) -> dict[str, float]:
    counts = Counter(search_terms(passage.markdown))
    title = search_terms(f"{passage.topic} {passage.heading} {passage.keys}")
    weights = {term: float(count) for term, count in counts.items()}
    for term in set(title):
        weights[term] = weights.get(term, 0.0) + TITLE_WEIGHT
    prose = " ".join(block.text for block in passage.blocks if block.kind == "prose")
    for term in set(search_terms(" ".join(_EMPHASIS.findall(prose)))):
        weights[term] = weights.get(term, 0.0) + EMPHASIS_WEIGHT
    return weights


def _shown(passage: Passage) -> str:
    if passage.heading and passage.heading.replace("`", "") != passage.topic:
        return f"{passage.topic}** › **{passage.heading}"
    return passage.topic


def _body(blocks: Sequence[Block], *, keep_grammar: bool) -> list[str]:
    """Return the shown parts; entries of one list stay together, formal grammar only if wanted."""
    parts: list[str] = []
    was_item = False
    for block in blocks:
        if block.text.startswith("```text") and not keep_grammar:
            if parts and parts[-1].endswith(":"):
                parts[-1] = re.sub(r"(?:^|(?<=[.!?]) )[^.!?]*:$", "", parts[-1])
        elif block.kind == "item" and was_item:
            parts[-1] += f"\n{block.text}"
        else:
            parts.append(block.text)
        was_item = block.kind == "item"
    return [part for part in parts if part]


def _fitted(parts: list[str]) -> str:
    """Return the parts that fit MAX_CHARS, ending with a sentence, an entry or an example."""
    kept: list[str] = []
    room = MAX_CHARS
    for part in parts:
        if len(part) + 2 > room:
            if len("\n\n".join(kept)) < MIN_CHARS or (kept and kept[-1].endswith(":")):
                kept.append(_shortened(part, max(room, MIN_CHARS)))
            break
        kept.append(part)
        room -= len(part) + 2
    while len(kept) > 1 and (kept[-1].endswith(":") or not kept[-1]):
        kept.pop()
    return re.sub(r":$", ".", "\n\n".join(kept))


def _shortened(part: str, room: int) -> str:
    """Cut one block at its last whole sentence, or its last whole line where it is not prose."""
    if part.startswith("```"):
        opening, *lines, closing = part.splitlines()
        while lines and len("\n".join((opening, *lines, closing))) > room:
            lines.pop()
        return "\n".join((opening, *lines, closing)) if lines else ""
    if "\n" in part:
        lines = part.splitlines()
        while len(lines) > 1 and len("\n".join(lines)) > room:
            lines.pop()
        return "\n".join(lines)
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)", part[:room])]
    return part[: ends[-1]] if ends else part
