"""The same preimages in SQL: for the triggers, for rows from before them, and for checks.

Every function here returns SQL made from the constants of `arena.ledger.commitments` alone.
"""

from __future__ import annotations

from arena.ledger.commitments import ALL_TABLES, FORMAT, Kind

NULLABLE = {
    ("votes_vote", "voter_id"),
    ("votes_vote", "source_id"),
    ("integrity_verdict", "made_by_id"),
}
# Bytes of what is always as long (years have four digits): not written twice to be counted.
LENGTHS = {Kind.UUID: 36, Kind.TIME: 27}
_TIME = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""


def time_sql(expression: str) -> str:
    """Return SQL that writes a timestamptz as text."""
    return f"to_char({expression} AT TIME ZONE 'UTC', {_TIME})"


def content_sql(table: str, row: str) -> list[tuple[str, str]]:
    """Return each column of a table with the SQL that writes it as text; `row` is its alias."""
    return [(name, _written(kind, f"{row}.{name}")) for name, kind in ALL_TABLES[table].items()]


def preimage_sql(table: str, *, entry: str, at: str, key: str, salt: str, row: str) -> str:
    """Return SQL for the preimage of an entry, of SQL for its parts."""
    parts = [
        f"'format:{len(FORMAT)}:{FORMAT}\n'",
        *_line("entry", f"{entry}::text"),
        *_line("at", time_sql(at), LENGTHS[Kind.TIME]),
        f"'table:{len(table)}:{table}\n'",
        *_line("key", key),
        f"'salt:64:', encode({salt}, 'hex'), '\n'",
    ]
    for name, text in content_sql(table, row):
        length = LENGTHS.get(ALL_TABLES[table][name])
        if (table, name) in NULLABLE:
            counted = f"'{length}:'" if length else f"octet_length({text})::text || ':'"
            parts.append(f"'{name}:', coalesce({counted} || {text}, '-'), '\n'")
        else:
            parts += _line(name, text, length)
    return f"concat({', '.join(parts)})"


def trigger_sql(table: str) -> str:
    """Return the SQL that makes every insert into a table an entry of the ledger.

    The number of an entry is drawn inside the INSERT, when the lock on ledger_entry is held: the
    sealer counts on that.
    """
    return f"""
CREATE OR REPLACE FUNCTION ledger_enter_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_entering(table, "(SELECT NEW.*) AS r")};
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_ledger AFTER INSERT ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_enter_{table}();
"""


def remove_trigger_sql(table: str) -> str:
    """Return the SQL that takes the trigger away again."""
    return f"DROP TRIGGER {table}_ledger ON {table}; DROP FUNCTION ledger_enter_{table}();"


def backfill_sql(table: str) -> str:
    """Return the SQL that makes an entry of each row that has none."""
    rows = (
        f"(SELECT t.* FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e"  # noqa: S608
        f" WHERE e.table_name = '{table}' AND e.key = t.id::text) ORDER BY t.id) AS r"
    )
    return _entering(table, rows)


def _entering(table: str, rows: str) -> str:
    made = (
        "SELECT nextval('ledger_entry_id_seq') AS ledger_id, clock_timestamp() AS ledger_at,"  # noqa: S608
        " uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS ledger_salt,"
        f" r.* FROM {rows} OFFSET 0"  # OFFSET 0: the number and the salt are drawn once
    )
    preimage = preimage_sql(
        table,
        entry="n.ledger_id",
        at="n.ledger_at",
        key="n.id::text",
        salt="n.ledger_salt",
        row="n",
    )
    return (
        "INSERT INTO ledger_entry (id, table_name, key, salt, commitment, at)"  # noqa: S608
        f" SELECT n.ledger_id, '{table}', n.id::text, n.ledger_salt,"
        f" sha256(convert_to({preimage}, 'UTF8')), n.ledger_at FROM ({made}) AS n"
    )


def _line(name: str, text: str, length: int | None = None) -> list[str]:
    if length is not None:
        return [f"'{name}:{length}:', {text}, '\n'"]
    return [f"'{name}:', octet_length({text}), ':', {text}, '\n'"]


def _written(kind: Kind, column: str) -> str:
    if kind is Kind.TEXT:
        return column
    if kind is Kind.TIME:
        return time_sql(column)
    if kind is Kind.INTEGERS:
        return f"array_to_string({column}, ',')"
    return f"{column}::text"
