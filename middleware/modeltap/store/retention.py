"""Retention: limits the store by age and size by deleting the oldest exchanges.

Windows, metrics, alerts and references are small and are kept. Only exchanges that the analyzer
has counted are deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from modeltap import clock
from modeltap.config.validation import Retention
from modeltap.store.connection import log_line, writing
from modeltap.store.decode_notes import forget_notes
from modeltap.store.exchanges import is_imported
from modeltap.store.label_targets import delete_unknown, delete_waiting, waiting_labels
from modeltap.store.watermarks import advance, watermark
from modeltap.wording import plural

_CHUNK = 500
"""Exchanges per transaction, so that writers do not wait long."""

_VACUUM_PAGES = 2000
"""Pages freed per transaction, so that writers do not wait long."""

_ROOM = 0.9
"""A store over its size limit shrinks to this fraction of it, to avoid pruning again at once."""


_LABELS_READ = "purged_labels"
"""The watermark of labels that were old enough to delete if their exchange is unknown."""


class ExchangeKey(NamedTuple):
    """The two keys of an exchange; `seq` is 0 for an unmatched request or response."""

    seq: int
    id: str


def prune(connection: sqlite3.Connection, kept: Retention, seen: int, now: float) -> int:
    """Delete exchanges beyond the age or size limit, with their predictions and labels.

    Imported exchanges have no age limit, because their times are historical; the age of an
    unmatched request or response, and of a label whose exchange never came, counts from its
    arrival. The number of such labels is logged.

    Args:
        kept: the age and size limits.
        seen: the last exchange (by `seq`) that was counted.
        now: Unix seconds.

    Returns the number of deleted exchanges and unmatched requests and responses.
    """
    deleted = 0
    if kept.seconds is not None:
        limit = clock.iso(now - kept.seconds)
        deleted += _prune_old(connection, limit, seen) + _prune_unmatched(connection, limit)
        labels = _prune_unknown_labels(connection, limit)
        if labels:
            log_line(f"{plural(labels, 'label')} deleted: no exchange had their id before {limit}")
    if kept.bytes is not None and size(connection) > kept.bytes:
        deleted += _prune_until(connection, kept.bytes * _ROOM, seen)
    if deleted:
        release_free_pages(connection)
    return deleted


def size(connection: sqlite3.Connection) -> int:
    """Return the size of the store's pages in bytes, without free pages."""

    def pragma(name: str) -> int:
        return int(connection.execute(f"pragma {name}").fetchone()[0])

    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")


def _prune_old(connection: sqlite3.Connection, limit: str, seen: int) -> int:
    deleted = 0
    while True:
        # Imported rows stay; the watermark skips them, so that they are read only once.
        passed = after = watermark(connection, "purged")
        old: list[ExchangeKey] = []
        rows = connection.execute(
            f"select seq, id, {is_imported('exchanges')}, started_at from exchanges "
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


def _prune_unknown_labels(connection: sqlite3.Connection, limit: str) -> int:
    """Delete labels that waited for their exchange until `limit`; return their number.

    Each label is read once, when it has reached the age limit.
    """
    deleted = 0
    while True:
        passed = watermark(connection, _LABELS_READ)
        with writing(connection):
            part = delete_unknown(connection, passed, limit, _CHUNK)
            if part.newest == passed or not advance(connection, _LABELS_READ, passed, part.newest):
                return deleted
        deleted += part.deleted


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
    """Delete exchanges with labels, predictions and candidates' predictions, in the transaction."""
    ids = [(key.id,) for key in exchanges]
    waiting = waiting_labels(connection, [key.id for key in exchanges])
    connection.executemany("delete from labels where exchange_id = ?", ids)
    connection.executemany("delete from predictions where exchange_id = ?", ids)
    connection.executemany("delete from candidate_requests where exchange_id = ?", ids)
    connection.executemany("delete from reviews where exchange_id = ?", ids)
    connection.executemany("delete from review_claims where exchange_id = ?", ids)
    connection.executemany("delete from row_keys where exchange_id = ?", ids)
    connection.executemany("delete from judge_answers where exchange_id = ?", ids)
    connection.executemany("delete from token_counts where exchange_id = ?", ids)
    connection.executemany("delete from rejected_times where exchange_id = ?", ids)
    connection.executemany("delete from exchanges where seq = ?", [(key.seq,) for key in exchanges])
    forget_notes(connection, [key.seq for key in exchanges])
    delete_waiting(connection, waiting)


def release_free_pages(connection: sqlite3.Connection) -> None:
    """Return free pages to the file system, a few at a time."""
    while connection.execute("pragma freelist_count").fetchone()[0]:
        # `execute` would free only one page, because the pragma returns a row for each page.
        connection.executescript(f"pragma incremental_vacuum({_VACUUM_PAGES})")
    connection.execute("pragma wal_checkpoint(passive)").fetchall()


def overwrite_deleted(connection: sqlite3.Connection) -> None:
    """Make this connection overwrite deleted content with zeros."""
    connection.execute("pragma secure_delete = on")


def empty_log(connection: sqlite3.Connection) -> bool:
    """Checkpoint and truncate the write-ahead log; return False while a reader uses it."""
    return not connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
