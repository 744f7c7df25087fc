"""A page's numbers as files: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

FORMATS = ("json", "csv")


@dataclass(frozen=True)
class Export:
    """What a page shows: data for JSON, and one table for CSV."""

    name: str  # of the file, without its extension
    data: Any
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def rows_of(items: Iterable[Any]) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows of dataclass instances of one type."""
    dicts = [asdict(item) for item in items]
    header = list(dicts[0]) if dicts else []
    return header, [list(one.values()) for one in dicts]


def as_file(request: HttpRequest, make_export: Callable[[], Export]) -> HttpResponse | None:
    """Return the file that `?format=` asks for; None when it asks for the page."""
    wanted = request.GET.get("format")
    if wanted not in FORMATS:
        return None
    export = make_export()
    if wanted == "json":
        response = HttpResponse(as_json(export.data), content_type="application/json")
    else:
        response = HttpResponse(_as_csv(export), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{export.name}.csv"'
    response["Cache-Control"] = "no-cache"
    return response


def as_json(data: Any) -> str:
    """Return JSON as the commands and the pages print it."""
    return json.dumps(data, indent=2, default=str)


def _as_csv(export: Export) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(export.header)
    writer.writerows([_safe(cell) for cell in row] for row in export.rows)
    return text.getvalue()


def _safe(cell: Any) -> Any:
    """Keep a spreadsheet from taking a model's name for a formula (OWASP: CSV injection)."""
    if isinstance(cell, str):
        is_formula = cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        # Written bare, it would start a new line for a spreadsheet; csv quotes "\n" alone.
        return ("'" if is_formula else "") + cell.replace("\r", " ")
    return "" if cell is None else cell
