"""The columns of a release: what is not in this table does not leave."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ParquetType = Literal[
    "string",
    "bool",
    "double",
    "list<int8>",
    "list<string>",
    "list<dimension>",
    "list<tag>",
    "list<mark>",
    "list<turn>",
    "list<attention>",
]
# What the elements of a list of records hold; a question mark says that it may be null.
RECORDS: Final[dict[str, dict[str, str]]] = {
    "list<turn>": {"prompt": "string", "responses": "list<string>"},
    "list<attention>": {"seen_s": "int32", "heard_s": "int32?", "sides": "int8?"},
    "list<dimension>": {"dimension": "string", "ranks": "list<int8>"},
    "list<tag>": {"seat": "int8", "tag": "string", "polarity": "string"},
    "list<mark>": {
        "seat": "int8",
        "kind": "string",
        "polarity": "string",
        "quote": "string?",
        "place": "list<double>?",
        "note": "string?",
    },
}
WINNERS: Final = ("model_a", "model_b", "tie", "both_bad")  # the vocabulary that readers know
MODALITIES: Final = ("text", "image", "music", "mesh")
PROMPT_ORIGINS: Final = ("typed", "suggested")
STRENGTHS: Final = ("slightly", "clearly", "much")
POLARITIES: Final = ("good", "bad")
LONGEST_S: Final = 3600  # of looking or listening; longer says only that a page was left open


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


def _is_ranking(ranks: list[Any]) -> bool:
    return len(ranks) >= 2 and None not in ranks and min(ranks) == 1


def _is_attention(seat: Mapping[str, Any]) -> bool:
    seconds = (seat["seen_s"], seat["heard_s"] or 0)
    return all(0 <= one <= LONGEST_S for one in seconds) and 0 <= (seat["sides"] or 0) <= 8


def _is_mark(mark: Mapping[str, Any]) -> bool:
    n_numbers = {"span": 0, "region": 4, "range": 2, "view": 3}.get(mark["kind"])
    return (
        n_numbers == len(mark["place"] or ())
        and (mark["quote"] is not None) == (mark["kind"] == "span")
        and mark["polarity"] in POLARITIES
    )


_PSEUDONYM = _matching(r"[0-9a-f]{32}")
_SHA256 = _matching(r"[0-9a-f]{64}")
_MODEL = "Public once voted."
_VOTE = "The vote itself, consented to."
_LISTS = "of a battle of more than two, by seat; null for a pair"
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
    Field("history", "list<turn>", "The turns before, the oldest first: what was asked, and each "
          "seat's text. Empty for a battle of one turn.", _REDACTED),
    Field("model_a", "string", "The model on the first seat of a pair; null for a list.", _MODEL,
          is_nullable=True),
    Field("model_b", "string", "The model on the second seat of a pair; null for a list.", _MODEL,
          is_nullable=True),
    Field("response_a", "string", "The first model's text; null for media and lists.", _REDACTED,
          is_nullable=True),
    Field("response_b", "string", "The second model's text; null for media and lists.", _REDACTED,
          is_nullable=True),
    Field("output_a_sha256", "string", "Digest of the first model's file; null for text and lists.",
          "Names a file of the release, and nothing about the voter.", is_nullable=True,
          is_sound=_SHA256),
    Field("output_b_sha256", "string", "Digest of the second model's file; null for text and "
          "lists.", "Names a file of the release, and nothing about the voter.", is_nullable=True,
          is_sound=_SHA256),
    Field("winner", "string", f"One of {', '.join(WINNERS)}; null for a list.", _VOTE,
          is_nullable=True, is_sound=_one_of(*WINNERS)),
    Field("models", "list<string>", f"The models {_LISTS}.", _MODEL, is_nullable=True,
          is_sound=lambda models: len(models) > 2 and None not in models),
    Field("responses", "list<string>", f"The models' texts {_LISTS}, and for media.", _REDACTED,
          is_nullable=True, is_sound=lambda texts: len(texts) > 2),
    Field("output_sha256s", "list<string>", f"Digests of the models' files {_LISTS}, and for text.",
          "They name files of the release, and nothing about the voter.", is_nullable=True,
          is_sound=lambda digests: len(digests) > 2
          and all(digest is None or _SHA256(digest) for digest in digests)),
    Field("ranks", "list<int8>", "Rank of each seat from 1; equal ranks are ties.", _VOTE,
          is_sound=_is_ranking),
    Field("acceptable", "bool", "False where the voter found every output bad.", _VOTE),
    Field("strength", "string", f"How much better the better one is: {', '.join(STRENGTHS)}; null "
          "where it was not said.", _VOTE, is_nullable=True, is_sound=_one_of(*STRENGTHS)),
    Field("dimensions", "list<dimension>", "Rankings of the same outputs by one question each, "
          "said before the names were shown.", _VOTE,
          is_sound=lambda said: all(_is_ranking(one["ranks"]) for one in said)),
    Field("stars", "list<int8>", "One to five for each seat, null for a seat without; null where "
          "none were given.", _VOTE, is_nullable=True,
          is_sound=lambda stars: all(one is None or 1 <= one <= 5 for one in stars)),
    Field("tags", "list<tag>", "Ready reasons that the voter chose; seats count from 0.",
          "Words of the operator.",
          is_sound=lambda tags: all(one["polarity"] in POLARITIES for one in tags)),
    Field("rationale", "string", "Why, in the voter's words; null where none was given.",
          _REDACTED, is_nullable=True),
    Field("rationales", "list<string>", "What the voter wrote of each seat; null where nothing "
          "was.", _REDACTED, is_nullable=True, is_sound=lambda texts: len(texts) >= 2),
    Field("marks", "list<mark>", "Parts of outputs that the voter called good or bad: a `span` by "
          "its quote; a `region` as x, y, width, height in shares; a `range` in seconds; a `view` "
          "as azimuth and polar angle in degrees and distance in radii.", _REDACTED,
          is_sound=lambda marks: all(_is_mark(one) for one in marks)),
    Field("attention", "list<attention>", "For each seat, whole seconds that it was on the screen "
          "before the vote, and of a clip seconds heard at least once, of an object eighths of a "
          "turn seen; null for other media.", "Rounded to seconds; capped at an hour.",
          is_sound=lambda seats: len(seats) >= 2 and all(_is_attention(one) for one in seats)),
    Field("voter", "string", "Votes of one person within this release.",
          "A pseudonym of this shard: it joins to no other release.", is_sound=_PSEUDONYM),
    Field("sampler", "string", "Name and version of what drew the models.", "Public."),
    Field("p_draw", "double", "Probability with which these models were drawn, in (0, 1].",
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
    if not isinstance(value, list):
        return False
    if parquet_type in RECORDS:
        return all(_is_record(one, RECORDS[parquet_type]) for one in value)
    if parquet_type == "list<string>":
        return all(one is None or isinstance(one, str) for one in value)
    return all(one is None or _is_int8(one) for one in value)


def _is_int8(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -128 <= value <= 127


def _is_record(value: object, parts: Mapping[str, str]) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == set(parts)
        and all(_is_part(value[name], kind) for name, kind in parts.items())
    )


def _is_part(value: object, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    match kind.removesuffix("?"):
        case "string":
            return isinstance(value, str)
        case "int8":
            return _is_int8(value)
        case "int32":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
        case "list<int8>":
            return isinstance(value, list) and all(map(_is_int8, value))
        case "list<string>":
            return isinstance(value, list) and all(
                one is None or isinstance(one, str) for one in value
            )
        case _:
            return isinstance(value, list) and all(
                isinstance(one, float) and math.isfinite(one) for one in value
            )
