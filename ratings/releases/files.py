"""The files of a release: write, read, verify, and recompute its board. No Django.

manifest.json             every other file with its size and SHA-256
README.md                 the card
models.json               who competed: label → name, organisation, licence
uncertainty.json          what only the site knows: by how much repeat voters widen intervals
board.json                the board that these files give
battles-0001.parquet …    one shard per release, never written again, disjoint
withdrawn.json            rows of earlier shards that were taken back or no longer count
media/…                   outputs that are files, by content address
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from arena.common.hashing import sha256_hex
from ratings.boards.table import Board, PairCounts, make_board, tallied
from ratings.fitting.tallies import Outcome
from ratings.releases.privacy.fields import FIELDS, RECORDS, check_row

MANIFEST = "manifest.json"
MODELS = "models.json"
BOARD = "board.json"
UNCERTAINTY = "uncertainty.json"
WITHDRAWN = "withdrawn.json"
CARD = "README.md"
FORMAT_VERSION = 2
READABLE = (1, 2)  # the shards of version 1 know pairs and votes alone; their columns are the same
ROWS_PER_GROUP = 1000  # small row groups with page indexes can be read in part

ARROW_TYPES = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "double": pa.float64(),
    "list<int8>": pa.list_(pa.int8()),
    "list<string>": pa.list_(pa.string()),
    "int8": pa.int8(),
    "int32": pa.int32(),
    "list<double>": pa.list_(pa.float64()),
}
ARROW_TYPES |= {
    name: pa.list_(
        pa.struct([(part, ARROW_TYPES[kind.removesuffix("?")]) for part, kind in parts.items()])
    )
    for name, parts in RECORDS.items()
}
SCHEMA = pa.schema([(field.name, ARROW_TYPES[field.type]) for field in FIELDS.values()])


class BadRelease(ValueError):
    """A folder that is not a whole, unchanged release; the message says what is wrong."""


def shard_name(number: int) -> str:
    """Return the file name of the shard of release `number`."""
    return f"battles-{number:04d}.parquet"


def write_shard(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write checked rows; return how many. Raises when a row has a field that is not listed."""
    n_rows = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_index=True) as writer:
        for part in _parts(rows):
            for row in part:
                check_row(row)
            writer.write_table(pa.Table.from_pylist(part, schema=SCHEMA))
            n_rows += len(part)
    return n_rows


def _parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(dict(row))
        if len(part) == ROWS_PER_GROUP:
            yield part
            part = []
    if part:
        yield part


def write_json(path: Path, data: Any) -> None:
    """Write JSON with sorted keys, so that equal data gives equal bytes."""
    path.write_text(_as_json(data), "utf-8")


def json_sha256(data: Any) -> str:
    """Return the digest of the file that `write_json` would write."""
    return sha256_hex(_as_json(data))


def _as_json(data: Any) -> str:
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def describe_files(folder: Path) -> list[dict[str, Any]]:
    """Return path, size and SHA-256 of every file but the manifest, in order of path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        {
            "path": path.relative_to(folder).as_posix(),
            "size_bytes": path.stat().st_size,
            "sha256": _sha256(path),
        }
        for path in files
        if path.name != MANIFEST
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest; raises BadRelease when there is none or it is of another format."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise BadRelease(f"{folder} has no {MANIFEST}; give the folder of a release.") from None
    except ValueError as error:
        raise BadRelease(f"{folder / MANIFEST} is not JSON: {error}") from error
    if (
        not isinstance(manifest, dict)
        or manifest.get("format_version") not in READABLE
        or not isinstance(manifest.get("files"), list)
    ):
        raise BadRelease(
            f"{folder / MANIFEST} is not of format {' or '.join(map(str, READABLE))}; "
            "use the version of Agon that wrote it."
        )
    return manifest


def check_files(folder: Path) -> dict[str, Any]:
    """Check every file against the manifest.

    Returns the manifest. Raises BadRelease that lists everything missing, changed or unlisted.
    The manifest itself is checked by comparing its SHA-256 with the one that was published.
    """
    manifest = read_manifest(folder)
    listed = {entry["path"]: entry for entry in manifest["files"]}
    found = {entry["path"]: entry for entry in describe_files(folder)}
    problems = [f"missing: {path}" for path in sorted(listed.keys() - found.keys())]
    problems += [f"not in the manifest: {path}" for path in sorted(found.keys() - listed.keys())]
    problems += [
        f"changed: {path}"
        for path in sorted(listed.keys() & found.keys())
        if listed[path]["sha256"] != found[path]["sha256"]
    ]
    if problems:
        raise BadRelease(f"{folder.name} is not as it was published:\n" + "\n".join(problems))
    return manifest


def verify(folder: Path) -> dict[str, Any]:
    """Check every file against the manifest, and the board against the votes.

    Returns the manifest. Raises BadRelease that says what is wrong.
    """
    manifest = check_files(folder)
    if json.loads((folder / BOARD).read_text("utf-8")) != board_of(folder).as_dict():
        raise BadRelease(f"{folder.name}: {BOARD} is not the board that the votes give")
    return manifest


def manifest_sha256(folder: Path) -> str:
    """Return the digest of the manifest: the name of the whole release."""
    return _sha256(folder / MANIFEST)


def read_rows(folder: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the standing rows of all shards in constant memory, without withdrawn ones."""
    withdrawn = set(json.loads((folder / WITHDRAWN).read_text("utf-8"))["battle_ids"])
    wanted = None if columns is None else list(dict.fromkeys(["battle_id", *columns]))
    for path in sorted(folder.glob("battles-*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=ROWS_PER_GROUP, columns=wanted):
            for row in batch.to_pylist():
                if row["battle_id"] not in withdrawn:
                    yield row


def board_of(folder: Path) -> Board:
    """Compute the board from the files alone.

    Voters of different shards cannot be linked, so by how much intervals widen because people
    vote more than once is read, not computed.
    """
    counts: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for row in read_rows(folder, ["model_a", "model_b", "models", "ranks", "acceptable"]):
        for one, two, outcome in _pairs(row):
            counts[one, two][outcome] += 1
    board_counts = (
        PairCounts(
            *pair,
            wins_first=seen[Outcome.FIRST],
            wins_second=seen[Outcome.SECOND],
            ties=seen[Outcome.TIE],
            both_bad=seen[Outcome.BOTH_BAD],
        )
        for pair, seen in counts.items()
    )
    widening = json.loads((folder / UNCERTAINTY).read_text("utf-8"))["widening"]
    return make_board(*tallied(board_counts), widening)


def models_of(row: Mapping[str, Any]) -> list[str]:
    """Return the labels of the models of a row, by seat."""
    return row.get("models") or [row["model_a"], row["model_b"]]


def _pairs(row: Mapping[str, Any]) -> Iterator[tuple[str, str, Outcome]]:
    """Yield every pair of models that a vote ranks: a list of k gives k (k - 1) / 2."""
    no_better = Outcome.TIE if row["acceptable"] else Outcome.BOTH_BAD
    seats = zip(models_of(row), row["ranks"], strict=True)
    for (one, rank_one), (two, rank_two) in combinations(seats, 2):
        if rank_one == rank_two:
            yield one, two, no_better
        else:
            yield one, two, Outcome.FIRST if rank_one < rank_two else Outcome.SECOND


def model_names(folder: Path) -> dict[str, str]:
    """Return the name of each model label."""
    models = json.loads((folder / MODELS).read_text("utf-8"))
    return {label: facts["name"] for label, facts in models.items()}
