"""Write the votes of a file: all or nothing by default, and a file only once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.common.errors import BadInput
from arena.common.events import publish
from arena.common.hashing import file_sha256_hex
from arena.generation.models import Output
from arena.prompts.models import Prompt
from arena.votes.importing.copying import copy_rows, reserve_ids
from arena.votes.importing.files import Row, read_rows
from arena.votes.importing.layouts import BadRow, ImportedVote, Layout, layout_of
from arena.votes.models import Vote, VoteImport
from models_registry.services import imported_revision

BATCH = 1000  # votes written at a time
ERRORS_SHOWN = 20
RANKS = {"model_a": [1, 2], "model_b": [2, 1], "tie": [1, 1], "both_bad": [1, 1]}


@dataclass(frozen=True)
class ImportResult:
    """What an import did."""

    batch: VoteImport
    is_new: bool
    are_judges_new: bool = False  # an import of before was told who judged
    errors: Sequence[str] = ()  # the first bad rows that were left out


class BadRows(BadInput):
    """Rows that are no votes; nothing was imported."""


@dataclass
class _Reader:
    """Reads votes and keeps the errors of bad rows."""

    path: Path
    columns: Mapping[str, str]
    skip_bad_rows: bool
    on_row: Callable[[], object]
    layout: str = ""
    n_bad: int = 0
    errors: list[str] = field(default_factory=list)

    def votes(self) -> Iterator[ImportedVote]:
        """Yield votes; raises BadRows at the end, or early when the list of errors is full."""
        read: Layout | None = None
        for number, row in read_rows(self.path):
            renamed = self._renamed(row)
            if read is None:
                self.layout, read = layout_of(renamed)
            votes: Iterable[ImportedVote] = ()
            try:
                votes = read(renamed)
            except BadRow as error:
                self._keep(number, error)
            self.on_row()
            yield from votes
        self._refuse()

    def _renamed(self, row: Row) -> Row:
        missing = [theirs for theirs in self.columns.values() if theirs not in row]
        if missing:
            raise BadInput(
                f"--columns names {', '.join(missing)}; the file has {', '.join(map(str, row))}."
            )
        return {**row, **{ours: row[theirs] for ours, theirs in self.columns.items()}}

    def _keep(self, number: int, error: Exception) -> None:
        self.n_bad += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append(f"row {number}: {error}")
        elif not self.skip_bad_rows:
            self._refuse()

    def _refuse(self) -> None:
        if self.errors and not self.skip_bad_rows:
            more = " (and possibly more)" if self.n_bad > ERRORS_SHOWN else ""
            raise BadRows(
                f"{min(self.n_bad, ERRORS_SHOWN)} rows{more} of {self.path.name} are not votes; "
                "nothing was imported. Mend them, or leave them out with --skip-bad-rows.",
                errors=self.errors,
            )


def import_votes(
    *,
    path: Path,
    arena: Arena,
    columns: Mapping[str, str] | None = None,
    skip_bad_rows: bool = False,
    judged_by: str = VoteImport.Judges.UNKNOWN,
    on_row: Callable[[], object] = lambda: None,
) -> ImportResult:
    """Import a file of votes into an arena; the same content again changes nothing.

    `judged_by` says who compared: people, models, or "" where that is not known. An import that
    does not know it yet learns it, and its arena is counted anew.

    Raises BadInput for a file that cannot be read or has unknown columns, for unknown judges, and
    for a file that was imported as judged by the others; BadRows (a BadInput with one line for
    each bad row) unless bad rows are skipped. Either way nothing is written.
    """
    if judged_by not in VoteImport.Judges.values:
        raise BadInput(f"--judged-by is '{judged_by}'; use people or models, or leave it out.")
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    try:
        digest = file_sha256_hex(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    reader = _Reader(path, columns or {}, skip_bad_rows, on_row)
    # Of the arena too: the same file in another arena is other votes by other voters.
    namespace = uuid.uuid5(uuid.UUID(digest[:32]), arena.slug)
    with transaction.atomic():
        # Two imports of one file at a time: the second waits here for the first.
        batch, is_new = VoteImport.objects.get_or_create(
            arena=arena,
            sha256=digest,
            defaults={
                "source": path.name[:200],
                "layout": "",
                "n_votes": 0,
                "judged_by": judged_by,
            },
        )
        if not is_new:
            is_told = bool(judged_by) and _tell_judges(batch, judged_by)
            return ImportResult(batch, is_new=False, are_judges_new=is_told)
        writer = _Writer(arena, batch, namespace)
        votes = reader.votes()
        while part := tuple(islice(votes, BATCH)):
            writer.write(part)
        if not writer.n_votes:
            raise BadInput(
                f"{path.name} holds no vote; nothing was imported.", errors=reader.errors
            )
        batch.layout, batch.n_votes, batch.n_skipped = reader.layout, writer.n_votes, reader.n_bad
        batch.save(update_fields=["layout", "n_votes", "n_skipped"])
        publish("votes.imported", arena_id=arena.pk, import_id=batch.pk)
    return ImportResult(batch, is_new=True, errors=reader.errors)


def _tell_judges(batch: VoteImport, judged_by: str) -> bool:
    """Note who judged an import that does not say; False when it says so already."""
    if batch.judged_by == judged_by:
        return False
    if batch.judged_by:
        raise BadInput(
            f"{batch.source} was imported as judged by {batch.judged_by}, not by {judged_by}. "
            "Leave --judged-by out."
        )
    batch.judged_by = judged_by
    batch.save(update_fields=["judged_by"])
    publish("votes.imported", arena_id=batch.arena_id, import_id=batch.pk)
    return True


class _Writer:
    """Writes votes as battles that have ended, marked with their source."""

    def __init__(self, arena: Arena, batch: VoteImport, namespace: uuid.UUID) -> None:
        self.arena = arena
        self.batch = batch
        self.namespace = namespace
        self.n_votes = 0
        self._revisions: dict[str, int] = {}
        self._now = timezone.now()

    def write(self, votes: Sequence[ImportedVote]) -> None:
        """Write one batch."""
        voters = self._write_voters({vote.judge for vote in votes})
        prompts = self._write_prompts(votes, voters)
        battles = [uuid.uuid4() for _ in votes]
        copy_rows(
            Battle,
            ("id", "arena_id", "origin", "prompt_id", "voter_id", "ending", "ended_at"),
            (
                (
                    battle,
                    self.arena.pk,
                    Battle.Origin.IMPORTED.value,
                    prompt,
                    voters[vote.judge],
                    Battle.Ending.VOTED.value,
                    vote.cast_at or self._now,
                )
                for battle, prompt, vote in zip(battles, prompts, votes, strict=True)
            ),
        )
        self._write_seats(battles, votes)
        copy_rows(
            Vote,
            (
                "id",
                "battle_id",
                "voter_id",
                "ranks",
                "is_acceptable",
                "idempotency_key",
                "source_id",
                "cast_at",
            ),
            (
                (
                    uuid.uuid4(),
                    battle,
                    voters[vote.judge],
                    RANKS[vote.winner],
                    vote.winner != "both_bad",
                    uuid.uuid5(self.namespace, str(self.n_votes + i)),
                    self.batch.pk,
                    vote.cast_at or self._now,
                )
                for i, (battle, vote) in enumerate(zip(battles, votes, strict=True))
            ),
        )
        self.n_votes += len(votes)

    def _write_voters(self, judges: set[str]) -> dict[str, uuid.UUID | None]:
        """Return the voter of each judge, and nobody for a vote that does not say who judged."""
        # The same judge in another file is another voter: files do not share their names.
        voters = {judge: uuid.uuid5(self.namespace, f"judge:{judge}") for judge in judges if judge}
        Voter.objects.bulk_create(map(_voter, voters.values()), ignore_conflicts=True)
        return {**voters, "": None}

    def _write_prompts(
        self, votes: Sequence[ImportedVote], voters: Mapping[str, uuid.UUID | None]
    ) -> list[uuid.UUID | None]:
        prompts = [uuid.uuid4() if vote.prompt else None for vote in votes]
        copy_rows(
            Prompt,
            ("id", "arena_id", "voter_id", "text", "origin"),
            (
                (
                    prompt,
                    self.arena.pk,
                    voters[vote.judge],
                    vote.prompt,
                    Prompt.Origin.IMPORTED.value,
                )
                for prompt, vote in zip(prompts, votes, strict=True)
                if prompt
            ),
        )
        return prompts

    def _write_seats(self, battles: Sequence[uuid.UUID], votes: Sequence[ImportedVote]) -> None:
        seats = [
            (battle, position, self._revision(name), text)
            for battle, vote in zip(battles, votes, strict=True)
            for position, (name, text) in enumerate(
                ((vote.model_a, vote.response_a), (vote.model_b, vote.response_b))
            )
        ]
        ids = reserve_ids(Seat, len(seats))
        copy_rows(
            Seat,
            ("id", "battle_id", "position", "revision_id"),
            ((pk, *seat[:3]) for pk, seat in zip(ids, seats, strict=True)),
        )
        copy_rows(
            Output,
            ("id", "seat_id", "text"),
            ((uuid.uuid4(), pk, text) for pk, (*_, text) in zip(ids, seats, strict=True) if text),
        )

    def _revision(self, name: str) -> int:
        if name not in self._revisions:
            revision = imported_revision(name=name, modality=self.arena.modality)
            self._revisions[name] = revision.pk
        return self._revisions[name]


def _voter(voter_id: uuid.UUID) -> Voter:
    return Voter(id=voter_id)
