"""`manage.py import_votes FILE --arena SLUG`: votes of other arenas, marked with their source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from arena.arenas.selectors import named_arena
from arena.common.commands import AgonCommand
from arena.votes.importing.files import expected_rows
from arena.votes.importing.service import import_votes


class Command(AgonCommand):
    help = "Import public votes: CSV, JSON, JSON Lines or Parquet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--arena", required=True, help="the arena's slug, for example text")
        parser.add_argument(
            "--columns",
            default="",
            help="names of the file's columns: model_a=home_team,model_b=away_team,…",
        )
        parser.add_argument(
            "--skip-bad-rows",
            action="store_true",
            help="import the good rows and list the bad ones (default: all or nothing)",
        )

        parser.add_argument(
            "--judged-by",
            default="",
            metavar="{people,models}",
            help="who compared the outputs; leave it out where that is not known",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and say what was imported."""
        arena = named_arena(options["arena"])
        path = options["file"]
        # disable=None: a bar for people, nothing in the log of a job.
        total = expected_rows(path)
        with tqdm(total=total, unit=" rows", desc=path.name, mininterval=0.5, disable=None) as bar:
            result = import_votes(
                path=path,
                arena=arena,
                columns=parse_columns(options["columns"]),
                skip_bad_rows=options["skip_bad_rows"],
                judged_by=options["judged_by"],
                on_row=bar.update,
            )
        batch = result.batch
        if result.are_judges_new:
            self.stdout.write(
                f"The {batch.n_votes} votes of {batch.source} in '{arena.slug}' are now marked "
                f"as judged by {batch.judged_by}."
            )
            return
        if not result.is_new:
            self.stdout.write(
                f"Nothing to do: this content was imported into '{arena.slug}' on "
                f"{batch.imported_at:%Y-%m-%d %H:%M} UTC ({batch.n_votes} votes)."
            )
            return
        for left_out in result.errors:
            self.stderr.write(left_out)
        skipped = f"; {batch.n_skipped} bad rows left out" if batch.n_skipped else ""
        self.stdout.write(
            f"{batch.n_votes} votes imported into '{arena.slug}' from {batch.source}{skipped}. "
            f"See: manage.py board {arena.slug} --source imported"
        )


def parse_columns(text: str) -> dict[str, str]:
    """Return {our name: their name} from `ours=theirs,…`; raises CommandError when it is not."""
    columns = {}
    for part in filter(None, text.split(",")):
        ours, separator, theirs = part.partition("=")
        if not (ours and separator and theirs):
            raise CommandError(f"--columns has '{part}'; write ours=theirs, joined by commas.")
        columns[ours.strip()] = theirs.strip()
    return columns
