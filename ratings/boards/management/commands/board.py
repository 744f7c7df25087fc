"""`manage.py board ARENA [--json] [--source live|imported|all]`: the board as the site shows it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from arena.arenas.selectors import named_arena
from arena.common.commands import AgonCommand
from ratings.boards.counting import count_missed
from ratings.boards.selectors import SOURCES, default_source, live_board, revisions_by_label
from ratings.boards.table import board_text
from ratings.boards.views import board_json


class Command(AgonCommand):
    help = "Print the board of an arena."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arena", help="the arena's slug, for example text")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--source", choices=SOURCES, help="which votes count (default: live)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the board."""
        arena = named_arena(options["arena"])
        count_missed(arena)  # no worker may be running, or have had the time
        source = options["source"] or default_source(arena)
        if options["json"]:
            self.stdout.write(board_json(arena, source))
            return
        names = {
            label: revision.model.name for label, revision in revisions_by_label(arena).items()
        }
        self.stdout.write(board_text(live_board(arena, source).as_dict(), names))
