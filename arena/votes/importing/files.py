"""Rows of a CSV, JSON, JSON Lines or Parquet file, one at a time in constant memory."""

from __future__ import annotations

import codecs
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson
import pyarrow.parquet as pq

from arena.common.errors import BadInput

Row = dict[str, Any]
PARQUET_ROWS = 1000  # rows in memory at a time
PEEK_BYTES = 4096  # of a JSON file: enough to pass white space before its first bracket


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (row number from 1, row) of a file whose ending names its format.

    Raises BadInput for an unknown ending or an unreadable file.
    """
    try:
        reader = READERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(READERS)
        raise BadInput(f"{path.name} ends with '{path.suffix}'; use one of: {known}.") from None
    try:
        yield from enumerate(reader(path), start=1)
    except (
        UnicodeDecodeError,
        csv.Error,
        ijson.JSONError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise BadInput(f"{path.name} cannot be read as {path.suffix}: {error}") from error


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream, strict=True)
        for row in reader:
            if None in row:
                raise ValueError(f"line {reader.line_num} has more fields than the header")
            yield row


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _object(_parsed(line, number), number)


def _parsed(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {error.msg} at character {error.colno}") from error


def _json(path: Path) -> Iterator[Row]:
    with path.open("rb") as stream:
        if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        start = stream.tell()
        if stream.read(PEEK_BYTES).lstrip()[:1] == b"{":
            raise TypeError("it is one object; a list of objects was expected: [{…}, {…}]")
        stream.seek(start)
        for number, item in enumerate(ijson.items(stream, "item", use_float=True), start=1):
            yield _object(item, number)


def _object(item: Any, number: int) -> Row:
    if not isinstance(item, dict):
        raise TypeError(f"item {number} is not an object with named fields")
    return item


def _parquet(path: Path) -> Iterator[Row]:
    for batch in pq.ParquetFile(path).iter_batches(batch_size=PARQUET_ROWS):
        yield from batch.to_pylist()


READERS = {".csv": _csv, ".jsonl": _json_lines, ".json": _json, ".parquet": _parquet}


def expected_rows(path: Path) -> int | None:
    """Return about how many rows a file holds, for a progress bar; None where that is unknown."""
    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            return int(pq.read_metadata(path).num_rows)
        if ending in (".csv", ".jsonl"):
            with path.open("rb") as stream:
                lines = sum(part.count(b"\n") for part in iter(lambda: stream.read(1 << 20), b""))
            return lines - (ending == ".csv")  # line ends inside quotes count too: about
    except (OSError, ValueError):
        return None  # the reader will say what is wrong
    return None
