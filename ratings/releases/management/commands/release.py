"""`manage.py release build ARENA | verify DIR | board DIR`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError

from arena.arenas.selectors import named_arena
from arena.common.commands import AgonCommand
from arena.common.tasks import Skipped
from ratings.boards.table import board_text
from ratings.releases import files
from ratings.releases.models import Release
from ratings.releases.privacy.fields import UnsafeRow
from ratings.releases.services import build_release


class Command(AgonCommand):
    help = "Build a dataset release, check one, or recompute its board from its files alone."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        build = verbs.add_parser("build", help="build and publish the next release of an arena")
        build.add_argument("arena")
        verify = verbs.add_parser("verify", help="check every file against the manifest")
        verify.add_argument("folder", type=Path)
        board = verbs.add_parser("board", help="recompute the board from the files alone")
        board.add_argument("folder", type=Path)
        board.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except (files.BadRelease, UnsafeRow) as error:
            raise CommandError(str(error)) from error

    def _build(self, options: dict[str, Any]) -> None:
        try:
            release = build_release(named_arena(options["arena"]))
        except Skipped as reason:
            self.stdout.write(f"No release was built: {reason}.")
            return
        facts = release.manifest
        self.stdout.write(
            f"Release {release.name}: {facts['n_votes']} votes, {facts['n_new']} of them new, "
            f"{facts['n_withdrawn']} withdrawn.\n"
            f"manifest {release.manifest_sha256}\n{_where(release.prefix)}"
        )

    def _verify(self, options: dict[str, Any]) -> None:
        folder = _folder(options["folder"])
        manifest = files.verify(folder)
        digest = files.manifest_sha256(folder)
        _check_against_ours(manifest["name"], digest)
        self.stdout.write(
            f"{manifest['name']}: {len(manifest['files'])} files are as published; "
            f"the board is the one that the votes give.\nmanifest {digest}"
        )

    def _board(self, options: dict[str, Any]) -> None:
        folder = _folder(options["folder"])
        manifest = files.check_files(folder)
        board = files.board_of(folder).as_dict()
        if options["json"]:
            facts = {"arena": manifest["arena"], "source": "live", **board}
            self.stdout.write(json.dumps(facts, indent=2))
            return
        self.stdout.write(board_text(board, files.model_names(folder)))


def _check_against_ours(name: str, digest: str) -> None:
    """Refuse a manifest that differs from the one published here; elsewhere nothing is known."""
    try:
        published = Release.objects.filter(name=name).values_list("manifest_sha256", flat=True)
        known = published.first()
    except OperationalError:
        return  # whoever downloaded a release has no database
    if known is not None and known != digest:
        raise files.BadRelease(
            f"{files.MANIFEST} has SHA-256 {digest}; {name} was published here with {known}."
        )


def _where(prefix: str) -> str:
    try:
        return default_storage.path(prefix)
    except NotImplementedError:
        return f"in the store under {prefix}"


def _folder(given: Path) -> Path:
    """Return a folder that was given by path, or by the name of a release in the local store."""
    if not given.is_dir():
        stored = Path(_where(f"releases/{given.name}"))
        if stored.is_dir():
            return stored
    return given
