"""Rows of a table as exchanges: features form the request, prediction and score the response."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.ingest.entry import TableBlock
from modeltap.ingest.files.chunk import Chunk
from modeltap.ingest.files.table import Table
from modeltap.ingest.json_columns import columns_of_text, json_objects
from modeltap.ingest.roles import Roles
from modeltap.store.labels import storable_label

_ROW_NAMES = ""
"""The column without a name, in which spreadsheets and data frames name their rows."""

RowNamer = Callable[[Chunk], Sequence[str]]
"""A function from a chunk to the identity of each of its rows."""


def read_blocks(
    table: Table,
    roles: Roles,
    *,
    source: str = "import",
    keys: RowNamer | None = None,
    request_id: str | None = None,
) -> Iterator[TableBlock]:
    """Yield the rows of a table as exchanges, in blocks.

    `keys` returns the identities of rows; by default it is their `id` column, else their line and
    the hash of the file. `request_id` names a column to store as the caller's id; by default it is
    the `id` column, else the names of the rows, if there are any.
    """
    content = _hash_of(table) if keys is None and roles.id is None else ""
    caller = roles.id or request_id or _ROW_NAMES
    for chunk in table.chunks():
        features = {name: chunk.column(name) for name in roles.features}
        outputs = {name: chunk.column(column) for name, column in roles.outputs()}
        columns = (*features.values(), *outputs.values())
        yield TableBlock(
            source=source,
            table=content,
            lines=chunk.lines,
            keys=keys(chunk) if keys else _keys(chunk, roles),
            times=_times(chunk, roles),
            requests=json_objects(features),
            responses=json_objects(outputs) if outputs else (),
            request_ids=_texts(chunk.column(caller)) if caller in table.columns else (),
            labels=_labels(table, chunk, roles.label) if roles.label else (),
            names=(*features, *outputs),
            texts=columns_of_text(columns),
        )


def _keys(chunk: Chunk, roles: Roles) -> list[str]:
    if roles.id is None:
        return []
    return [f"id\x1f{value}" for value in chunk.column(roles.id)]


def _times(chunk: Chunk, roles: Roles) -> list[float | None]:
    """Return the rows' event times; without a column of times, all rows get the current time."""
    if roles.timestamp is None:
        return [time.time()] * len(chunk.lines)
    return [clock.parse(value, roles.day_first) for value in chunk.column(roles.timestamp)]


def _texts(values: Iterable[object]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


def _labels(table: Table, chunk: Chunk, column: str) -> list[Any]:
    """Return the rows' labels; invalid ones are noted, and their rows imported without a label."""
    return [
        _label(table, line, value)
        for line, value in zip(chunk.lines, chunk.column(column), strict=True)
    ]


def _label(table: Table, line: int, value: Any) -> Any:
    try:
        return storable_label(value)
    except InputError as reason:
        table.note(line, f"{reason}; the row is imported without a label")
        return None


def _hash_of(table: Table) -> str:
    with table.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
