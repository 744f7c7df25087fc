"""What else may decide a vote, by modality: the covariates of a board under style control.

How long an output took is none of them: all outputs of a battle are released together and text
is shown at one pace, so that no voter sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.arenas.models import Arena
from arena.common.text_style import count_mark
from arena.generation.models import Output
from ratings.boards.selectors import origins_of
from ratings.boards.votes import CountedVotes

FloatArray = NDArray[np.float64]
CHUNK = 2000

# Name → what a reader is told. A covariate is a contrast of the two outputs, (a − b) / (a + b).
TEXT = {
    "length": "Length in characters",
    "headers": "Headers",
    "list_items": "List items",
    "bold": "Bold passages",
    "links": "Links",
}
MESH = {"triangles": "Triangles"}
BY_MODALITY: dict[str, dict[str, str]] = {"text": TEXT, "image": {}, "music": {}, "mesh": MESH}


def covariates_of(arena: Arena) -> dict[str, str]:
    """Return the covariates of an arena: name → label, in the order of the columns."""
    return BY_MODALITY[arena.modality]


def values_by_seat(
    arena: Arena, source: str, votes: CountedVotes
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return each seat's values, (n_votes, n_seats, n_covariates), and which votes have them all.

    An imported vote has no outputs here, and so no values.
    """
    names = list(covariates_of(arena))
    row = {vote: i for i, vote in enumerate(votes.ids)}
    values = np.full((*votes.seats.shape, len(names)), np.nan)
    for vote, position, facts in _facts(arena, source):
        if vote in row:
            values[row[vote], position] = [facts[name] for name in names]
    is_seat = votes.seats >= 0
    has_all = (np.isfinite(values).all(axis=2) | ~is_seat).all(axis=1)
    return values, has_all


def _facts(arena: Arena, source: str) -> Iterator[tuple[Any, int, dict[str, float]]]:
    outputs = Output.objects.filter(
        seat__battle__arena=arena,
        seat__battle__origin__in=origins_of(source),
        seat__battle__vote__isnull=False,
    ).values_list("seat__battle__vote__pk", "seat__position", "text", "details")
    for vote, position, text, details in outputs.iterator(chunk_size=CHUNK):
        yield vote, position, {**_counts(text), "triangles": details.get("triangles", np.nan)}


def _counts(text: str | None) -> dict[str, float]:
    if text is None:
        return {}
    marks = {name: count_mark(text, name) for name in TEXT if name != "length"}
    marks["list_items"] += count_mark(text, "numbered_items")
    return {"length": float(len(text)), **marks}
