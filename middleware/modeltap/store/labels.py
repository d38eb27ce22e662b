"""Ground truth: late, repeated, corrected. All versions are kept, the last one counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from modeltap.clock import now
from modeltap.errors import InputError


def insert_labels(
    connection: sqlite3.Connection, labels: Iterable[tuple[str, int, object]], *, source: str
) -> int:
    """Insert ``(exchange id, row, value)`` inside the caller's transaction; return how many."""
    received = now()
    rows = [(id_, row, _storable(value), source, received) for id_, row, value in labels]
    connection.executemany(
        "insert into labels (exchange_id, row, value, source, received_at) values (?, ?, ?, ?, ?)",
        rows,
    )
    return len(rows)


def _storable(value: object) -> object:
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (int, float, str)):
        return value
    raise InputError(f"label {value!r} is a {type(value).__name__}; give a number or a string")
