"""Exchanges as decoding reads them, and the protocol ids that decoding finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, NamedTuple

from modeltap.store.bodies import read_within

_IDS_PER_QUERY = 500
"""SQLite supports at least 999 parameters per query."""


class StoredExchange(NamedTuple):
    """The columns of an exchange that decoding and counting need."""

    seq: int
    id: str
    model: str
    version: str
    environment: str | None
    path: str | None
    query: str | None
    status: int | None
    request_body: str | bytes | None
    response_body: str | bytes | None
    request_type: str | None
    response_type: str | None
    request_encoding: str | None
    response_encoding: str | None
    started_at: str
    event_time: str | None
    duration_ms: float | None
    aborted: int | None
    sample_rate: float | None
    method: str | None
    request_headers: str | None
    """JSON, like `response_headers` and `stream`."""
    response_headers: str | None
    stream: str | None
    request_truncated: int | None
    response_truncated: int | None
    error_type: str | None
    """The class of the exception that the app raised."""


class ExchangeChunk(list[StoredExchange]):
    """Exchanges in order of arrival, also by column: transposed once, in half the time."""

    is_last: bool = True
    """False if the selected exchanges may go on after this chunk."""

    @cached_property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The columns by name."""
        return dict(zip(StoredExchange._fields, zip(*self, strict=True), strict=True))

    def after(self, count: int) -> ExchangeChunk:
        """Return the exchanges after the first `count`."""
        chunk = ExchangeChunk(self[count:])
        chunk.columns = {name: column[count:] for name, column in self.columns.items()}
        return chunk


def column_of(exchanges: Sequence[StoredExchange], name: str) -> Sequence[Any]:
    """Return a column of n exchanges.

    >>> column_of([], "status")
    []
    """
    if isinstance(exchanges, ExchangeChunk) and exchanges:
        return exchanges.columns[name]
    return list(map(attrgetter(name), exchanges))


def are_alike(exchanges: Sequence[StoredExchange], *names: str) -> bool:
    """Return whether the exchanges have these columns in common, as most do; False for none.

    >>> are_alike([], "status")
    False
    """
    columns = [column_of(exchanges, name) for name in names]
    return bool(exchanges) and all(column.count(column[0]) == len(column) for column in columns)


_COLUMNS = ", ".join(StoredExchange._fields)
_BODIES = tuple(map(StoredExchange._fields.index, ("request_body", "response_body")))

_exchange: Callable[[Iterable[Any]], StoredExchange] = partial(tuple.__new__, StoredExchange)
"""`StoredExchange._make` without its checks, which take a quarter of the time to read a row."""


def _select(
    connection: sqlite3.Connection, where: str, parameters: Sequence[object]
) -> ExchangeChunk:
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples, because each row is converted anyway
    cursor.execute(f"select {_COLUMNS} from exchanges where {where}", parameters)
    return ExchangeChunk(map(_exchange, cursor))


def _chunk(
    connection: sqlite3.Connection, where: str, parameters: Sequence[object], limit: int
) -> ExchangeChunk:
    """Return the first `limit` exchanges, or fewer if their bodies are large."""
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"select {_COLUMNS} from exchanges where {where} order by seq limit ?", (*parameters, limit)
    )
    part = read_within(cursor, _BODIES)
    chunk = ExchangeChunk(map(_exchange, part.rows))
    chunk.is_last = len(chunk) < limit and not part.is_cut
    return chunk


def exchanges_after(connection: sqlite3.Connection, seq: int, limit: int) -> ExchangeChunk:
    """Return the first exchanges after `seq`: `limit`, or fewer if their bodies are large."""
    return _chunk(connection, "seq > ?", (seq,), limit)


def exchanges_of_version(
    connection: sqlite3.Connection,
    model: str,
    version: str | None,
    environment: str | None,
    after: int,
    until: int,
    limit: int,
) -> ExchangeChunk:
    """Return the first exchanges of a model's version with `after` < seq <= `until`.

    There are `limit` of them, or fewer if their bodies are large; `is_last` tells the last ones.

    Args:
        version: None for all versions.
        environment: None for all environments, "" for exchanges without one.
    """
    return _chunk(
        connection,
        "seq > ? and seq <= ? and model = ? and (? is null or version = ?) "
        "and (? is null or ifnull(environment, '') = ?)",
        (after, until, model, version, version, environment, environment),
        limit,
    )


def exchanges_by_id(connection: sqlite3.Connection, ids: Iterable[str]) -> list[StoredExchange]:
    """Return the exchanges with these ids that are still in the store."""
    all_ids = list(ids)
    exchanges: list[StoredExchange] = []
    for start in range(0, len(all_ids), _IDS_PER_QUERY):
        part = all_ids[start : start + _IDS_PER_QUERY]
        exchanges += _select(connection, f"id in ({','.join('?' * len(part))}) order by seq", part)
    return exchanges


def newest_successful(
    connection: sqlite3.Connection,
    model: str,
    limit: int,
    *,
    environment: str | None = None,
    within: int | None = None,
) -> list[StoredExchange]:
    """Return the last `limit` exchanges of a model that did not fail, in order of arrival.

    Args:
        environment: None for all environments, "" for exchanges without one.
        within: search only this many of the newest exchanges of all models; None for all.
    """
    exchanges = _select(
        connection,
        "model = ? and error_type is null and (status is null or status < 300) "
        "and (? is null or ifnull(environment, '') = ?) "
        "and (? is null or seq > (select max(seq) from exchanges) - ?) "
        "order by seq desc limit ?",
        (model, environment, environment, within, within, limit),
    )
    return exchanges[::-1]


def exchange_by_protocol_id(
    connection: sqlite3.Connection, model: str, protocol_id: str
) -> StoredExchange | None:
    """Return the last exchange of a model with this protocol id; None if there is none."""
    exchanges = _select(
        connection,
        "protocol_id = ? and model = ? order by seq desc limit 1",
        (protocol_id, model),
    )
    return exchanges[0] if exchanges else None


def exchanges_up_to(
    connection: sqlite3.Connection,
    model: str | None,
    after: int,
    until: int,
    *,
    limit: int,
    max_bytes: int,
) -> list[StoredExchange]:
    """Return the first exchanges with `after` < seq <= `until`, of `model` or of all models.

    Args:
        limit: the maximum number of exchanges.
        max_bytes: reading stops once the bodies reach this size.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(
        f"select {_COLUMNS} from exchanges where seq > ? and seq <= ? "
        "and (? is null or model = ?) order by seq limit ?",
        (after, until, model, model, limit),
    )
    exchanges: list[StoredExchange] = []
    size = 0
    for exchange in map(_exchange, cursor):
        exchanges.append(exchange)
        size += len(exchange.request_body or "") + len(exchange.response_body or "")
        if size >= max_bytes:
            break
    cursor.close()  # an open cursor would prevent truncating the write-ahead log
    return exchanges


def save_protocol_ids(connection: sqlite3.Connection, ids: Iterable[tuple[int, str]]) -> None:
    """Write the protocol ids of exchanges, given by `seq`, inside the transaction."""
    connection.executemany(
        "update exchanges set protocol_id = ? where seq = ?", ((id_, seq) for seq, id_ in ids)
    )
