"""The files of a release, without a database: written, checked and read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ratings.releases import files
from ratings.releases.files import BadRelease
from ratings.releases.privacy.fields import FIELDS, UnsafeRow

WINNERS = ("model_a", "model_a", "model_b", "tie", "both_bad")


def a_row(number: int, **columns: Any) -> dict[str, Any]:
    """A row of a shard that may be published."""
    winner = WINNERS[number % len(WINNERS)]
    row = {
        "battle_id": f"{number:032x}",
        "arena": "text",
        "modality": "text",
        "month": "2026-11",
        "prompt": "What is a tuple?",
        "prompt_origin": "typed",
        "history": [],
        "model_a": "alder@1",
        "model_b": "birch@1" if number % 2 else "cedar@1",
        "response_a": "Fixed.",
        "response_b": None,
        "output_a_sha256": None,
        "output_b_sha256": None,
        "winner": winner,
        "models": None,
        "responses": None,
        "output_sha256s": None,
        "ranks": {"model_a": [1, 2], "model_b": [2, 1]}.get(winner, [1, 1]),
        "acceptable": winner != "both_bad",
        "strength": None,
        "dimensions": [],
        "stars": None,
        "tags": [],
        "rationale": None,
        "rationales": None,
        "marks": [],
        "attention": [{"seen_s": 12, "heard_s": None, "sides": None}] * 2,
        "voter": "0" * 32,
        "sampler": "uniform/1",
        "p_draw": 1 / 3,
    }
    assert row.keys() == FIELDS.keys()
    return row | columns


def write_release(folder: Path, rows: list[dict[str, Any]], withdrawn: list[str]) -> Path:
    folder.mkdir()
    half = len(rows) // 2
    files.write_shard(folder / files.shard_name(1), rows[:half])
    files.write_shard(folder / files.shard_name(2), rows[half:])
    files.write_json(folder / files.WITHDRAWN, {"battle_ids": withdrawn})
    files.write_json(folder / files.MODELS, {"alder@1": {"name": "Alder"}})
    files.write_json(folder / files.UNCERTAINTY, {"widening": {"alder@1": 1.5}})
    files.write_json(folder / files.BOARD, files.board_of(folder).as_dict())
    (folder / files.CARD).write_text("# text-0002\n", "utf-8")
    (folder / "media").mkdir()
    (folder / "media" / "one.png").write_bytes(b"png")
    manifest = {"format_version": files.FORMAT_VERSION, "name": folder.name}
    files.write_json(folder / files.MANIFEST, {**manifest, "files": files.describe_files(folder)})
    return folder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "text-0002", [a_row(i) for i in range(40)], [f"{7:032x}"])


LISTED = (
    "README.md",
    "battles-0001.parquet",
    "battles-0002.parquet",
    "board.json",
    "media/one.png",
    "models.json",
    "uncertainty.json",
    "withdrawn.json",
)


def test_an_unchanged_release_verifies(release: Path) -> None:
    assert [entry["path"] for entry in files.verify(release)["files"]] == list(LISTED)


@pytest.mark.parametrize("path", LISTED)
def test_one_changed_byte_in_any_file_is_named(release: Path, path: str) -> None:
    data = bytearray((release / path).read_bytes())
    data[len(data) // 2] ^= 1
    (release / path).write_bytes(data)
    with pytest.raises(BadRelease, match=f"changed: {path}$"):
        files.verify(release)


@pytest.mark.parametrize("path", LISTED)
def test_any_missing_file_is_named(release: Path, path: str) -> None:
    (release / path).unlink()
    with pytest.raises(BadRelease, match=f"missing: {path}$"):
        files.verify(release)


def test_a_file_that_was_slipped_in_is_named(release: Path) -> None:
    shutil.copy(release / "battles-0002.parquet", release / "battles-0003.parquet")
    with pytest.raises(BadRelease, match=r"not in the manifest: battles-0003\.parquet"):
        files.verify(release)


def test_everything_that_is_wrong_is_named_at_once(release: Path) -> None:
    (release / "README.md").write_text("other")
    (release / "models.json").unlink()
    with pytest.raises(BadRelease) as refusal:
        files.verify(release)
    assert "changed: README.md" in str(refusal.value)
    assert "missing: models.json" in str(refusal.value)


def test_a_board_that_the_votes_do_not_give_is_refused_although_every_digest_fits(
    release: Path,
) -> None:
    board = json.loads((release / files.BOARD).read_text())
    board["rows"][0]["rating"] += 0.01
    files.write_json(release / files.BOARD, board)
    manifest = files.read_manifest(release)
    files.write_json(release / files.MANIFEST, {**manifest, "files": files.describe_files(release)})
    with pytest.raises(BadRelease, match=r"board.json is not the board that the votes give"):
        files.verify(release)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"has no manifest.json; give the folder of a release"),
        ("{", "is not JSON"),
        ("[]", "is not of format 1"),
        ('{"format_version": 3, "files": []}', "use the version of Agon that wrote it"),
        ('{"format_version": 1}', "is not of format 1"),
    ],
)
def test_a_folder_without_a_readable_manifest_is_no_release(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / files.MANIFEST).write_text(content)
    with pytest.raises(BadRelease, match=message):
        files.verify(tmp_path)


def test_withdrawn_rows_are_in_no_reading_and_on_no_board(release: Path) -> None:
    ids = [row["battle_id"] for row in files.read_rows(release)]
    assert len(ids) == 39
    assert f"{7:032x}" not in ids
    assert files.board_of(release).n_votes == 39


def test_reading_some_columns_gives_those_and_the_battle(release: Path) -> None:
    assert next(files.read_rows(release, ["winner"])) == {
        "battle_id": f"{0:032x}",
        "winner": "model_a",
    }


@pytest.mark.parametrize(
    "columns",
    [
        {"voter_cookie": "x"},
        {"month": "2026-11-21"},
        {"voter": "0b9cf1d5-3cb1-4f0f-8b7e-0d1a6b2f6d11"},
        {"winner": "bothbad"},
        {"p_draw": None},
    ],
)
def test_a_row_with_anything_that_is_not_listed_is_never_written(
    tmp_path: Path, columns: dict[str, Any]
) -> None:
    path = tmp_path / "battles-0001.parquet"
    with pytest.raises(UnsafeRow):
        files.write_shard(path, [a_row(0), a_row(1, **columns)])
    if path.exists():
        assert pq.ParquetFile(path).metadata.num_rows == 0


def test_a_shard_has_the_listed_columns_and_what_was_written(tmp_path: Path) -> None:
    rows = [a_row(i) for i in range(2500)]
    path = tmp_path / "battles-0001.parquet"
    assert files.write_shard(path, rows) == 2500
    read = pq.ParquetFile(path)
    assert read.schema_arrow.names == list(FIELDS)
    assert read.num_row_groups == 3
    assert read.read().to_pylist() == rows


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [a_row(i) for i in range(1200)]
    files.write_shard(tmp_path / "one.parquet", rows)
    files.write_shard(tmp_path / "two.parquet", iter(rows))
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_json_is_written_in_one_way(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    files.write_json(tmp_path / "b.json", {"a": "é", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "é" in (tmp_path / "a.json").read_text("utf-8")
