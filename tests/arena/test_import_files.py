"""Rows of vote files: one reader for each format, one clear sentence for each broken file."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arena.common.errors import BadInput
from arena.votes.importing.files import READERS, expected_rows, read_rows

Row = dict[str, str]
VOTES = [
    {"model_a": "Größe 1", "model_b": "birch", "winner": "model_a"},
    {"model_a": "birch", "model_b": "Größe 1", "winner": "tie (bothbad)"},
    {"model_a": "Größe 1", "model_b": "丹", "winner": "tie"},
]


def write_csv(path: Path, rows: Sequence[Row], encoding: str = "utf-8") -> None:
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def write_json(path: Path, rows: Sequence[Row], encoding: str = "utf-8") -> None:
    path.write_text(json.dumps(list(rows), ensure_ascii=False), encoding)


def write_json_lines(path: Path, rows: Sequence[Row], encoding: str = "utf-8") -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n\n", encoding)


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=500)


WRITERS: dict[str, Callable[..., None]] = {
    ".csv": write_csv,
    ".json": write_json,
    ".jsonl": write_json_lines,
    ".parquet": write_parquet,
}


def test_every_format_has_a_reader_and_a_test() -> None:
    assert WRITERS.keys() == READERS.keys()


@pytest.mark.parametrize("ending", WRITERS)
def test_the_same_votes_in_any_format_give_the_same_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"votes{ending}"
    WRITERS[ending](path, VOTES)
    assert list(read_rows(path)) == list(enumerate(VOTES, start=1))


def test_the_ending_counts_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "VOTES.CSV"
    write_csv(path, VOTES)
    assert len(list(read_rows(path))) == 3


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"votes{ending}"
    WRITERS[ending](path, VOTES, encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [row for _, row in read_rows(path)] == VOTES


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_an_empty_file_has_no_row(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"votes{ending}"
    path.write_bytes(b"")
    assert list(read_rows(path)) == []


BROKEN: list[tuple[str, bytes, str]] = [
    ("empty.json", b"", "cannot be read as .json"),
    ("empty.parquet", b"", "cannot be read as .parquet"),
    ("junk.csv", b"\x89PNG\r\n\x1a\n\xff\xd8", "cannot be read as .csv: 'utf-8' codec"),
    ("junk.json", b"\x89PNG\r\n\x1a\n\xff\xd8", "cannot be read as .json"),
    ("junk.jsonl", b"\x89PNG\r\n\x1a\n\xff\xd8", "cannot be read as .jsonl: 'utf-8' codec"),
    ("junk.parquet", b"\x89PNG\r\n\x1a\n\xff\xd8", "cannot be read as .parquet"),
    ("cut.json", b'[{"model_a": "a"}, {"mod', "cannot be read as .json"),
    ("cut.jsonl", b'{"model_a": "a"}\n{"mod', "line 2: Unterminated string"),
    ("object.json", b' {"rows": [{"model_a": "a"}]}', "a list of objects was expected"),
    ("numbers.json", b"[1, 2]", "item 1 is not an object"),
    ("lists.jsonl", b'{"model_a": "a"}\n[1]\n', "item 2 is not an object"),
    ("deep.jsonl", b"[" * 200_000, "cannot be read as .jsonl"),
    ("wide.csv", b"model_a,model_b\na,b\nc,d,e\n", "line 3 has more fields than the header"),
    ("votes.xlsx", b"PK", "'.xlsx'; use one of: .csv, .jsonl, .json, .parquet"),
    ("votes", b"", "ends with ''; use one of"),
]


@pytest.mark.parametrize(("name", "content", "message"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_a_broken_file_is_refused_in_one_sentence_that_names_it(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        list(read_rows(path))
    assert refusal.value.message.startswith(name)
    assert message in refusal.value.message


def peak_bytes(path: Path) -> int:
    """The most memory in use at a time while the rows of a file are read."""
    tracemalloc.start()
    try:
        for _ in read_rows(path):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", WRITERS)
def test_a_file_ten_times_as_long_needs_no_more_memory(tmp_path: Path, ending: str) -> None:
    def written(n_rows: int) -> Path:
        path = tmp_path / f"votes-{n_rows}{ending}"
        rows: list[Any] = [{**VOTES[i % 3], "prompt": f"{i} " + "x" * 200} for i in range(n_rows)]
        WRITERS[ending](path, rows)
        return path

    short, long = written(1_500), written(15_000)
    peak_bytes(short)  # what is loaded once
    assert peak_bytes(long) < 2 * peak_bytes(short)


def test_the_progress_bar_knows_how_many_rows_come(tmp_path: Path) -> None:
    rows = [{"model_a": "Alder", "model_b": "Birch", "winner": "tie"}] * 7
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "votes.parquet")
    (tmp_path / "votes.csv").write_text("model_a,model_b,winner\n" + "Alder,Birch,tie\n" * 7)
    (tmp_path / "votes.jsonl").write_text("{}\n" * 7)
    for ending in ("parquet", "csv", "jsonl"):
        assert expected_rows(tmp_path / f"votes.{ending}") == 7
    assert expected_rows(tmp_path / "votes.json") is None
    assert expected_rows(tmp_path / "missing.parquet") is None
