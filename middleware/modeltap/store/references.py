"""Frozen references, and samples of their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from modeltap.clock import now

REFERENCE_SUMMARY = (
    "id",
    "model",
    "version",
    "source",
    "rows",
    "from_time",
    "to_time",
    "created_at",
    "active",
    "state",
)
"""The columns of a reference but its payload."""


class StoredReference(NamedTuple):
    """A frozen reference; `payload` is JSON with each feature's bins and counts."""

    id: str
    model: str
    version: str
    source: str
    rows: int
    from_time: str | None
    to_time: str | None
    created_at: str
    active: int
    state: str
    payload: str

    def summary(self) -> dict[str, Any]:
        """Return all columns but the payload, by their names."""
        return {name: getattr(self, name) for name in REFERENCE_SUMMARY}


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
    state: str,
    payload: str,
) -> None:
    """Make this the active reference of its model and version, inside the caller's transaction."""
    connection.execute(
        'insert into "references" (id, model, version, source, rows, from_time, to_time, '
        "created_at, active, state, payload) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) "
        "on conflict (id) do update set payload = excluded.payload, "
        "source = excluded.source, state = excluded.state",
        (id, model, version, source, rows, from_time, to_time, now(), state, payload),
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
) -> StoredReference | None:
    """Return the reference that counts for a model's version, or None."""
    found = _select(connection, "model = ? and version = ? and active", (model, version))
    return found[0] if found else None


def active_references(
    connection: sqlite3.Connection, model: str | None = None
) -> list[StoredReference]:
    """Return the references that count, of one model or of all, by model and version."""
    where = "active and (? is null or model = ?) order by model, version"
    return _select(connection, where, (model, model))


def all_references(
    connection: sqlite3.Connection, model: str | None = None
) -> list[StoredReference]:
    """Return all references that were frozen, of one model or of all, the oldest first."""
    where = "(? is null or model = ?) order by model, version, created_at"
    return _select(connection, where, (model, model))


def count_frozen(connection: sqlite3.Connection) -> int:
    """Return how many references were frozen, whether they count or not."""
    found: int = connection.execute(
        "select count(*) from \"references\" where state = 'active'"
    ).fetchone()[0]
    return found


def find_references(connection: sqlite3.Connection, beginning: str) -> list[StoredReference]:
    """Return the references whose ids begin so."""
    return _select(connection, "substr(id, 1, ?) = ?", (len(beginning), beginning))


def _select(
    connection: sqlite3.Connection, where: str, parameters: tuple[object, ...]
) -> list[StoredReference]:
    rows = connection.execute(
        f'select {", ".join(StoredReference._fields)} from "references" where {where}', parameters
    )
    return [StoredReference(*row) for row in rows]


class SampledRow(NamedTuple):
    """A row of a reference's sample, in bins; its time is None where it is unknown."""

    exchange_id: str
    row: int
    event_time: str | None
    coded: bytes


def save_rows(
    connection: sqlite3.Connection, reference_id: str, rows: Iterable[SampledRow]
) -> None:
    """Keep a sample of a reference's rows, and no others, inside the caller's transaction."""
    connection.execute("delete from reference_rows where reference_id = ?", (reference_id,))
    connection.executemany(
        "insert into reference_rows (reference_id, exchange_id, row, event_time, coded) "
        "values (?, ?, ?, ?, ?)",
        ((reference_id, *row) for row in rows),
    )


class StoredBlock(NamedTuple):
    """Counts of a reference's rows in one period."""

    block_start: str
    block_end: str
    rows: int
    counts: bytes


def save_blocks(
    connection: sqlite3.Connection, reference_id: str, blocks: Iterable[StoredBlock]
) -> None:
    """Keep the blocks of a reference, and no others, inside the caller's transaction."""
    connection.execute("delete from reference_blocks where reference_id = ?", (reference_id,))
    connection.executemany(
        "insert into reference_blocks "
        "(reference_id, block, block_start, block_end, rows, counts) values (?, ?, ?, ?, ?, ?)",
        ((reference_id, number, *block) for number, block in enumerate(blocks)),
    )


def reference_blocks(connection: sqlite3.Connection, reference_id: str) -> list[StoredBlock]:
    """Return the blocks of a reference in order of time."""
    rows = connection.execute(
        "select block_start, block_end, rows, counts from reference_blocks "
        "where reference_id = ? order by block",
        (reference_id,),
    )
    return [StoredBlock(*row) for row in rows]


def copy_rows(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Give the reference `new` what is kept of another's rows, inside the transaction."""
    connection.execute(
        "insert or ignore into reference_rows (reference_id, exchange_id, row, event_time, coded) "
        "select ?, exchange_id, row, event_time, coded from reference_rows where reference_id = ?",
        (new, old),
    )
    connection.execute(
        "insert or ignore into reference_blocks "
        "(reference_id, block, block_start, block_end, rows, counts) "
        "select ?, block, block_start, block_end, rows, counts from reference_blocks "
        "where reference_id = ?",
        (new, old),
    )


def sampled_rows(connection: sqlite3.Connection, reference_id: str) -> list[SampledRow]:
    """Return the sample of a reference's rows, by exchange id and row."""
    rows = connection.execute(
        "select exchange_id, row, event_time, coded from reference_rows "
        "where reference_id = ? order by exchange_id, row",
        (reference_id,),
    )
    return [SampledRow(*row) for row in rows]


def delete_sampled_rows(connection: sqlite3.Connection, exchange_ids: Sequence[str]) -> None:
    """Delete what is kept of exchanges in samples, inside the caller's transaction."""
    connection.executemany(
        "delete from reference_rows where exchange_id = ?", [(one,) for one in exchange_ids]
    )
