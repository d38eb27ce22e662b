"""Erasing a value from what is left of a person: from texts, extremes and labels of their own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from modeltap.store.references import StoredReference
from modeltap.store.retention import ExchangeKey, size

_IDS_PER_QUERY = 500
"""SQLite takes 999 parameters at least."""

_MOST_REWRITTEN = 1_000_000_000
"""Bytes of a store that is written anew: some seconds, in which writers wait, and as much room
on the disk. The tap keeps what comes meanwhile in memory."""

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
    "decode_note",
    "protocol_id",
)
_OF_UNMATCHED = ("path", "type", "request_headers", "request_id")
_BY_ALERT = "alert_id in (select id from alerts where model = :model)"
_BY_ALERTS = (
    # A digest speaks of all models; of other messages the alerts tell whose they are.
    "(alert_ids = '[]' or exists (select 1 from alerts, json_each(alert_ids) "
    "where alerts.id = json_each.value and alerts.model = :model))"
)


class TextColumn(NamedTuple):
    """A column with words that may name a value; `of_model` selects the rows about a model."""

    table: str
    name: str
    of_model: str


TEXTS: tuple[TextColumn, ...] = (
    *(TextColumn("exchanges", name, "model = :model") for name in _OF_EXCHANGE),
    *(TextColumn("unmatched", name, "model = :model") for name in _OF_UNMATCHED),
    TextColumn("alert_history", "note", _BY_ALERT),
    TextColumn("silences", "reason", "(model is null or model = :model)"),
    TextColumn("deliveries", "last_error", _BY_ALERTS),
    TextColumn("child_runs", "log", ":model <> ''"),
)
"""Words of the app, of clients, of people and of logs."""

SENTENCES: tuple[TextColumn, ...] = (
    TextColumn("metrics", "explanation", "model = :model"),
    TextColumn("alerts", "summary", "model = :model"),
)
"""Sentences of the analysis, which quote values."""

MESSAGES = TextColumn("deliveries", "body", _BY_ALERTS)
"""JSON with such sentences, and with ids of exchanges."""

EXAMPLES: tuple[TextColumn, ...] = (
    TextColumn("metrics", "examples", "model = :model"),
    TextColumn("alerts", "examples", "model = :model"),
)
"""JSON: ids of exchanges."""


class StoredText(NamedTuple):
    """One row's text in a `TextColumn`."""

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
    """Write a text in the place of the `old` one, if that is still there, in the transaction."""
    connection.execute(
        f"update {column.table} set {column.name} = ? where rowid = ? and {column.name} = ?",
        (text, *old),
    )


class CallerIds(NamedTuple):
    """The ids by which callers know an exchange."""

    request_id: str | None
    trace_id: str | None
    protocol_id: str | None


def caller_ids(connection: sqlite3.Connection, exchanges: Collection[ExchangeKey]) -> set[str]:
    """Return all ids of exchanges, their own and their callers'."""
    ids = [one.id for one in exchanges]
    found = set(ids)
    for start in range(0, len(ids), _IDS_PER_QUERY):
        part = ids[start : start + _IDS_PER_QUERY]
        rows = connection.execute(
            f"select {', '.join(CallerIds._fields)} from exchanges "
            f"where id in ({', '.join('?' * len(part))})",
            part,
        )
        found |= {id_ for row in rows for id_ in row if id_}
    return found


def labels_without_exchange(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str, str]]:
    """Yield `seq`, exchange id, key and value (as texts) of labels whose exchange never came."""
    rows = connection.execute(
        "select seq, exchange_id, ifnull(key, ''), cast(ifnull(value, '') as text) from labels l "
        "where not exists (select 1 from exchanges e where e.id = l.exchange_id)"
    )
    for row in rows:
        yield tuple(row)


def delete_labels(connection: sqlite3.Connection, numbers: Collection[int]) -> None:
    """Delete the labels with these numbers (`seq`), inside the caller's transaction."""
    connection.executemany("delete from labels where seq = ?", [(one,) for one in numbers])


def label_values(connection: sqlite3.Connection, exchange_ids: Collection[str]) -> list[object]:
    """Return the values of all labels of exchanges."""
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
    """A window's key, the smallest and largest values in it, and its new fields."""

    version: str
    window: str
    window_start: str
    extremes: bytes
    fields: str


def window_extremes(
    connection: sqlite3.Connection, model: str, reference_id: str
) -> Iterator[WindowExtremes]:
    """Yield the windows that were counted under a reference."""
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
        [(one.extremes, one.fields, model, reference_id, *one[:3]) for one in windows],
    )


def settings_of(connection: sqlite3.Connection, model: str) -> list[tuple[str, str]]:
    """Return the keys and values (JSON) of a model's settings."""
    rows = connection.execute("select key, value from settings where model = ?", (model,))
    return [tuple(row) for row in rows]


def rewrite(connection: sqlite3.Connection) -> bool:
    """Write the file anew, without what deleted rows left in its pages.

    SQLite overwrites what it deletes only where it is told to, as retention does not, and never
    the copies that it made when it moved rows from page to page.

    Returns False where the file is large, others use it or the disk has no room.
    """
    if size(connection) > _MOST_REWRITTEN:
        return False
    try:
        connection.execute("vacuum")
    except sqlite3.OperationalError:
        return False
    return True


def damaged_files(connection: sqlite3.Connection) -> list[Path]:
    """Return the files beside the store that were put aside as damaged."""
    file = Path(connection.execute("pragma database_list").fetchone()[2])
    return sorted(file.parent.glob(f"{file.name}.damaged-*"))
