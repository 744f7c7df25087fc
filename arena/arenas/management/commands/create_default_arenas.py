"""`manage.py create_default_arenas`: text, image, music and 3D, where they do not exist yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from arena.arenas.services import create_default_arenas


class Command(BaseCommand):
    help = "Create the default arenas that do not exist yet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and say what was created."""
        created = create_default_arenas()
        names = ", ".join(arena.name for arena in created) or "none: all exist"
        self.stdout.write(f"Arenas created: {names}.")
