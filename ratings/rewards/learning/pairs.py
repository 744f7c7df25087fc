"""Preference pairs: one prompt, two responses, and how much the first was preferred."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

# A tie is half a win for each side, whatever the voter thought of the pair.
LABEL_OF_WINNER = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}
UNDECIDED = 0.5


@dataclass(frozen=True)
class PreferencePair:
    """Two responses to one prompt.

    Attributes:
        label: preference for `response_a` in [0, 1]: 1 much better, 0.75 slightly better, 0.5 tie,
            0.25 and 0 the same for `response_b`.
        weight: how many ordinary votes this pair counts for, above zero.
        model_a, model_b: public model names, kept for reports; the reward never sees them.
    """

    prompt: str
    response_a: str
    response_b: str
    label: float
    weight: float = 1.0
    model_a: str = ""
    model_b: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.label <= 1.0:
            raise ValueError(f"label is {self.label!r}; a preference lies in [0, 1]")
        if not (self.weight > 0.0 and math.isfinite(self.weight)):
            raise ValueError(f"weight is {self.weight!r}; a pair needs a finite weight above zero")

    @property
    def is_decided(self) -> bool:
        """Whether one side was preferred."""
        return self.label != UNDECIDED

    def swapped(self) -> "PreferencePair":
        """Return the same judgement with the two sides exchanged."""
        return replace(
            self,
            response_a=self.response_b,
            response_b=self.response_a,
            label=1.0 - self.label,
            model_a=self.model_b,
            model_b=self.model_a,
        )


@dataclass(frozen=True)
class PairsRead:
    """What `pairs_from_rows` found.

    Attributes:
        pairs: in the order of the rows.
        skipped: reason → number of rows that cannot be learned from.
    """

    pairs: list[PreferencePair]
    skipped: dict[str, int]


def pairs_from_rows(rows: Iterable[Mapping[str, Any]]) -> PairsRead:
    """Read pairs from rows with a release's column names, counting every pair that is left out.

    Columns: `prompt`, `response_a`, `response_b`, `winner` (model_a, model_b, tie, both_bad) and,
    where present, `model_a`, `model_b`; or for a list `models`, `responses` and `ranks`, of which
    every two seats are a pair. Rows of other modalities have no text and are counted as such; two
    identical responses are left out because no reward can tell them apart.
    """
    pairs: list[PreferencePair] = []
    skipped: Counter[str] = Counter()
    for row in rows:
        for pair in _pairs_of(row):
            reason = _why_unusable(pair)
            if reason:
                skipped[reason] += 1
                continue
            pairs.append(
                PreferencePair(
                    prompt=pair["prompt"],
                    response_a=pair["response_a"],
                    response_b=pair["response_b"],
                    label=LABEL_OF_WINNER[pair["winner"]],
                    model_a=str(pair.get("model_a") or ""),
                    model_b=str(pair.get("model_b") or ""),
                )
            )
    return PairsRead(pairs, dict(sorted(skipped.items())))


def _pairs_of(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a row of a pair as it is, and one for every two seats of a list."""
    models, ranks = row.get("models"), row.get("ranks")
    if not models or not ranks:
        yield row
        return
    responses = row.get("responses") or [None] * len(models)
    for one, two in combinations(range(len(models)), 2):
        winner = "tie"
        if ranks[one] != ranks[two]:
            winner = "model_a" if ranks[one] < ranks[two] else "model_b"
        yield {
            "prompt": row.get("prompt"),
            "history": row.get("history"),
            "model_a": models[one],
            "model_b": models[two],
            "response_a": responses[one],
            "response_b": responses[two],
            "winner": winner,
        }


def _why_unusable(row: Mapping[str, Any]) -> str:
    """Return why a row cannot be learned from, or an empty string."""
    if row.get("history"):
        return "more than one turn"
    for column in ("prompt", "response_a", "response_b"):
        text = row.get(column)
        if not isinstance(text, str) or not text.strip():
            return f"no text in {column}"
    if row["response_a"] == row["response_b"]:
        return "identical responses"
    if row.get("winner") not in LABEL_OF_WINNER:
        return "unknown winner"
    return ""
