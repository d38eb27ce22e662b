"""Frozen references, and samples of their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.store.models import ModelVersion

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
"""The columns of a reference except its payload."""


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
        """Return all columns except the payload, by name."""
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
    """Save the active reference of a model and version, inside the caller's transaction."""
    connection.execute(
        'insert into "references" (id, model, version, source, rows, from_time, to_time, '
        "created_at, active, state, payload) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) "
        "on conflict (id) do update set payload = excluded.payload, "
        "source = excluded.source, state = excluded.state",
        (id, model, version, source, rows, from_time, to_time, now(), state, payload),
    )
    activate(connection, id, model, version)


def activate(connection: sqlite3.Connection, id: str, model: str, version: str) -> None:  # noqa: A002
    """Activate a reference and deactivate all others of its model and version."""
    # Deactivate first, because a unique index allows only one active reference at any moment.
    connection.execute(
        'update "references" set active = 0 where model = ? and version = ?', (model, version)
    )
    connection.execute('update "references" set active = 1 where id = ?', (id,))


def active_reference(
    connection: sqlite3.Connection, model: str, version: str
) -> StoredReference | None:
    """Return the active reference of a model's version, or None."""
    references = _select(connection, "model = ? and version = ? and active", (model, version))
    return references[0] if references else None


def active_references(
    connection: sqlite3.Connection, model: str | None = None
) -> list[StoredReference]:
    """Return the active references of `model`, or of all models, by model and version."""
    where = "active and (? is null or model = ?) order by model, version"
    return _select(connection, where, (model, model))


def all_references(
    connection: sqlite3.Connection, model: str | None = None
) -> list[StoredReference]:
    """Return all frozen references of `model`, or of all models, oldest first."""
    where = "(? is null or model = ?) order by model, version, created_at"
    return _select(connection, where, (model, model))


class ReferencePeriod(NamedTuple):
    """The period of a reference, half-open; None if it is a file without times."""

    rows: int
    from_time: str | None
    to_time: str | None
    created_at: str


def reference_periods(connection: sqlite3.Connection, of: ModelVersion) -> list[ReferencePeriod]:
    """Return the periods of all references of a model's version, oldest first, without payloads."""
    rows = connection.execute(
        f'select {", ".join(ReferencePeriod._fields)} from "references" where model = ? '
        "and version = ? order by created_at",
        of,
    )
    return [ReferencePeriod(*row) for row in rows]


def count_frozen(connection: sqlite3.Connection) -> int:
    """Return the number of frozen references, active or not."""
    count: int = connection.execute(
        "select count(*) from \"references\" where state = 'active'"
    ).fetchone()[0]
    return count


def find_references(connection: sqlite3.Connection, beginning: str) -> list[StoredReference]:
    """Return the references with ids that start with `beginning`."""
    return _select(connection, "substr(id, 1, ?) = ?", (len(beginning), beginning))


def _select(
    connection: sqlite3.Connection, where: str, parameters: tuple[object, ...]
) -> list[StoredReference]:
    rows = connection.execute(
        f'select {", ".join(StoredReference._fields)} from "references" where {where}', parameters
    )
    return [StoredReference(*row) for row in rows]


class SampledRow(NamedTuple):
    """A binned row of a reference's sample; its event time is None if it is unknown.

    `output` and `label` are numbers, None where unknown.
    """

    exchange_id: str
    row: int
    event_time: str | None
    coded: bytes
    output: float | None = None
    label: float | None = None


_SAMPLED = ", ".join(SampledRow._fields)


def save_rows(
    connection: sqlite3.Connection, reference_id: str, rows: Iterable[SampledRow]
) -> None:
    """Replace the sample of a reference's rows, inside the caller's transaction."""
    connection.execute("delete from reference_rows where reference_id = ?", (reference_id,))
    connection.executemany(
        f"insert into reference_rows (reference_id, {_SAMPLED}) "
        f"values (?{', ?' * len(SampledRow._fields)})",
        ((reference_id, *row) for row in rows),
    )


class RowOutcome(NamedTuple):
    """The numbers of a sampled row's prediction and label, None where unknown."""

    output: float | None
    label: float | None
    exchange_id: str
    row: int


def set_outcomes(
    connection: sqlite3.Connection, reference_id: str, rows: Iterable[RowOutcome]
) -> None:
    """Write the outcomes of sampled rows, inside the caller's transaction."""
    connection.executemany(
        "update reference_rows set output = ?, label = ? "
        "where exchange_id = ? and row = ? and reference_id = ?",
        ((*row, reference_id) for row in rows),
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
    """Replace the blocks of a reference, inside the caller's transaction."""
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
    """Copy the sampled rows and blocks of the reference `old` to `new`, in the transaction."""
    connection.execute(
        f"insert or ignore into reference_rows (reference_id, {_SAMPLED}) "
        f"select ?, {_SAMPLED} from reference_rows where reference_id = ?",
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
        f"select {_SAMPLED} from reference_rows where reference_id = ? order by exchange_id, row",
        (reference_id,),
    )
    return [SampledRow(*row) for row in rows]


def delete_sampled_rows(connection: sqlite3.Connection, exchange_ids: Sequence[str]) -> None:
    """Delete the sampled rows of exchanges, inside the caller's transaction."""
    connection.executemany(
        "delete from reference_rows where exchange_id = ?", [(id_,) for id_ in exchange_ids]
    )
