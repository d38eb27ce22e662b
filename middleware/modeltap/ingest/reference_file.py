"""A reference from a file: what the model saw when it was right."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.freeze import freeze
from modeltap.analysis.reference import Reference
from modeltap.config import Settings
from modeltap.decode import columns
from modeltap.errors import InputError
from modeltap.ingest.roles import Roles
from modeltap.ingest.table import Table


def freeze_file(
    connection: sqlite3.Connection, settings: Settings, table: Table, roles: Roles, *, model: str,
    version: str,
) -> Reference:  # fmt: skip
    """Freeze the rows of a table; with predictions and labels the model's record is learnt, too.

    Raises `InputError` for a file with fewer than two rows.
    """
    rows = [row for _, row in table.rows()]
    if len(rows) < 2:
        raise InputError(f"file {table.path.name!r} has {len(rows)} rows; a reference needs 2")
    found = columns(roles.features_of(row) for row in rows)
    for name, column in (("prediction", roles.prediction), ("score", roles.score)):
        if column:
            found[name] = [row.get(column) for row in rows]
    labels = [row.get(roles.label) if roles.label else None for row in rows]
    times = [roles.time_of(row) for row in rows]
    return freeze(
        connection, settings, found, [float("nan") if t is None else t for t in times], labels,
        model=model, version=version, source=table.path.name,
    )  # fmt: skip
