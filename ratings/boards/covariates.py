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
from arena.common.words import gettext_noop
from arena.generation.models import Output
from ratings.boards.selectors import origins_of
from ratings.boards.votes import CountedVotes
from ratings.fitting.covariates import Covariate

FloatArray = NDArray[np.float64]
CHUNK = 2000

TEXT = (
    Covariate("length", gettext_noop("length"), "relative", "characters of the answer"),
    Covariate("headers", gettext_noop("headers"), "relative", "Markdown headers"),
    Covariate("list_items", gettext_noop("list items"), "relative", "bulleted and numbered items"),
    Covariate("bold", gettext_noop("bold passages"), "relative", "passages set in bold"),
    Covariate("links", gettext_noop("links"), "relative", "links and bare addresses"),
)
MESH = (Covariate("triangles", gettext_noop("triangles"), "relative", "triangles of the mesh"),)
# The side on which an output stood is estimated in every arena.
BY_MODALITY: dict[str, tuple[Covariate, ...]] = {
    "text": TEXT,
    "image": (),
    "music": (),
    "mesh": MESH,
}


def covariates_of(arena: Arena) -> tuple[Covariate, ...]:
    """Return the covariates of an arena, in the order of the columns."""
    return BY_MODALITY[arena.modality]


def values_by_seat(
    arena: Arena, source: str, votes: CountedVotes
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return each seat's values, (n_votes, n_seats, n_covariates), and which votes have them all.

    An imported vote has no outputs here, and so no values.
    """
    covariates = covariates_of(arena)
    row = {vote: i for i, vote in enumerate(votes.ids)}
    values = np.full((*votes.seats.shape, len(covariates)), np.nan)
    for vote, position, facts in _facts(arena, source):
        if vote in row:
            values[row[vote], position] = [facts[one.name] for one in covariates]
    is_seat = votes.seats >= 0
    has_all = np.all(np.isfinite(values).all(axis=2) | ~is_seat, axis=1)
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
    marks = {one.name: count_mark(text, one.name) for one in TEXT if one.name != "length"}
    marks["list_items"] += count_mark(text, "numbered_items")
    return {"length": float(len(text)), **marks}
