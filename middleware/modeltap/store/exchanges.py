"""Exchanges: writing, counting and finding their rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import cache

import msgspec
from msgspec.structs import astuple


class CommonColumns(msgspec.Struct, kw_only=True, gc=False):
    """The columns that most exchanges fill."""

    id: str
    model: str
    version: str = ""
    source: str
    method: str | None = None
    path: str | None = None
    route: str | None = None
    status: int | None = None
    started_at: str
    event_time: str | None = None
    headers_ms: float | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    request_type: str | None = None
    response_type: str | None = None
    request_body: str | bytes | None = None
    response_body: str | bytes | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    request_read: bool | None = None
    sample_rate: float | None = None
    pid: int | None = None
    host: str | None = None


class ExchangeRow(CommonColumns, kw_only=True, gc=False):
    """A row of `exchanges` as the capture path writes it; fields are named after columns.

    The analyzer fills `decoded`, `decode_note` and `protocol_id`. The columns below are null for
    most exchanges and are then left out of the statement, because SQLite's time per row depends
    mostly on the number of columns.
    """

    environment: str | None = None
    query: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    request_encoding: str | None = None
    response_encoding: str | None = None
    request_note: str | None = None
    response_note: str | None = None
    request_truncated: bool | None = None
    response_truncated: bool | None = None
    aborted: bool | None = None
    request_headers: str | None = None
    response_headers: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    stream: str | None = None


COMMON_COLUMNS = CommonColumns.__struct_fields__
EXCHANGE_COLUMNS = ExchangeRow.__struct_fields__
_COMMON = len(COMMON_COLUMNS)  # fields of the base class come first
_NO_RARE_VALUES = (None,) * (len(EXCHANGE_COLUMNS) - _COMMON)


@cache
def _insert(columns: tuple[str, ...]) -> str:
    # An existing id (the same file imported twice) is left unchanged.
    return (
        f"insert or ignore into exchanges ({','.join(columns)}) "
        f"values ({','.join('?' * len(columns))})"
    )


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[ExchangeRow]) -> None:
    """Insert `rows` inside the caller's transaction, except those with an existing id."""
    values = list(map(astuple, rows))
    if all(row[_COMMON:] == _NO_RARE_VALUES for row in values):
        connection.executemany(_insert(COMMON_COLUMNS), [row[:_COMMON] for row in values])
    else:
        connection.executemany(_insert(EXCHANGE_COLUMNS), values)


def newest_exchange(connection: sqlite3.Connection) -> int:
    """Return the `seq` of the last exchange, 0 if there is none."""
    return connection.execute("select max(seq) from exchanges").fetchone()[0] or 0


def newest_start(connection: sqlite3.Connection) -> str | None:
    """Return the start time of the last request; None if there is no exchange."""
    started_at: str | None = connection.execute("select max(started_at) from exchanges").fetchone()[
        0
    ]
    return started_at


def newest_is_imported(connection: sqlite3.Connection, model: str) -> bool | None:
    """Return True if a model's last exchange was imported; None if it has no exchange."""
    row = connection.execute(
        "select source = 'import' or method is 'IMPORT' from exchanges where model = ? "
        "order by seq desc limit 1",
        (model,),
    ).fetchone()
    return None if row is None else bool(row[0])


def count_exchanges(
    connection: sqlite3.Connection, model: str | None = None, until: int | None = None
) -> int:
    """Return the number of exchanges of `model`, or of all models, up to the `seq` `until`."""
    if model is None and until is None:
        return int(connection.execute("select count(*) from exchanges").fetchone()[0])
    row = connection.execute(
        "select count(*) from exchanges where (? is null or seq <= ?) and (? is null or model = ?)",
        (until, until, model, model),
    ).fetchone()
    return int(row[0])


def has_exchange(connection: sqlite3.Connection, id_: str) -> bool:
    """Return True if the store has an exchange with this id."""
    row = connection.execute("select 1 from exchanges where id = ?", (id_,)).fetchone()
    return row is not None


def known_exchanges(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Return those of these ids that the store has exchanges of."""
    rows = connection.execute(
        "select e.id from json_each(?) n cross join exchanges e on e.id = n.value",
        (json.dumps(ids),),
    )
    return {row[0] for row in rows}


def find_full_exchanges(connection: sqlite3.Connection, id_: str) -> list[sqlite3.Row]:
    """Return the exchange with this id, or up to two matches by id prefix or by request id.

    Rows contain all columns.
    """
    for where, parameters in (
        ("id = ?", (id_,)),
        ("id >= ? and id < ? limit 2", (id_, id_ + "\U0010ffff")),
        ("request_id = ? limit 2", (id_,)),
    ):
        rows = connection.execute(f"select * from exchanges where {where}", parameters).fetchall()
        if rows:
            return rows
    return []


def last_full_exchanges(
    connection: sqlite3.Connection, model: str | None, limit: int
) -> list[sqlite3.Row]:
    """Return the last `limit` exchanges of `model`, or of all models, with all columns."""
    return connection.execute(
        "select * from (select * from exchanges where (? is null or model = ?) "
        "order by seq desc limit ?) order by seq",
        (model, model, limit),
    ).fetchall()


def full_exchanges_after(
    connection: sqlite3.Connection, model: str | None, seq: int
) -> list[sqlite3.Row]:
    """Return the exchanges of `model`, or of all models, after `seq`, with all columns."""
    return connection.execute(
        "select * from exchanges where seq > ? and (? is null or model = ?) order by seq",
        (seq, model, model),
    ).fetchall()
