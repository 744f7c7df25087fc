"""Write many rows at once with PostgreSQL's COPY: several times faster than INSERT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.utils import timezone


def copy_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Add rows whose values are those of `columns`; the other columns take their defaults.

    Must run inside a transaction. Like `bulk_create` it calls no `save` and sends no signal.
    """
    meta = model._meta
    rest = [
        field
        for field in meta.concrete_fields
        if field.column not in columns and not (field.primary_key and field.db_returning)
    ]
    defaults = [_default(field) for field in rest]
    quoted = ", ".join(
        connection.ops.quote_name(str(column))
        for column in [*columns, *(field.column for field in rest)]
    )
    statement = f"COPY {connection.ops.quote_name(meta.db_table)} ({quoted}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([*row, *defaults])


def _default(field: models.Field[Any, Any]) -> Any:
    if getattr(field, "auto_now_add", False):
        return timezone.now()
    return field.get_db_prep_save(field.get_default(), connection)


def reserve_ids(model: type[models.Model], n: int) -> list[int]:
    """Take `n` new numbers for the primary key of a model, so that its rows can be named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, n],
        )
        return [number for (number,) in cursor.fetchall()]
