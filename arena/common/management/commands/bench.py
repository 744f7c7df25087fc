"""`manage.py bench NAME`: run one benchmark of `tests/benchmarks` and print its table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

PREFIX = "bench_"


def benchmarks() -> list[str]:
    """Return the names of the benchmarks that there are."""
    folder: Path = settings.BASE_DIR / "tests" / "benchmarks"
    return sorted(file.stem.removeprefix(PREFIX) for file in folder.glob(f"{PREFIX}*.py"))


class Command(BaseCommand):
    help = "Measure speed beside the peers, in one run."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=benchmarks())

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the benchmark."""
        try:
            benchmark = import_module(f"tests.benchmarks.{PREFIX}{options['name']}")
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error.name} is not installed; `python3 manage.py test --collect-only` installs "
                "the peers that benchmarks measure beside."
            ) from error
        benchmark.run()
