"""`manage.py recount ARENA`: count every standing vote of an arena anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from arena.arenas.selectors import named_arena
from arena.common.commands import AgonCommand
from ratings.boards.counting import recount_arena


class Command(AgonCommand):
    help = "Count the votes of an arena anew, as after slices were added; boards stay readable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arena", help="the arena's slug, for example text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count."""
        arena = named_arena(options["arena"])
        n_votes = recount_arena(arena.pk)
        self.stdout.write(f"{n_votes} votes of '{arena.slug}' were counted anew.")
