"""Erasing a person's values from stored texts, window extremes and labels."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from modeltap.store.connection import file_of
from modeltap.store.references import StoredReference
from modeltap.store.retention import ExchangeKey, size

_IDS_PER_QUERY = 500
"""SQLite supports at least 999 parameters per query."""

_MAX_REWRITTEN = 1_000_000_000
"""The largest store, in bytes, that is rewritten. Rewriting takes seconds, during which writers
wait and the tap queues exchanges in memory, and needs as much free disk space."""

_OF_EXCHANGE = (
    "path",
    "query",
    "route",
    "error_type",
    "error_message",
    "request_type",
    "response_type",
    "request_headers",
    "response_headers",
    "request_id",
    "trace_id",
    "stream",
    "protocol_id",
)
_OF_UNMATCHED = ("path", "type", "request_headers", "request_id")
_BY_ALERT = "alert_id in (select id from alerts where model = :model)"
_BY_ALERTS = (
    # A digest covers all models; the model of another message is that of its alerts.
    "(alert_ids = '[]' or exists (select 1 from alerts, json_each(alert_ids) "
    "where alerts.id = json_each.value and alerts.model = :model))"
)
_BY_NOTE = (
    "exists (select 1 from exchanges e where e.seq between first_seq and last_seq "
    "and e.model = :model)"
)
_BY_DELIVERY = f"delivery_id in (select id from deliveries where {_BY_ALERTS})"


class TextColumn(NamedTuple):
    """A text column that may contain a value; `of_model` selects the rows about a model."""

    table: str
    name: str
    of_model: str


TEXTS: tuple[TextColumn, ...] = (
    *(TextColumn("exchanges", name, "model = :model") for name in _OF_EXCHANGE),
    *(TextColumn("unmatched", name, "model = :model") for name in _OF_UNMATCHED),
    TextColumn("decode_notes", "note", _BY_NOTE),
    TextColumn("candidate_requests", "error", "model = :model"),
    TextColumn("alert_history", "note", _BY_ALERT),
    TextColumn("silences", "reason", "(model is null or model = :model)"),
    TextColumn("deliveries", "last_error", _BY_ALERTS),
    TextColumn("delivery_attempts", "error", _BY_DELIVERY),
    TextColumn("child_runs", "log", ":model <> ''"),
    TextColumn("retrainings", "log", "model = :model"),
    TextColumn("retrainings", "message", "model = :model"),
)
"""Texts from the app, from clients, from users and from logs."""

SENTENCES: tuple[TextColumn, ...] = (
    TextColumn("metrics", "explanation", "model = :model"),
    TextColumn("alerts", "summary", "model = :model"),
)
"""Sentences written by the analysis, which quote values."""

SEGMENTS: tuple[TextColumn, ...] = (
    TextColumn("metrics", "segment", "model = :model"),
    TextColumn("alerts", "segment", "model = :model"),
)
"""Names of groups, which are values of rows."""

MESSAGES: tuple[TextColumn, ...] = (
    TextColumn("deliveries", "body", _BY_ALERTS),
    TextColumn("retrainings", "comparison", "model = :model"),
)
"""JSON that contains such sentences or names of groups, and ids of exchanges."""

EXAMPLES: tuple[TextColumn, ...] = (
    TextColumn("metrics", "examples", "model = :model"),
    TextColumn("alerts", "examples", "model = :model"),
)
"""JSON: ids of exchanges."""


class StoredText(NamedTuple):
    """The text of one row in a `TextColumn`."""

    rowid: int
    text: str


def texts_in(
    connection: sqlite3.Connection, column: TextColumn, model: str
) -> Iterator[StoredText]:
    """Yield the texts of a column that are about `model`."""
    rows = connection.execute(
        f"select rowid, {column.name} from {column.table} "
        f"where {column.name} is not null and {column.of_model}",
        {"model": model},
    )
    for row in rows:
        yield StoredText(*row)


def put_text(
    connection: sqlite3.Connection, column: TextColumn, old: StoredText, text: str
) -> None:
    """Replace the `old` text if it is unchanged, inside the caller's transaction.

    Of two groups that are no longer distinct, one remains.
    """
    connection.execute(
        f"update or replace {column.table} set {column.name} = ? "
        f"where rowid = ? and {column.name} = ?",
        (text, *old),
    )


class CallerIds(NamedTuple):
    """The ids of an exchange that its caller knows."""

    request_id: str | None
    trace_id: str | None
    protocol_id: str | None


def caller_ids(connection: sqlite3.Connection, exchanges: Collection[ExchangeKey]) -> set[str]:
    """Return all ids of exchanges: their own and those known to their callers."""
    ids = [exchange.id for exchange in exchanges]
    all_ids = set(ids)
    for start in range(0, len(ids), _IDS_PER_QUERY):
        part = ids[start : start + _IDS_PER_QUERY]
        rows = connection.execute(
            f"select {', '.join(CallerIds._fields)} from exchanges "
            f"where id in ({', '.join('?' * len(part))})",
            part,
        )
        all_ids |= {id_ for row in rows for id_ in row if id_}
    return all_ids


def labels_without_exchange(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str, str]]:
    """Yield `seq`, exchange id, key and value (as text) of labels that have no exchange."""
    rows = connection.execute(
        "select seq, exchange_id, ifnull(key, ''), cast(ifnull(value, '') as text) from labels l "
        "where not exists (select 1 from exchanges e where e.id = l.exchange_id)"
    )
    for row in rows:
        yield tuple(row)


def delete_labels(connection: sqlite3.Connection, numbers: Collection[int]) -> None:
    """Delete the labels with these `seq` numbers, inside the caller's transaction."""
    connection.executemany("delete from labels where seq = ?", [(seq,) for seq in numbers])


def label_values(connection: sqlite3.Connection, exchange_ids: Collection[str]) -> list[object]:
    """Return the values of all labels of the given exchanges."""
    rows = connection.execute(
        "select l.value from json_each(?) e cross join labels l on l.exchange_id = e.value",
        (json.dumps(list(exchange_ids)),),
    )
    return [row[0] for row in rows]


def put_payload(connection: sqlite3.Connection, reference: StoredReference) -> None:
    """Write a reference's payload, inside the caller's transaction."""
    connection.execute(
        'update "references" set payload = ? where id = ?', (reference.payload, reference.id)
    )


class WindowExtremes(NamedTuple):
    """A window's key, its smallest and largest values, and its new fields."""

    version: str
    window: str
    window_start: str
    extremes: bytes
    fields: str


def window_extremes(
    connection: sqlite3.Connection, model: str, reference_id: str
) -> Iterator[WindowExtremes]:
    """Yield the windows that were counted with the bins of a reference."""
    rows = connection.execute(
        f"select {', '.join(WindowExtremes._fields)} from windows "
        "where model = ? and reference_id = ?",
        (model, reference_id),
    )
    for row in rows:
        yield WindowExtremes(*row)


def put_window_extremes(
    connection: sqlite3.Connection,
    model: str,
    reference_id: str,
    windows: Collection[WindowExtremes],
) -> None:
    """Write the extremes and new fields of windows, inside the caller's transaction."""
    connection.executemany(
        "update windows set extremes = ?, fields = ? where model = ? and reference_id = ? "
        "and version = ? and window = ? and window_start = ?",
        [(window.extremes, window.fields, model, reference_id, *window[:3]) for window in windows],
    )


def settings_of(connection: sqlite3.Connection, model: str) -> list[tuple[str, str]]:
    """Return a model's settings as pairs of key and JSON value."""
    rows = connection.execute("select key, value from settings where model = ?", (model,))
    return [tuple(row) for row in rows]


def rewrite(connection: sqlite3.Connection) -> bool:
    """Rewrite the file without the remains of deleted rows in its pages.

    SQLite overwrites deleted rows only on request, which retention does not make, and never the
    copies that it left when it moved rows between pages.

    Returns False if the file is too large, is in use, or the disk lacks space.
    """
    if size(connection) > _MAX_REWRITTEN:
        return False
    try:
        connection.execute("vacuum")
    except sqlite3.OperationalError:
        return False
    return True


def damaged_files(connection: sqlite3.Connection) -> list[Path]:
    """Return the damaged stores that were moved aside, next to this store."""
    file = file_of(connection)
    return sorted(file.parent.glob(f"{file.name}.damaged-*"))
