"""The parts of an arena's votes that have a board of their own."""

from __future__ import annotations

from arena.arenas.models import Arena
from arena.common.words import gettext_noop
from arena.prompts.slices import SLICES, Slice

DIMENSIONS = gettext_noop("Question")  # the group of the boards by dimension
_PREFIX = "dimension-"


def of_dimension(key: str) -> str:
    """Return the key under which the outcomes of a dimension are tallied."""
    return _PREFIX + key


def dimension_of(key: str) -> str:
    """Return the dimension whose outcomes a key stands for; "" for a slice of the votes."""
    return key.removeprefix(_PREFIX) if key.startswith(_PREFIX) else ""


def arena_slices(arena: Arena) -> dict[str, Slice]:
    """Return what may have a board of its own: each dimension that was ever asked, each slice."""
    asked = (Slice(of_dimension(one.key), DIMENSIONS, one.name) for one in arena.dimensions.all())
    return {one.key: one for one in asked} | SLICES
