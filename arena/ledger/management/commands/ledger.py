"""`manage.py ledger status | seal | backfill | verify | erase`."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from arena.common.commands import AgonCommand
from arena.common.errors import BadInput
from arena.common.tasks import Skipped
from arena.ledger.checkpoints import Statement, read_statement
from arena.ledger.sealing import NO_KEY, seal
from arena.ledger.selectors import newest_checkpoint, public_key, statement_of, waiting_entries
from arena.ledger.services import backfill, erase_words
from arena.ledger.verifying import verify


def hex_key(value: str) -> str:
    """Return a public key; raises ArgumentTypeError for anything else."""
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise ArgumentTypeError("a public key has 64 hex digits")
    return value


class Command(AgonCommand):
    help = "Seal the record of votes, check it, complete it, or erase words from it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("status", help="say what is sealed, what waits and who signs")
        verbs.add_parser("seal", help="seal what waits, without waiting for the schedule")
        verbs.add_parser("backfill", help="make entries of rows that have none")
        check = verbs.add_parser("verify", help="check every row, tree, link and signature")
        check.add_argument(
            "--against",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoints.json that was kept elsewhere",
        )
        check.add_argument(
            "--trust",
            type=hex_key,
            action="append",
            default=[],
            metavar="KEY",
            help="an older public key that may have signed, in hex digits",
        )
        erase = verbs.add_parser("erase", help="erase the words and salts of entries")
        erase.add_argument("entries", type=int, nargs="+", metavar="ENTRY")
        erase.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        getattr(self, f"_{options['verb']}")(options)

    def _status(self, options: dict[str, Any]) -> None:
        newest = newest_checkpoint()
        if newest is None:
            self.stdout.write("Nothing is sealed yet.")
        else:
            self.stdout.write(
                f"Checkpoint {newest.number}: {newest.size} entries, sealed at "
                f"{newest.sealed_at:%Y-%m-%d %H:%M:%S} UTC.\ndigest {statement_of(newest).digest}"
            )
        self.stdout.write(f"{waiting_entries().count()} entries wait.")
        key = public_key()
        self.stdout.write(f"public key {key}" if key else f"No key: {NO_KEY}.")

    def _seal(self, options: dict[str, Any]) -> None:
        try:
            self.stdout.write(seal())
        except Skipped as reason:
            self.stdout.write(f"Nothing was sealed: {reason}.")

    def _backfill(self, options: dict[str, Any]) -> None:
        for table, n_made in backfill().items():
            self.stdout.write(f"{table}: {n_made} entries made")

    def _erase(self, options: dict[str, Any]) -> None:
        n_erased = erase_words(entry_ids=options["entries"], reason=options["reason"])
        self.stdout.write(f"{n_erased} entries were erased.")

    def _verify(self, options: dict[str, Any]) -> None:
        kept = [one for path in options["against"] for one in _kept(path)]
        verdict = verify(kept=kept, trusted=options["trust"])
        for note in verdict.notes:
            self.stdout.write(f"note: {note}")
        self.stdout.write(
            f"{verdict.n_checkpoints} checkpoints, {verdict.n_sealed} entries sealed, "
            f"{verdict.n_waiting} waiting, {verdict.n_erased} erased; "
            f"{verdict.entries_per_s:,.0f} entries/s"
        )
        if public_key() is None:
            self.stdout.write(f"No key: {NO_KEY}.")
        if not verdict.is_whole:
            raise CommandError(
                "The record is not as it was sealed:\n"
                + "\n".join(str(finding) for finding in verdict.findings)
            )
        self.stdout.write("Everything is as it was sealed.")


def _kept(path: Path) -> list[Statement]:
    try:
        listed = json.loads(path.read_text("utf-8"))["checkpoints"]
        return [read_statement(one["body"]) for one in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is no list of checkpoints: {error}") from error
