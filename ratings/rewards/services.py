"""Train a reward model from the files of a release, and publish it.

Training reads the verified files of one release, never the live database.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from arena.common.hashing import file_sha256_hex
from arena.common.tasks import Skipped, record_run
from ratings.releases.files import describe_files, read_rows, verify
from ratings.releases.models import Release
from ratings.releases.services import release_folder
from ratings.rewards.models import RewardModel

RUN_NAME = "rewards.train_reward_models"
COLUMNS = (
    "prompt", "response_a", "response_b", "winner", "model_a", "model_b",
    "models", "responses", "ranks", "history",
)  # fmt: skip


def train_from_folder(folder: Path, target: Path) -> dict[str, Any]:
    """Verify a release, learn from its text votes and write the model to `target`.

    Returns the metrics as JSON-ready data. Raises BadRelease for a changed release, Skipped when
    it has too few text votes, FileExistsError when `target` is there already.
    """
    # torch: loaded by the worker that trains, never by the web process.
    from ratings.rewards.learning.artifact import save
    from ratings.rewards.learning.errors import TooLittleData
    from ratings.rewards.learning.pairs import pairs_from_rows
    from ratings.rewards.learning.recipe import learn
    from ratings.rewards.learning.training import TrainingConfig

    manifest = verify(folder)
    read = pairs_from_rows(read_rows(folder, COLUMNS))
    try:
        learned = learn(read.pairs, TrainingConfig())
    except TooLittleData as shortage:
        raise Skipped(f"{manifest['name']}: {shortage}") from shortage
    provenance = {
        "release": manifest["name"],
        "release_manifest_sha256": file_sha256_hex(folder / "manifest.json"),
        "licence": manifest["licence"],
        "skipped_rows": read.skipped,
    }
    save(target, learned.trained, learned.metrics, provenance)
    metrics: dict[str, Any] = json.loads((target / "metrics.json").read_text("utf-8"))
    return metrics


def train_reward(release: Release) -> RewardModel:
    """Train and publish the reward model of a release; a second call returns the first's model.

    Raises Skipped when the release has too few text votes.
    """
    published = RewardModel.objects.filter(release=release).first()
    if published is not None:
        return published
    if release.arena.modality != "text":
        raise Skipped(f"{release.name}: reward models learn from text so far")
    name = f"{release.name}-reward"
    with release_folder(release) as folder, tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / name
        metrics = train_from_folder(folder, target)
        prefix = RewardModel(name=name).prefix
        for path in sorted(target.iterdir()):
            default_storage.delete(prefix + path.name)  # left from a run that was stopped
            with path.open("rb") as stream:
                default_storage.save(prefix + path.name, File(stream))
        return RewardModel.objects.get_or_create(
            release=release,
            defaults={"name": name, "metrics": metrics, "files": _files(target)},
        )[0]


def _files(folder: Path) -> list[dict[str, Any]]:
    manifest = folder / "manifest.json"
    own = {
        "path": manifest.name,
        "size_bytes": manifest.stat().st_size,
        "sha256": file_sha256_hex(manifest),
    }
    return [own, *describe_files(folder)]


def train_reward_model(release_id: int) -> None:
    """Train from a release that was just published; the run is kept with its outcome."""
    release = Release.objects.select_related("arena").get(pk=release_id)
    record_run(RUN_NAME, lambda: _trained(release))


def train_reward_models() -> str:
    """Train from the newest release of every arena that has none yet."""
    newest = (
        Release.objects.select_related("arena").order_by("arena_id", "-number").distinct("arena_id")
    )
    done, reasons = [], []
    for release in newest:
        if hasattr(release, "reward_model"):
            continue
        try:
            done.append(_trained(release))
        except Skipped as reason:
            reasons.append(str(reason))
    if not done:
        raise Skipped("; ".join(reasons) or "every newest release has its reward model")
    return "; ".join(done + reasons)


def _trained(release: Release) -> str:
    return f"trained {train_reward(release).name}"
