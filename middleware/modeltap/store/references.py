"""The frozen references, as the store keeps them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from modeltap.clock import now


def save_reference(
    connection: sqlite3.Connection,
    *,
    id: str,  # noqa: A002
    model: str,
    version: str,
    source: str,
    rows: int,
    from_time: str | None,
    to_time: str | None,
    payload: str,
) -> None:
    """Make this the active reference of its model and version, inside the caller's transaction."""
    connection.execute(
        'insert into "references" (id, model, version, source, rows, from_time, to_time, '
        "created_at, active, payload) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?) "
        "on conflict (id) do update set payload = excluded.payload, "
        "source = excluded.source",
        (id, model, version, source, rows, from_time, to_time, now(), payload),
    )
    activate(connection, id, model, version)


def activate(connection: sqlite3.Connection, id: str, model: str, version: str) -> None:  # noqa: A002
    """Let a reference count, and no other of its model and version, inside the transaction."""
    # In two steps, for at no moment may two of them count.
    connection.execute(
        'update "references" set active = 0 where model = ? and version = ?', (model, version)
    )
    connection.execute('update "references" set active = 1 where id = ?', (id,))


def active_reference(
    connection: sqlite3.Connection, model: str, version: str
) -> sqlite3.Row | None:
    """Return the row of the reference that counts for a model's version, or None."""
    row: sqlite3.Row | None = connection.execute(
        'select * from "references" where model = ? and version = ? and active', (model, version)
    ).fetchone()
    return row


def active_references(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the rows of all references that count."""
    return connection.execute('select * from "references" where active').fetchall()


def save_rows(
    connection: sqlite3.Connection, reference_id: str, rows: Iterable[tuple[str, int, bytes]]
) -> None:
    """Keep a sample of a reference's rows (exchange id, row, coded), inside the transaction."""
    connection.execute("delete from reference_rows where reference_id = ?", (reference_id,))
    connection.executemany(
        "insert into reference_rows (reference_id, exchange_id, row, coded) values (?, ?, ?, ?)",
        ((reference_id, *row) for row in rows),
    )


def sampled_rows(connection: sqlite3.Connection, reference_id: str) -> list[bytes]:
    """Return the sample of a reference's rows, each as it was coded."""
    rows = connection.execute(
        "select coded from reference_rows where reference_id = ? order by exchange_id, row",
        (reference_id,),
    )
    return [row[0] for row in rows]


def forget_rows(connection: sqlite3.Connection, exchange_ids: Sequence[str]) -> None:
    """Delete what is kept of exchanges in samples, inside the caller's transaction."""
    connection.executemany(
        "delete from reference_rows where exchange_id = ?", [(one,) for one in exchange_ids]
    )
