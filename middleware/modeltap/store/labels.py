"""Ground truth: late, repeated, corrected. All versions are kept, the last one counts."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable

from modeltap.clock import now
from modeltap.errors import InputError
from modeltap.store.text import storable_text


def insert_labels(
    connection: sqlite3.Connection, labels: Iterable[tuple[str, int, object]], *, source: str
) -> int:
    """Insert ``(exchange id, row, value)`` inside the caller's transaction; return how many."""
    received = now()
    rows = [(id_, row, storable_label(value), source, received) for id_, row, value in labels]
    connection.executemany(
        "insert into labels (exchange_id, row, value, source, received_at) values (?, ?, ?, ?, ?)",
        rows,
    )
    return len(rows)


def note_label_days(connection: sqlite3.Connection, after: int) -> None:
    """Add labels of a number above `after` to their models' days, in the caller's transaction."""
    _add_days(connection, "labels l", "l.seq > ?", (after,))


def _add_days(
    connection: sqlite3.Connection, source: str, where: str, values: tuple[object, ...]
) -> None:
    connection.execute(
        "insert into label_days (model, day, labels, last_at) "
        f"select p.model, substr(l.received_at, 1, 10), count(*), max(l.received_at) from {source} "
        "cross join predictions p on p.exchange_id = l.exchange_id and p.row = l.row "
        f"where {where} group by 1, 2 "
        "on conflict (model, day) do update set labels = labels + excluded.labels, "
        "last_at = max(last_at, excluded.last_at)",
        values,
    )


def early_labels(
    connection: sqlite3.Connection, exchange_ids: Iterable[str], newest: int
) -> list[str]:
    """Return those of the exchanges that have labels up to the number `newest`."""
    if not newest:
        return []
    rows = connection.execute(
        "select distinct l.exchange_id from json_each(?) e "
        "cross join labels l on l.exchange_id = e.value where l.seq <= ?",
        (json.dumps(list(exchange_ids)), newest),
    )
    return [row[0] for row in rows]


def note_early_days(
    connection: sqlite3.Connection, exchange_ids: Iterable[str], newest: int
) -> None:
    """Add the labels, up to `newest`, of exchanges that came after them, as `note_label_days`."""
    _add_days(
        connection,
        "json_each(?) e cross join labels l on l.exchange_id = e.value",
        "l.seq <= ?",
        (json.dumps(list(exchange_ids)), newest),
    )


def storable_label(value: object) -> object:
    """Return a label as the store holds it; raises `InputError` for what is no value.

    An integer beyond 64 bits becomes a text.

    >>> storable_label(True), storable_label(2**70), storable_label(1.5)
    ('true', '1180591620717411303424', 1.5)
    """
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"label {value} is no finite number")
    if value is None or isinstance(value, (int, float)):
        return value
    raise InputError(f"label {value!r} is a {type(value).__name__}; give a number or a string")
