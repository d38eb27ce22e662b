"""Rows by the values of the features that labels name them by, and the joining of such labels."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.store.label_sources import is_truth
from modeltap.store.labels import storable_label
from modeltap.store.text import storable_text

_MAX_VALUE = 1000
"""Characters: a longer value is a document, which no label names."""

_IS_WAITING = "l.exchange_id = '' and l.feature is not null"


class KeyFeature(NamedTuple):
    """A feature of a model by whose values labels name rows.

    `read_to` is the last exchange (by `seq`) whose rows are known.
    """

    model: str
    feature: str
    read_to: int


class KeyedRow(NamedTuple):
    """The value of the feature in a row, as `key_text` writes it."""

    value: str
    exchange_id: str
    row: int


def key_text(value: Any) -> str | None:
    """Return a feature's value as text, equal for 41, 41.0 and "41"; None if it names no row.

    >>> key_text(41.0), key_text(" a-7 "), key_text("007"), key_text(True), key_text(["a"])
    ('41', 'a-7', '007', 'true', None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, (str, int, float)) or value != value:  # NaN differs from itself
        return None
    text = storable_text(str(value)).strip()
    return text if 0 < len(text) <= _MAX_VALUE else None


def waiting_features(connection: sqlite3.Connection) -> list[KeyFeature]:
    """Return the features by which labels wait for their rows."""
    rows = connection.execute(
        "select distinct l.model, l.feature, ifnull(k.read_to, 0) from labels l "
        "left join key_features k on k.model = l.model and k.feature = l.feature "
        f"where {_IS_WAITING}"
    )
    return [KeyFeature(*row) for row in rows]


def known_feature(connection: sqlite3.Connection, model: str, feature: str) -> KeyFeature:
    """Return a feature and the last exchange whose rows are known, 0 if it was never read."""
    row = connection.execute(
        "select read_to from key_features where model = ? and feature = ?", (model, feature)
    ).fetchone()
    return KeyFeature(model, feature, 0 if row is None else row[0])


def newest_waiting(connection: sqlite3.Connection) -> int:
    """Return the `seq` of the newest label that waits for its row; 0 if there is none."""
    row = connection.execute(f"select max(l.seq) from labels l where {_IS_WAITING}").fetchone()
    return row[0] or 0


def add_row_keys(
    connection: sqlite3.Connection, known: KeyFeature, keys: Iterable[KeyedRow], read_to: int
) -> int:
    """Add rows of the exchanges after `known.read_to`, up to `read_to`; return their number.

    Runs inside the caller's transaction.
    """
    added = connection.executemany(
        "insert or ignore into row_keys (model, feature, value, exchange_id, row) "
        "values (?, ?, ?, ?, ?)",
        ((known.model, known.feature, *key) for key in keys),
    ).rowcount
    connection.execute(
        "insert or replace into key_features (model, feature, read_to) values (?, ?, ?)",
        (known.model, known.feature, read_to),
    )
    return max(0, added)


def join_by_features(connection: sqlite3.Connection) -> int:
    """Assign waiting labels to the rows that have the feature's value; return their number.

    A value that several rows have names none of them. Runs inside the caller's transaction.
    """
    matches = connection.execute(
        "select l.seq, min(k.exchange_id), min(k.row) from labels l "
        "cross join row_keys k on k.model = l.model and k.feature = l.feature and k.value = l.key "
        f"where {_IS_WAITING} group by l.seq having count(*) = 1 order by l.seq"
    ).fetchall()
    for seq, exchange_id, row in matches:
        connection.execute(
            "insert into labels (exchange_id, row, key, feature, value, source, model, "
            "labelled_at, received_at) select ?, ?, key, feature, value, source, model, "
            "labelled_at, received_at from labels where seq = ? and not exists (select 1 "
            "from labels last where last.seq = (select max(seq) from labels "
            f"where exchange_id = ? and row = ? and {is_truth('labels')}) "
            "and last.value is labels.value)",
            (exchange_id, row, seq, exchange_id, row),
        )
        connection.execute("delete from labels where seq = ?", (seq,))
    return len(matches)


class FeatureLabel(NamedTuple):
    """A label that names its row by the value of a feature."""

    key: str
    value: object
    labelled_at: str | None = None


def insert_by_feature(
    connection: sqlite3.Connection,
    labels: Iterable[FeatureLabel],
    *,
    model: str,
    feature: str,
    source: str,
) -> None:
    """Insert labels that wait for the row with the feature's value, inside the transaction.

    A label that repeats the last one with its key is not inserted again.
    """
    received_at = now()
    for label in labels:
        value = storable_label(label.value)
        connection.execute(
            "insert into labels (exchange_id, row, key, feature, value, source, model, "
            "labelled_at, received_at) select '', 0, :key, :feature, :value, :source, :model, "
            ":labelled_at, :received_at where not exists (select 1 from labels last where "
            "last.seq = (select max(l.seq) from labels l where l.feature = :feature "
            "and l.key = :key and l.model = :model) and last.value is :value)",
            {
                "key": label.key,
                "feature": feature,
                "value": value,
                "source": source,
                "model": model,
                "labelled_at": label.labelled_at,
                "received_at": received_at,
            },
        )


def rows_with(
    connection: sqlite3.Connection, model: str, feature: str, keys: Iterable[str]
) -> dict[str, int]:
    """Return for each value of a feature the number of known rows that have it: 0, 1 or 2.

    2 stands for several.
    """
    rows = connection.execute(
        "select n.value, (select count(*) from (select 1 from row_keys k where k.model = ? "
        "and k.feature = ? and k.value = n.value limit 2)) from json_each(?) n",
        (model, feature, json.dumps(list(keys))),
    )
    return dict(rows.fetchall())
