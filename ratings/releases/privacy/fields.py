"""The columns of a release: what is not in this table does not leave."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ParquetType = Literal["string", "bool", "double", "list<int8>"]
WINNERS: Final = ("model_a", "model_b", "tie", "both_bad")  # the vocabulary that readers know
MODALITIES: Final = ("text", "image", "music", "mesh")
PROMPT_ORIGINS: Final = ("typed", "suggested")


class UnsafeRow(ValueError):
    """A row holds something that the table of fields does not allow; it must not be released."""


@dataclass(frozen=True)
class Field:
    """One column: its type in Parquet, what it says, and why it may be published.

    `is_sound` looks at a value of the right type; it is None where any such value will do.
    """

    name: str
    type: ParquetType
    meaning: str
    why_safe: str
    is_nullable: bool = False
    is_sound: Callable[[Any], bool] | None = None


def _one_of(*words: str) -> Callable[[Any], bool]:
    return frozenset(words).__contains__


def _matching(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_PSEUDONYM = _matching(r"[0-9a-f]{32}")
_SHA256 = _matching(r"[0-9a-f]{64}")
_REDACTED = "Personal data is redacted; names are not found by rules and go through review."

_TABLE: Final = (
    Field("battle_id", "string", "The battle.", "A pseudonym of this shard.", is_sound=_PSEUDONYM),
    Field("arena", "string", "The arena's name in addresses.", "Public.",
          is_sound=_matching(r"[a-z0-9][a-z0-9-]{0,63}")),
    Field("modality", "string", f"One of {', '.join(MODALITIES)}.", "Public, a property of the "
          "arena.", is_sound=_one_of(*MODALITIES)),
    Field("month", "string", "Month of the vote in UTC, YYYY-MM.", "A day or a second with one "
          "known battle would single a voter out in 94 and 100 % of cases.",
          is_sound=_matching(r"\d{4}-(0[1-9]|1[0-2])")),
    Field("prompt", "string", "What both models were asked.", _REDACTED),
    Field("prompt_origin", "string", f"One of {', '.join(PROMPT_ORIGINS)}.", "Two values.",
          is_sound=_one_of(*PROMPT_ORIGINS)),
    Field("model_a", "string", "The model on the first seat.", "Public once voted."),
    Field("model_b", "string", "The model on the second seat.", "Public once voted."),
    Field("response_a", "string", "The first model's text; null for media.", _REDACTED,
          is_nullable=True),
    Field("response_b", "string", "The second model's text; null for media.", _REDACTED,
          is_nullable=True),
    Field("output_a_sha256", "string", "Digest of the first model's file; null for text.",
          "Names a file of the release, and nothing about the voter.", is_nullable=True,
          is_sound=_SHA256),
    Field("output_b_sha256", "string", "Digest of the second model's file; null for text.",
          "Names a file of the release, and nothing about the voter.", is_nullable=True,
          is_sound=_SHA256),
    Field("winner", "string", f"One of {', '.join(WINNERS)}.", "The vote itself, consented to.",
          is_sound=_one_of(*WINNERS)),
    Field("ranks", "list<int8>", "Rank of each seat from 1; equal ranks are ties.",
          "The vote itself, consented to.",
          is_sound=lambda ranks: len(ranks) >= 2 and min(ranks) == 1),
    Field("acceptable", "bool", "False where the voter found every output bad.",
          "The vote itself, consented to."),
    Field("rationale", "string", "Why, in the voter's words; null where none was given.",
          _REDACTED, is_nullable=True),
    Field("voter", "string", "Votes of one person within this release.",
          "A pseudonym of this shard: it joins to no other release.", is_sound=_PSEUDONYM),
    Field("sampler", "string", "Name and version of what drew the pair.", "Public."),
    Field("p_draw", "double", "Probability with which this pair was drawn, in (0, 1].",
          "A property of the sampler.", is_sound=lambda p: 0.0 < p <= 1.0),
)  # fmt: skip

FIELDS: Final[dict[str, Field]] = {field.name: field for field in _TABLE}


def check_row(row: Mapping[str, Any]) -> None:
    """Refuse a row that is not exactly the table's columns with values of their types.

    Raises UnsafeRow that names the column, and never the value, which may be personal.
    """
    unknown = sorted(set(row) - set(FIELDS))
    if unknown:
        raise UnsafeRow(f"Columns {unknown} are not on the list of release fields; drop them")
    missing = sorted(set(FIELDS) - set(row))
    if missing:
        raise UnsafeRow(f"Columns {missing} are missing; a release has every field in every row")
    for name, field in FIELDS.items():
        value = row[name]
        if value is None:
            if not field.is_nullable:
                raise UnsafeRow(f"Column {name!r} is null; it must have a value")
        elif not _has_type(value, field.type):
            raise UnsafeRow(
                f"Column {name!r} holds a {type(value).__name__}; its type is {field.type}"
            )
        elif field.is_sound is not None and not field.is_sound(value):
            raise UnsafeRow(f"Column {name!r} holds a value out of range: {field.meaning}")


def _has_type(value: object, parquet_type: ParquetType) -> bool:
    if parquet_type == "string":
        return isinstance(value, str)
    if parquet_type == "bool":
        return isinstance(value, bool)
    if parquet_type == "double":
        return isinstance(value, float) and math.isfinite(value)
    return isinstance(value, list) and all(
        isinstance(rank, int) and not isinstance(rank, bool) and -128 <= rank <= 127
        for rank in value
    )
