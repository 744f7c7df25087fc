"""`manage.py judge_votes [--since DATE]`: judge votes anew."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from arena.common.commands import AgonCommand
from arena.integrity.judging import judge_since

USUAL_DAYS = 7


def day(value: str) -> datetime:
    """Return the beginning of a day in UTC; raises ArgumentTypeError for anything else."""
    try:
        found = parse_date(value)
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"'{value}' is no day; write it as 2026-01-31")
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


class Command(AgonCommand):
    help = (
        "Judge the live votes since a day anew, and everybody who cast one. What is found already "
        "adds nothing; a vote that is held for something no longer found counts again. The gates "
        "of the arenas are taken as they are now. What staff decided stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=day,
            metavar="DATE",
            help=f"such as 2026-01-31, in UTC (the last {USUAL_DAYS} days)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, and say what came of it."""
        since = options["since"] or timezone.now() - timedelta(days=USUAL_DAYS)
        self.stdout.write(judge_since(since))
