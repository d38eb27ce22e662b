"""Rows of the table `exchanges`, and writing them inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache

import msgspec
from msgspec.structs import astuple


class UsualColumns(msgspec.Struct, kw_only=True, gc=False):
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


class ExchangeRow(UsualColumns, kw_only=True, gc=False):
    """What the capture path writes of an exchange; each field is the column of its name.

    `decoded`, `decode_note` and `protocol_id` are the analyzer's. The columns below are null for
    most exchanges, and then left out of the statement: SQLite's time for a row is mostly its
    count of columns.
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


USUAL_COLUMNS = UsualColumns.__struct_fields__
EXCHANGE_COLUMNS = ExchangeRow.__struct_fields__
_USUAL = len(USUAL_COLUMNS)  # fields of the base come first
_NOTHING_RARE = (None,) * (len(EXCHANGE_COLUMNS) - _USUAL)


@cache
def _insert(columns: tuple[str, ...]) -> str:
    # An id that is there already (the same file imported twice) is left as it is.
    return (
        f"insert or ignore into exchanges ({','.join(columns)}) "
        f"values ({','.join('?' * len(columns))})"
    )


def insert_exchanges(connection: sqlite3.Connection, rows: Sequence[ExchangeRow]) -> None:
    """Insert `rows`; one whose id is in the store already is left out."""
    values = list(map(astuple, rows))
    if all(row[_USUAL:] == _NOTHING_RARE for row in values):
        connection.executemany(_insert(USUAL_COLUMNS), [row[:_USUAL] for row in values])
    else:
        connection.executemany(_insert(EXCHANGE_COLUMNS), values)
