"""Build a release: files first, then the rows that say that it exists."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.events import publish
from arena.common.hashing import file_sha256_hex
from arena.common.tasks import Skipped
from arena.integrity.selectors import left_out
from models_registry.models import Revision
from ratings.boards.analysis import analyse_if_due
from ratings.boards.counting import count_missed
from ratings.boards.selectors import widening_of
from ratings.releases import files
from ratings.releases.card import card
from ratings.releases.models import Release, ReleasedBattle
from ratings.releases.privacy.pseudonyms import Pseudonyms
from ratings.releases.rows import PARTS_OF_A_ROW, RowMaker
from ratings.releases.selectors import (
    n_battles_with_images,
    newest_release,
    unreleased_battles,
    withdrawn_battles,
)

LICENCE = "CC-BY-4.0"


def build_release(arena: Arena) -> Release:
    """Build and publish the next release of an arena.

    Raises Skipped when there is neither a new vote nor a new withdrawal since the last one.
    """
    count_missed(arena)
    analyse_if_due(arena, Battle.Origin.LIVE, at_once=True)
    with transaction.atomic():
        # One build at a time. Not the full lock, which would hold up every new battle of the arena.
        Arena.objects.select_for_update(no_key=True).get(pk=arena.pk)
        previous = newest_release(arena)
        number = previous.number + 1 if previous else 1
        name = f"{arena.slug}-{number:04d}"
        battles = list(
            unreleased_battles(arena)
            .select_related("arena", "prompt", "vote__strength")
            .prefetch_related(*PARTS_OF_A_ROW)
        )
        withdrawn = _withdrawn_ids(arena)
        if not battles and (
            _withdrawn_sha256(previous) == files.json_sha256({"battle_ids": withdrawn})
            if previous
            else not withdrawn
        ):
            raise Skipped(f"nothing new in '{arena.slug}' since {previous or 'the beginning'}")
        with tempfile.TemporaryDirectory(prefix="agon-release-") as temporary:
            folder = Path(temporary) / name
            folder.mkdir()
            maker = RowMaker(Pseudonyms.of_a_new_shard())
            manifest = _write(folder, arena, number, maker, battles, withdrawn, previous)
            _upload(folder, f"releases/{name}/")
            release = Release.objects.create(
                arena=arena,
                number=number,
                name=name,
                manifest=manifest,
                manifest_sha256=file_sha256_hex(folder / files.MANIFEST),
            )
        ReleasedBattle.objects.bulk_create(
            (
                ReleasedBattle(battle=battle, release=release, row_id=maker.row_id(battle))
                for battle in battles
            ),
            batch_size=1000,
        )
        publish("release.published", release_id=release.pk)
    return release


def _withdrawn_sha256(release: Release) -> str | None:
    """Return the digest of a release's list of rows to leave out."""
    described = (one for one in release.manifest["files"] if one["path"] == files.WITHDRAWN)
    return next((one["sha256"] for one in described), None)


def _left_out_by_reason(arena: Arena) -> dict[str, int]:
    """Return how many live votes that stand are held or excluded, by status and reason."""
    counts: Counter[str] = Counter()
    for row in left_out(arena):
        counts[f"{row['status']}: {row['reason']}"] += row["n_votes"]
    return dict(counts)


def _withdrawn_ids(arena: Arena) -> list[str]:
    return sorted(withdrawn_battles(arena).values_list("released_in__row_id", flat=True))


def _write(
    folder: Path,
    arena: Arena,
    number: int,
    maker: RowMaker,
    battles: list[Battle],
    withdrawn: list[str],
    previous: Release | None,
) -> dict[str, Any]:
    if previous is not None:
        _download(previous, folder, keep=_is_kept)
    rows = sorted(maker.rows(battles), key=lambda row: row["battle_id"])
    if rows:
        files.write_shard(folder / files.shard_name(number), rows)
    for blob in maker.blobs.values():
        _copy_out(blob.key, folder / "media" / Path(blob.key).name)
    files.write_json(folder / files.WITHDRAWN, {"battle_ids": withdrawn})
    files.write_json(folder / files.MODELS, _models(folder))
    widening = dict(widening_of(arena, Battle.Origin.LIVE))
    files.write_json(folder / files.UNCERTAINTY, {"widening": widening})
    board = files.board_of(folder).as_dict()
    files.write_json(folder / files.BOARD, board)
    earlier = previous.manifest if previous else {"redactions": {}, "months": []}
    facts = {
        "format_version": files.FORMAT_VERSION,
        "name": folder.name,
        "arena": arena.slug,
        "arena_name": arena.name,
        "modality": arena.modality,
        "built_at": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        "licence": LICENCE,
        "n_votes": sum(1 for _ in files.read_rows(folder, [])),
        "n_new": len(rows),
        "n_withdrawn": len(withdrawn),
        "n_with_images": n_battles_with_images(arena),
        "left_out": _left_out_by_reason(arena),
        "months": sorted(maker.months | set(earlier["months"])),
        "redactions": dict(maker.redactions + Counter(earlier["redactions"])),
        "previous": previous.manifest_sha256 if previous else None,
    }
    text = card(facts, board, files.model_names(folder))
    (folder / files.CARD).write_text(text, "utf-8")
    manifest = {**facts, "files": files.describe_files(folder)}
    files.write_json(folder / files.MANIFEST, manifest)
    return manifest


def _is_kept(path: str) -> bool:
    return path.startswith(("battles-", "media/"))


def _models(folder: Path) -> dict[str, dict[str, Any]]:
    labels = set()
    for row in files.read_rows(folder, ["model_a", "model_b", "models"]):
        labels.update(files.models_of(row))
    revisions = Revision.objects.filter(
        model__slug__in={label.partition("@")[0] for label in labels}
    ).select_related("model__organisation")
    return {
        revision.label: {
            "name": revision.model.name,
            "organisation": revision.model.organisation.name,
            "licence": revision.model.licence,
            "open_weights": revision.model.has_open_weights,
        }
        for revision in revisions
        if revision.label in labels
    }


def _copy_out(key: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with default_storage.open(key) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)


def _upload(folder: Path, prefix: str) -> None:
    """Store every file, the manifest last: a release without it is none."""
    _clear(prefix)
    paths = sorted(
        (p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.name == files.MANIFEST
    )
    for path in paths:
        key = prefix + path.relative_to(folder).as_posix()
        with path.open("rb") as stream:
            stored = default_storage.save(key, File(stream))
        if stored != key:
            raise RuntimeError(f"{key} was stored as {stored}; is another build of it running?")


def _clear(prefix: str) -> None:
    """Remove what a build left that was stopped before its rows were written.

    Nobody has seen it, and it may hold what has been withdrawn since.
    """
    try:
        folders, names = default_storage.listdir(prefix)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{prefix}{name}")
    for folder in folders:
        _clear(f"{prefix}{folder}/")


def _download(release: Release, folder: Path, *, keep: Any = lambda path: True) -> None:
    for entry in release.manifest["files"]:
        if keep(entry["path"]):
            _copy_out(release.prefix + entry["path"], folder / entry["path"])


@contextmanager
def release_folder(release: Release) -> Iterator[Path]:
    """Give the verified files of a release as a local folder for a while.

    Raises BadRelease when the store no longer has what was published.
    """
    with tempfile.TemporaryDirectory(prefix="agon-release-") as temporary:
        folder = Path(temporary) / release.name
        folder.mkdir()
        _download(release, folder)
        _copy_out(release.prefix + files.MANIFEST, folder / files.MANIFEST)
        if file_sha256_hex(folder / files.MANIFEST) != release.manifest_sha256:
            raise files.BadRelease(f"{release.name}: the stored manifest was changed")
        files.verify(folder)
        yield folder


def build_releases() -> str:
    """Build a release of every arena that has something new."""
    built: list[str] = []
    failures: list[Exception] = []
    for arena in Arena.objects.all():
        try:
            built.append(build_release(arena).name)
        except Skipped:
            continue
        except Exception as error:  # noqa: BLE001 - one arena's fault must not cost the others
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"built: {', '.join(built) or 'none'}", failures)
    if not built:
        raise Skipped("no arena has a vote or withdrawal that is not released")
    return f"built: {', '.join(built)}"
