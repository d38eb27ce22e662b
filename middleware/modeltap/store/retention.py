"""Keeping the store bounded, by age and by size: the oldest exchanges go, their counts stay.

Windows, metrics, alerts and references are small and are kept. Only what the analyzer has
counted goes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap import clock
from modeltap.config.retention import Retention
from modeltap.store.connection import writing
from modeltap.store.label_targets import delete_waiting, waiting_labels
from modeltap.store.watermarks import advance, watermark

_CHUNK = 500
"""Exchanges a transaction, so that no writer waits for long."""

_VACUUM_PAGES = 2000
"""Pages freed a transaction, so that no writer waits for long."""

_ROOM = 0.9
"""A store that has outgrown its size shrinks to this share of it, so as not to be back at once."""


class ExchangeKey(NamedTuple):
    """The two keys of an exchange; one that is still unmatched has the `seq` 0."""

    seq: int
    id: str


def prune(connection: sqlite3.Connection, kept: Retention, seen: int, now: float) -> int:
    """Delete the exchanges that are too old, or too many, with their predictions and labels.

    Args:
        kept: for how long, and how much.
        seen: the last exchange (by `seq`) that was counted.
        now: Unix seconds.

    Returns how many exchanges went, and unmatched requests and responses. What was imported has no
    age, as its times are its own; what waits for its other side has that of its arrival.
    """
    deleted = 0
    if kept.seconds is not None:
        limit = clock.iso(now - kept.seconds)
        deleted += _prune_old(connection, limit, seen) + _prune_unmatched(connection, limit)
    if kept.bytes is not None and size(connection) > kept.bytes:
        deleted += _prune_until(connection, kept.bytes * _ROOM, seen)
    if deleted:
        release_free_pages(connection)
    return deleted


def size(connection: sqlite3.Connection) -> int:
    """Return the bytes that the store's pages hold, without those that are free."""

    def pragma(name: str) -> int:
        return int(connection.execute(f"pragma {name}").fetchone()[0])

    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")


def _prune_old(connection: sqlite3.Connection, limit: str, seen: int) -> int:
    deleted = 0
    while True:
        # Imported rows stay: they are passed once, not each time.
        passed = after = watermark(connection, "purged")
        old: list[ExchangeKey] = []
        rows = connection.execute(
            "select seq, id, source = 'import' or method is 'IMPORT', started_at from exchanges "
            "where seq > ? and seq <= ? order by seq limit ?",
            (passed, seen, _CHUNK),
        ).fetchall()
        for seq, id_, imported, started_at in rows:
            if not imported:
                if started_at >= limit:
                    break
                old.append(ExchangeKey(seq, id_))
            after = seq
        if after == passed:
            return deleted
        with writing(connection):
            advance(connection, "purged", passed, after)
            delete(connection, old)
        deleted += len(old)


def _prune_unmatched(connection: sqlite3.Connection, limit: str) -> int:
    if connection.execute("select 1 from unmatched where received_at < ?", (limit,)).fetchone():
        with writing(connection):
            return connection.execute(
                "delete from unmatched where received_at < ?", (limit,)
            ).rowcount
    return 0


def _prune_until(connection: sqlite3.Connection, bound: float, seen: int) -> int:
    deleted = 0
    while size(connection) > bound:
        oldest = connection.execute(
            "select seq, id from exchanges where seq <= ? order by seq limit ?", (seen, _CHUNK)
        ).fetchall()
        if not oldest:
            break
        with writing(connection):
            delete(connection, [ExchangeKey(*row) for row in oldest])
        deleted += len(oldest)
    return deleted


def delete(connection: sqlite3.Connection, exchanges: Sequence[ExchangeKey]) -> None:
    """Delete exchanges and what belongs to them, inside the caller's transaction."""
    ids = [(key.id,) for key in exchanges]
    waiting = waiting_labels(connection, [key.id for key in exchanges])
    connection.executemany("delete from labels where exchange_id = ?", ids)
    connection.executemany("delete from predictions where exchange_id = ?", ids)
    connection.executemany("delete from rejected_times where exchange_id = ?", ids)
    connection.executemany("delete from exchanges where seq = ?", [(key.seq,) for key in exchanges])
    delete_waiting(connection, waiting)


def release_free_pages(connection: sqlite3.Connection) -> None:
    """Give free pages back to the file system, a few at a time."""
    while connection.execute("pragma freelist_count").fetchone()[0]:
        # `execute` would free one page only: the pragma gives a row for each.
        connection.executescript(f"pragma incremental_vacuum({_VACUUM_PAGES})")
    connection.execute("pragma wal_checkpoint(passive)").fetchall()


def overwrite_deleted(connection: sqlite3.Connection) -> None:
    """Let this connection overwrite with zeros what it deletes."""
    connection.execute("pragma secure_delete = on")


def empty_log(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and empty it; False while a reader needs it."""
    return not connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
