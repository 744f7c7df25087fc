"""What the columns of public vote files mean: one function for each layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

from arena.common.errors import BadInput

Row = Mapping[str, Any]

# Both spellings of Chatbot Arena for "both bad", and ours. Nothing unknown becomes a tie.
WINNERS = {
    "model_a": "model_a",
    "model_b": "model_b",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "tie(bothbad)": "both_bad",
    "bothbad": "both_bad",
    "both_bad": "both_bad",
}
JUDGES = ("judge", "voter", "evaluation_session_id")  # columns that say who voted, best first
MOST_VOTES_PER_ROW = 1_000_000  # of a row of counts: more is a mistake in the file


@dataclass(frozen=True)
class ImportedVote:
    """One vote of a file."""

    model_a: str
    model_b: str
    winner: str  # model_a, model_b, tie or both_bad
    prompt: str = ""
    response_a: str = ""
    response_b: str = ""
    judge: str = ""
    cast_at: datetime | None = None


class BadRow(ValueError):
    """A row that is not a vote: what was seen, and what would be one."""


# Checks the whole row before it gives its first vote: a row that is bad half-way leaves nothing.
Layout = Callable[[Row], Iterable[ImportedVote]]


def pair_votes(row: Row) -> Iterable[ImportedVote]:
    """model_a, model_b, winner: plain files, Chatbot Arena files and our own releases."""
    prompt, response_a, response_b = _conversation(row)
    vote = ImportedVote(
        *_models(row),
        winner=_winner(row),
        prompt=prompt,
        response_a=response_a,
        response_b=response_b,
        judge=next(filter(None, (_text(row.get(column)) for column in JUDGES)), ""),
        cast_at=_time(row),
    )
    return (vote,)


def pair_counts(row: Row) -> Iterable[ImportedVote]:
    """model_a, model_b, wins_a, wins_b and optional ties: one row for all votes of a pair."""
    models = _models(row)
    counts = [
        (ImportedVote(*models, winner=winner), _count(row, column))
        for column, winner in (("wins_a", "model_a"), ("wins_b", "model_b"), ("ties", "tie"))
    ]
    return chain.from_iterable(repeat(vote, n) for vote, n in counts)


def scores(row: Row) -> Iterable[ImportedVote]:
    """model_a, model_b, score_a, score_b: the higher score wins, equal scores tie."""
    first, second = _number(row, "score_a"), _number(row, "score_b")
    winner = "tie" if first == second else "model_a" if first > second else "model_b"
    return (ImportedVote(*_models(row), winner=winner, cast_at=_time(row)),)


def annotators(row: Row) -> Iterable[ImportedVote]:
    """PandaLM's test set: cmp_key `a_b`, response1, response2, annotator1… (0 tie, 1, 2)."""
    first, separator, second = _text(row.get("cmp_key")).partition("_")
    if not separator:
        raise BadRow(f"cmp_key is '{row.get('cmp_key')}'; two names joined by '_' were expected")
    models = _models({"model_a": first, "model_b": second})
    codes = {"0": "tie", "1": "model_a", "2": "model_b"}
    prompt = "\n\n".join(filter(None, (_text(row.get("instruction")), _text(row.get("input")))))
    judges = sorted(name for name in row if name.startswith("annotator"))
    for column in judges:
        if _text(row[column]) not in codes:
            raise BadRow(f"{column} is '{row[column]}'; 0, 1 or 2 was expected")
    return [
        ImportedVote(
            *models,
            winner=codes[_text(row[column])],
            prompt=prompt,
            response_a=_text(row.get("response1")),
            response_b=_text(row.get("response2")),
            judge=column,
        )
        for column in judges
    ]


LAYOUTS: tuple[tuple[str, frozenset[str], Layout], ...] = (
    ("votes", frozenset({"model_a", "model_b", "winner"}), pair_votes),
    ("counts", frozenset({"model_a", "model_b", "wins_a", "wins_b"}), pair_counts),
    ("scores", frozenset({"model_a", "model_b", "score_a", "score_b"}), scores),
    ("annotators", frozenset({"cmp_key", "response1", "response2", "annotator1"}), annotators),
)


def layout_of(row: Row) -> tuple[str, Layout]:
    """Return the name and the reader of the layout whose columns the first row has.

    Raises BadInput that lists the columns seen and those that a file may have.
    """
    for name, columns, read in LAYOUTS:
        if columns <= row.keys():
            return name, read
    wanted = "; ".join(f"{name}: {', '.join(sorted(columns))}" for name, columns, _ in LAYOUTS)
    raise BadInput(
        f"The file's columns are {', '.join(map(str, row))}. Known layouts are {wanted}. "
        "Rename columns with --columns, for example --columns model_a=home,model_b=away."
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    # PostgreSQL keeps neither a zero byte nor half of a surrogate pair, which JSON can hold.
    return str(value).replace("\x00", "").encode(errors="replace").decode().strip()


def _models(row: Row) -> tuple[str, str]:
    model_a, model_b = _text(row.get("model_a")), _text(row.get("model_b"))
    for column, name in (("model_a", model_a), ("model_b", model_b)):
        if not name:
            raise BadRow(f"{column} is empty; a model name was expected")
        if len(name) > 200:
            raise BadRow(f"{column} has {len(name)} characters; up to 200 were expected")
    if model_a == model_b:
        raise BadRow(f"model_a and model_b are both '{model_a}'; two models were expected")
    return model_a, model_b


def _winner(row: Row) -> str:
    seen = _text(row.get("winner"))
    if seen.lower() not in WINNERS:
        raise BadRow(f"winner is '{seen}'; one of {', '.join(WINNERS)} was expected")
    return WINNERS[seen.lower()]


def _count(row: Row, column: str) -> int:
    if column == "ties" and not _text(row.get(column)):
        return 0
    value = _number(row, column)
    if value != int(value) or not 0 <= value <= MOST_VOTES_PER_ROW:
        raise BadRow(
            f"{column} is '{row[column]}'; a whole number from 0 to {MOST_VOTES_PER_ROW} "
            "was expected"
        )
    return int(value)


def _number(row: Row, column: str) -> float:
    try:
        value = float(_text(row.get(column)))
    except ValueError:
        value = float("nan")
    if value - value != 0:  # neither a number nor finite
        raise BadRow(f"{column} is '{row.get(column)}'; a number was expected")
    return value


def _time(row: Row) -> datetime | None:
    """Return the time of a row: seconds since 1970, or ISO 8601 (UTC unless it says otherwise)."""
    column = next((c for c in ("tstamp", "timestamp", "date") if _text(row.get(c))), None)
    if column is None:
        return None
    value = row[column]
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(float(value), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    try:
        parsed = datetime.fromisoformat(_text(value))
    except ValueError:
        raise BadRow(
            f"{column} is '{value}'; seconds since 1970 or an ISO 8601 time was expected"
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _conversation(row: Row) -> tuple[str, str, str]:
    """Return (prompt, response a, response b) from texts, JSON lists or conversations."""
    turns_a, turns_b = row.get("conversation_a"), row.get("conversation_b")
    if turns_a and turns_b:
        return (
            _turns(turns_a, "user"),
            _turns(turns_a, "assistant"),
            _turns(turns_b, "assistant"),
        )
    return (
        _maybe_list(row.get("prompt") or row.get("question")),
        _maybe_list(row.get("response_a")),
        _maybe_list(row.get("response_b")),
    )


def _turns(conversation: Any, role: str) -> str:
    turns = conversation
    if isinstance(turns, str):
        try:
            turns = json.loads(turns)
        except ValueError:
            raise BadRow("conversation_a or conversation_b is not JSON") from None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise BadRow("a conversation is not a list of {role, content}")
    return "\n\n".join(_text(turn.get("content")) for turn in turns if turn.get("role") == role)


def _maybe_list(value: Any) -> str:
    """Return text as it is, and a list of turns (or its JSON, as in Kaggle's file) joined."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            value = json.loads(value)
        except ValueError:
            return _text(value)
    if isinstance(value, list):
        return "\n\n".join(_text(part) for part in value)
    return _text(value)
