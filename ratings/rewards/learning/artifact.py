"""A reward model as a folder of five files that checks itself when it is loaded."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes

from ratings.rewards.learning.card import card
from ratings.rewards.learning.errors import BadArtifact
from ratings.rewards.learning.evaluation import RewardMetrics
from ratings.rewards.learning.features import FEATURES_VERSION, FeatureConfig
from ratings.rewards.learning.model import RewardHead, RewardScorer
from ratings.rewards.learning.style import DENSE_NAMES
from ratings.rewards.learning.training import TrainedReward

FORMAT = "agon.reward.hashed-text"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
FILES = ("README.md", "config.json", "metrics.json", "model.safetensors")
# Texts whose scores are stored and computed again on loading: they catch features that come out
# otherwise elsewhere, such as another Unicode table. Sums may differ there in their last bits.
_PROBES = (
    ("Name three fruits.", "- **Apple**\n- Pear\n- Plum"),
    ("Comment dit-on « merci » en japonais ?", "On dit ありがとう (arigatō) !"),
    ("Write a loop.", "## Loop\n\n```python\nfor i in range(3):\n    print(i)\n```"),
)
_PROBE_TOLERANCE = 1e-4  # log-odds; float32 sums of some hundred terms stay well inside


def save(
    directory: Path, trained: TrainedReward, metrics: RewardMetrics, provenance: Mapping[str, Any]
) -> str:
    """Write the folder whole or not at all; return the sha256 of its manifest.

    `provenance` is plain JSON; see `card` for the keys that are shown. Raises `FileExistsError`
    where something is there already: a published model is never overwritten.
    """
    if directory.exists():
        raise FileExistsError(f"{directory} exists; save a reward model under a new name")
    contents = {
        "README.md": card(trained, metrics, provenance).encode(),
        "config.json": _json(_config(trained, provenance)),
        "metrics.json": _json(asdict(metrics)),
        "model.safetensors": tensors_to_bytes(
            {name: value.contiguous() for name, value in trained.scorer.head.state_dict().items()}
        ),
    }
    files = {
        name: {"sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
        for name, content in sorted(contents.items())
    }
    manifest = _json({"format": FORMAT, "format_version": FORMAT_VERSION, "files": files})
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    draft.chmod(0o755)  # a temporary folder is for its owner alone, a published one is not
    try:
        for name, content in {**contents, MANIFEST: manifest}.items():
            (draft / name).write_bytes(content)
        draft.rename(directory)
    except OSError:
        rmtree(draft, ignore_errors=True)
        raise
    return sha256(manifest).hexdigest()


def load(directory: Path | str) -> RewardScorer:
    """Check every file and return the scorer, which gives the scores of training again.

    Raises `BadArtifact` naming the first thing that is wrong. Names that start with a dot are
    left alone: file systems and model hubs add them, and nothing is read from them.
    """
    contents = _verified(Path(directory))
    config = _parsed(contents["config.json"], "config.json")
    if config.get("features_version") != FEATURES_VERSION:
        raise BadArtifact(
            f"config.json has features_version {config.get('features_version')!r} and this code "
            f"computes {FEATURES_VERSION}; load it with the code version that trained it"
        )
    try:
        features = FeatureConfig(
            n_buckets=int(config["features"]["n_buckets"]),
            char_sizes=tuple(int(size) for size in config["features"]["char_sizes"]),
            max_chars=int(config["features"]["max_chars"]),
        )
        head = RewardHead(features.n_buckets, len(DENSE_NAMES))
        head.load_state_dict(tensors_from_bytes(contents["model.safetensors"]))
        probes = [(p["prompt"], p["response"], float(p["score"])) for p in config["probes"]]
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise BadArtifact(f"config.json and model.safetensors do not agree: {error}") from error
    scorer = RewardScorer(head.eval(), features)
    for prompt, response, stored in probes:
        if not abs(scorer.score(prompt, response) - stored) <= _PROBE_TOLERANCE:
            raise BadArtifact(
                f"the probe {prompt!r} scores {scorer.score(prompt, response)!r} here and scored "
                f"{stored!r} when saved; this Python computes other features: use the one that "
                "trained it"
            )
    return scorer


def _config(trained: TrainedReward, provenance: Mapping[str, Any]) -> dict[str, Any]:
    training = asdict(trained.config)
    return {
        "features_version": FEATURES_VERSION,
        "features": training.pop("features"),
        "dense_features": DENSE_NAMES,
        "training": training,
        "choice": asdict(trained.choice),
        "n_pairs": trained.n_pairs,
        "n_decided": trained.n_decided,
        "n_prompt_groups": trained.n_prompt_groups,
        "provenance": dict(provenance),
        "probes": [
            {
                "prompt": prompt,
                "response": response,
                "score": trained.scorer.score(prompt, response),
            }
            for prompt, response in _PROBES
        ],
    }


def _verified(directory: Path) -> dict[str, bytes]:
    """Return name → content of the files, each equal to its digest."""
    if not directory.is_dir():
        raise BadArtifact(f"{directory} is not a folder; give the folder of a reward model")
    names = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    missing, unknown = {*FILES, MANIFEST} - names, names - {*FILES, MANIFEST}
    if missing or unknown:
        raise BadArtifact(
            f"{directory} lacks {sorted(missing)} and holds unknown {sorted(unknown)}; "
            "copy the published folder again, whole and without additions"
        )
    manifest = _parsed((directory / MANIFEST).read_bytes(), MANIFEST)
    if (manifest.get("format"), manifest.get("format_version")) != (FORMAT, FORMAT_VERSION):
        raise BadArtifact(
            f"{MANIFEST} says format {manifest.get('format')!r} version "
            f"{manifest.get('format_version')!r}; this code reads {FORMAT!r} {FORMAT_VERSION}"
        )
    listed = manifest.get("files")
    if not isinstance(listed, dict) or set(listed) != set(FILES):
        raise BadArtifact(f"{MANIFEST} does not list exactly {', '.join(FILES)}")
    contents = {name: (directory / name).read_bytes() for name in FILES}
    for name, content in contents.items():
        seen = {"sha256": sha256(content).hexdigest(), "size_bytes": len(content)}
        if listed[name] != seen:
            raise BadArtifact(
                f"{name} was altered: {MANIFEST} says {listed[name]}, the file has {seen}; "
                "copy the published folder again"
            )
    return contents


def _json(value: Mapping[str, Any]) -> bytes:
    """Return sorted, strict JSON, so that equal content has equal digests."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    return f"{text}\n".encode()


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise BadArtifact(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadArtifact(f"{name} holds {type(value).__name__}; an object was expected")
    return value
