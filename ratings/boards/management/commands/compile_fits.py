"""`manage.py compile_fits`: compile what boards are fitted with, so that no reader waits for it."""

from __future__ import annotations

from typing import Any

from arena.common.commands import AgonCommand
from ratings.boards.table import PairCounts, make_board, tallied


class Command(AgonCommand):
    help = "Compile the fits of boards; `up` does it, and later runs find them compiled."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Fit the smallest board."""
        make_board(*tallied([PairCounts("one@1", "two@1", 3, 2, 1, 1)]))
        self.stdout.write("The fits are compiled.")
