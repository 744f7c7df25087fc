"""Operator commands: an error for people ends a command with its sentence, not a traceback."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.common.errors import AgonError


class AgonCommand(BaseCommand):
    """A command whose AgonError becomes one clear message and exit code 1."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command."""
        try:
            return super().execute(*args, **options)
        except AgonError as error:
            raise CommandError("\n".join([error.message, *error.errors])) from error
