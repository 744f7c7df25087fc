"""`manage.py board ARENA [--json] [--source …] [--slice …] [--method …]`: as the site shows it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from arena.arenas.selectors import named_arena
from arena.common.commands import AgonCommand
from ratings.boards.analysis import analyse_if_due
from ratings.boards.choice import BoardChoice
from ratings.boards.counting import count_missed
from ratings.boards.exports import as_json
from ratings.boards.methods import METHODS
from ratings.boards.pages import board_export
from ratings.boards.selectors import SOURCES, default_source, revisions_by_label
from ratings.boards.table import board_text


class Command(AgonCommand):
    help = "Print the board of an arena."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arena", help="the arena's slug, for example text")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--source", choices=SOURCES, help="which votes count (default: live)")
        parser.add_argument("--slice", default="", help="which votes count, or which question")
        parser.add_argument("--method", default="", choices=METHODS, help="another way to fit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the board."""
        arena = named_arena(options["arena"])
        count_missed(arena)  # no worker may be running, or have had the time
        source = options["source"] or default_source(arena)
        analyse_if_due(arena, source, at_once=True)
        choice = BoardChoice(arena, source, options["slice"], options["method"])
        choice.check()
        if options["json"]:
            self.stdout.write(as_json(board_export(choice).data))
            return
        names = {
            label: revision.model.name for label, revision in revisions_by_label(arena).items()
        }
        self.stdout.write(board_text(choice.board.as_dict(), names))
