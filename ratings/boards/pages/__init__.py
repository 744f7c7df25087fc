"""What the pages of a board show, and their numbers as files."""

from ratings.boards.pages.board import (
    board_context,
    board_export,
    controls,
    left_out_context,
    snapshot_context,
    snapshot_export,
)
from ratings.boards.pages.course import course_context, course_export
from ratings.boards.pages.footing import footing_context, footing_export, how_context
from ratings.boards.pages.model import model_context, model_export
from ratings.boards.pages.pairs import pairs_context, pairs_export

__all__ = [
    "board_context",
    "board_export",
    "controls",
    "course_context",
    "course_export",
    "footing_context",
    "footing_export",
    "how_context",
    "left_out_context",
    "model_context",
    "model_export",
    "pairs_context",
    "pairs_export",
    "snapshot_context",
    "snapshot_export",
]
