"""Rows of a table as exchanges: features form the request, prediction and score the response."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from modeltap.errors import InputError
from modeltap.ingest.entry import Logged
from modeltap.ingest.files.table import Table
from modeltap.ingest.roles import Roles
from modeltap.store.labels import storable_label

_JSON = "application/json"

RowNamer = Callable[[int, dict[str, Any]], str]
"""A function from a line number and a row to the row's identity."""


def read_rows(
    table: Table,
    roles: Roles,
    *,
    source: str = "import",
    key: RowNamer | None = None,
    request_id: str | None = None,
) -> Iterator[Logged]:
    """Yield each row as an exchange.

    `key` returns the identity of a row; by default it is its `id` column, else its line and the
    hash of the file. `request_id` names a column to store as the caller's id.
    """
    identify = key or _key(table, roles)
    for line, row in table.rows():
        outputs = {name: row.get(column) for name, column in roles.outputs()}
        caller = row.get(roles.id or request_id or "")
        yield Logged(
            source=source,
            key=identify(line, row),
            # Without a column of times, all rows get the current time.
            time=roles.time_of(row) if roles.timestamp else time.time(),
            request=json.dumps(roles.features_of(row)).encode(),
            request_type=_JSON,
            response=json.dumps(outputs).encode() if outputs else None,
            response_type=_JSON if outputs else None,
            request_id=None if caller is None else str(caller),
            label=_label(table, line, row.get(roles.label)) if roles.label else None,
        )


def _label(table: Table, line: int, value: Any) -> Any:
    """Return a row's label; an invalid one is noted, and the row is imported without a label."""
    try:
        return storable_label(value)
    except InputError as reason:
        table.note(line, f"{reason}; the row is imported without a label")
        return None


def _key(table: Table, roles: Roles) -> RowNamer:
    if roles.id is not None:
        column = roles.id
        return lambda _, row: f"id\x1f{row.get(column)}"
    with table.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return lambda line, _: f"{content}\x1f{line}"
