"""The moderator that needs no weights and no network: lists of phrases that anybody can read.

It knows a few unmistakable ways to ask for the worst, in English, German, French and Spanish. It
does not understand what is meant: new words, other languages, pictures and careful wording pass,
and a text that talks about such words is flagged like one that uses them.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from arena.common.hashing import sha256_hex
from arena.prompts.moderation.contract import FINE, Moderator, Outcome, Verdict
from arena.prompts.moderation.words import Words, words_of

LISTS = Path(__file__).with_name("phrases.toml")
NEGATED_WORDS = 8  # before a phrase, in its sentence: "I cannot tell you how to make a pipe bomb"
ADULT_YEARS = 18
UNDER_AGE = "<18"  # in the lists: any number of years below
_CHOICE = re.compile(r"\(([^()]*)\)")

Hit = tuple[int, int]  # first and last word
Pattern = tuple[str, ...]  # words; one that ends in * is the beginning of a word


@dataclass(frozen=True)
class Rule:
    """One rule: all of its groups within so many words of each other.

    Attributes:
        name, category: of the rule, as decisions name them.
        groups: of phrases; one phrase of each group must be there.
        within: words from the first to the last of them.
        unless_negated: whether "not", "stop" or "prevent" in the same sentence takes it back.
    """

    name: str
    category: str
    groups: tuple[tuple[Pattern, ...], ...]
    within: int = 10
    unless_negated: bool = True


@dataclass(frozen=True)
class Lists:
    """The rules and the words that take a phrase back."""

    rules: tuple[Rule, ...]
    negations: tuple[Pattern, ...] = ()
    version: str = ""


@dataclass
class _Index:
    """Phrases by their first word, so that one pass over a text finds all of them."""

    exact: dict[str, list[tuple[Pattern, int]]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[str, list[tuple[Pattern, int]]] = field(default_factory=lambda: defaultdict(list))
    lengths: set[int] = field(default_factory=set)  # of the beginnings

    def add(self, pattern: Pattern, group: int) -> None:
        first = pattern[0]
        if first.endswith("*"):
            self.starts[first[:-1]].append((pattern, group))
            self.lengths.add(len(first) - 1)
        else:
            self.exact[first].append((pattern, group))

    def at(self, readings: tuple[str, ...]) -> Iterator[tuple[Pattern, int]]:
        for word in readings:
            yield from self.exact.get(word, ())
            for length in self.lengths:
                if length <= len(word):
                    yield from self.starts.get(word[:length], ())
        if _is_under_age(readings):
            yield from self.exact.get(UNDER_AGE, ())


def patterns_of(phrase: str) -> list[Pattern]:
    """Return the words of a phrase; "(a|b) c*" is two phrases, and c* any word that begins so.

    Raises ValueError for a phrase without a word, and for a choice inside a choice.
    """
    pieces = _CHOICE.split(phrase)  # plain, choice, plain, …
    choices = [piece.split("|") if odd % 2 else [piece] for odd, piece in enumerate(pieces)]
    return [_pattern("".join(chosen)) for chosen in product(*choices)]


def _pattern(phrase: str) -> Pattern:
    if "(" in phrase or ")" in phrase:
        raise ValueError(f"'{phrase}' has a bracket too many; write (a|b), and none inside it")
    words: list[str] = []
    for part in phrase.split():
        if part == UNDER_AGE:
            words.append(part)
            continue
        read = [one[0] for one in words_of(part.rstrip("*")).readings]
        if part.endswith("*") and read:
            read[-1] += "*"
        words += read
    if not words:
        raise ValueError(f"the phrase '{phrase}' has no word; write letters or digits")
    return tuple(words)


def _is_under_age(readings: tuple[str, ...]) -> bool:
    number = readings[0]
    return number.isascii() and number.isdigit() and 0 < int(number[:4]) < ADULT_YEARS


def _matches(pattern: Pattern, words: Words, start: int) -> bool:
    if start + len(pattern) > len(words.readings):
        return False
    return all(
        any(_reads(one, wanted) for one in words.readings[start + offset])
        for offset, wanted in enumerate(pattern[1:], 1)
    )


def _reads(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


@lru_cache(maxsize=1)
def lists() -> Lists:
    """Return the lists that come with Agon (`phrases.toml`)."""
    text = LISTS.read_text("utf-8")
    read = tomllib.loads(text)
    return Lists(
        rules=tuple(_rule(entry) for entry in read["rule"]),
        negations=tuple(one for phrase in read["negations"] for one in patterns_of(phrase)),
        version=sha256_hex(text)[:8],
    )


def _rule(entry: dict[str, Any]) -> Rule:
    near = entry["near"] if "near" in entry else [entry["any"]]
    return Rule(
        entry["name"],
        entry["category"],
        tuple(tuple(one for phrase in group for one in patterns_of(phrase)) for group in near),
        within=entry.get("within", 10),
        unless_negated=entry.get("unless_negated", True),
    )


class RuleModerator(Moderator):
    """Flags a text in which a rule is met."""

    name = "rules"
    is_quick = True

    def __init__(self, blocked: Iterable[tuple[str, str, str]] = ()) -> None:
        """Take the lists that come with Agon, and phrases of the operators.

        Args:
            blocked: name, category and phrase of each; ValueError where a phrase has no word.
        """
        own = sorted(blocked)
        known = lists()
        rules = [
            Rule(name, category, (tuple(patterns_of(phrase)),), unless_negated=False)
            for name, category, phrase in own
        ]
        self.rules = (*known.rules, *rules)
        self.version = known.version + (f".{sha256_hex(repr(own))[:8]}" if own else "")
        self._index = _Index()
        self._groups: list[Hit] = []  # rule and group by number; the last: negations
        for number, rule in enumerate(self.rules):
            for group, patterns in enumerate(rule.groups):
                for pattern in patterns:
                    self._index.add(pattern, len(self._groups))
                self._groups.append((number, group))
        for pattern in known.negations:
            self._index.add(pattern, len(self._groups))

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        """Flag a text in which a rule is met; in time linear in the text."""
        words = words_of(text)
        hits = self._hits(words)
        negated = [start for start, _ in hits.pop(len(self._groups), [])]
        by_rule: dict[int, dict[int, list[Hit]]] = defaultdict(dict)
        for group, spans in hits.items():
            rule, part = self._groups[group]
            by_rule[rule][part] = spans
        met = [
            self.rules[number]
            for number, parts in sorted(by_rule.items())
            if len(parts) == len(self.rules[number].groups)
            and _is_met(self.rules[number], parts, words, negated)
        ]
        if not met:
            return FINE
        return Verdict(
            Outcome.FLAGGED,
            tuple(dict.fromkeys(rule.category for rule in met)),
            "rule " + ", ".join(rule.name for rule in met[:5]),
        )

    def _hits(self, words: Words) -> dict[int, list[Hit]]:
        """Return first and last word of each phrase that is there, for each group."""
        hits: dict[int, list[Hit]] = defaultdict(list)
        for start, readings in enumerate(words.readings):
            for pattern, group in self._index.at(readings):
                if _matches(pattern, words, start):
                    hits[group].append((start, start + len(pattern) - 1))
        return hits


def _is_met(rule: Rule, parts: dict[int, list[Hit]], words: Words, negated: list[int]) -> bool:
    for hit in parts[0]:
        first, last = hit
        for group in range(1, len(rule.groups)):
            near = _near(hit, parts[group], rule.within)
            if not near:
                break
            closest = min(near, key=lambda one: _reach(hit, one))
            first, last = min(first, closest[0]), max(last, closest[1])
        else:
            if not (rule.unless_negated and _is_negated(first, last, words, negated)):
                return True
    return False


def _near(hit: Hit, others: list[Hit], within: int) -> list[Hit]:
    # Only those that begin in the window, so that a text of nothing but hits takes no longer.
    low = bisect_left(others, (hit[0] - within, 0))
    high = bisect_right(others, (hit[1] + within, 0))
    return [one for one in others[low:high] if _reach(hit, one) <= within]


def _reach(one: Hit, other: Hit) -> int:
    return max(one[1], other[1]) - min(one[0], other[0])


def _is_negated(first: int, last: int, words: Words, negated: list[int]) -> bool:
    low = bisect_left(negated, first - NEGATED_WORDS)
    high = bisect_right(negated, last)
    return any(words.sentences[word] == words.sentences[first] for word in negated[low:high])
