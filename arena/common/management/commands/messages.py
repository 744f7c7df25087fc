"""Bring the catalogues of translations up to date with the sources, or compile them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.common.catalogues import (
    PLURAL_FORMS,
    BadCatalogue,
    compile_catalogues,
    update_catalogues,
)


class Command(BaseCommand):
    """`manage.py messages`, `manage.py messages fr`, `manage.py messages --compile`."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take locales, or the wish to compile."""
        parser.add_argument("locales", nargs="*", help="only these, such as fr or zh_Hans")
        parser.add_argument(
            "--compile",
            action="store_true",
            help="write what the site reads, below its data folder",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and print one line for each catalogue."""
        unknown = set(options["locales"]) - set(PLURAL_FORMS)
        if unknown:
            raise CommandError(
                f"there is no locale {', '.join(sorted(unknown))}; use {', '.join(PLURAL_FORMS)}"
            )
        try:
            if options["compile"]:
                lines = compile_catalogues(settings.CATALOGUES, settings.LOCALE_PATHS[0])
            else:
                locales = options["locales"] or list(PLURAL_FORMS)
                lines = update_catalogues(settings.BASE_DIR, settings.CATALOGUES, locales)
            for line in lines:
                self.stdout.write(line)
        except BadCatalogue as error:
            raise CommandError(str(error)) from None
