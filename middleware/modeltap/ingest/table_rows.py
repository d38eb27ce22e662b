"""Rows of a table as exchanges: features form the request, prediction and score the response."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.ingest.entry import Logged
from modeltap.ingest.files.chunk import Chunk
from modeltap.ingest.files.table import Table
from modeltap.ingest.json_columns import json_objects, texts_of
from modeltap.ingest.roles import Roles
from modeltap.store.labels import storable_label

_JSON = "application/json"

RowNamer = Callable[[Chunk], Iterable[str]]
"""A function from a chunk to the identity of each of its rows."""


def read_rows(
    table: Table,
    roles: Roles,
    *,
    source: str = "import",
    keys: RowNamer | None = None,
    request_id: str | None = None,
) -> Iterator[Logged]:
    """Yield each row as an exchange.

    `keys` returns the identities of rows; by default it is their `id` column, else their line and
    the hash of the file. `request_id` names a column to store as the caller's id.
    """
    identities = _identities(table, roles, keys)
    for chunk in table.chunks():
        features = {name: chunk.column(name) for name in roles.features}
        outputs = {name: chunk.column(column) for name, column in roles.outputs()}
        for (key, line), moment, request, response, caller, label, texts in zip(
            identities(chunk),
            _times(chunk, roles),
            json_objects(features),
            json_objects(outputs) if outputs else repeat(None),
            chunk.column(roles.id or request_id or ""),
            _labels(table, chunk, roles.label) if roles.label else repeat(None),
            _texts(features, outputs),
            strict=False,
        ):
            yield Logged(
                source=source,
                key=key,
                line=line,
                time=moment,
                request=request.encode(),
                request_type=_JSON,
                response=None if response is None else response.encode(),
                response_type=None if response is None else _JSON,
                request_id=None if caller is None else str(caller),
                label=label,
                texts=texts,
            )


def _times(chunk: Chunk, roles: Roles) -> Iterable[float | None]:
    """Return the rows' event times; without a column of times, all rows get the current time."""
    if roles.timestamp is None:
        return repeat(time.time())
    return [clock.parse(value, roles.day_first) for value in chunk.column(roles.timestamp)]


def _texts(
    features: dict[str, Sequence[Any]], outputs: dict[str, Sequence[Any]]
) -> Iterable[tuple[str, ...] | None]:
    """Return all names and texts in the bodies of each row; None if they are nested."""
    texts = texts_of((*features.values(), *outputs.values()))
    if texts is None:
        return repeat(None)
    names = (*features, *outputs)
    return [names + values for values in texts]


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


def _identities(
    table: Table, roles: Roles, keys: RowNamer | None
) -> Callable[[Chunk], Iterable[tuple[str, int | None]]]:
    """Return a function from a chunk to the key and line that identify each of its rows."""
    if keys is not None:
        return lambda chunk: zip(keys(chunk), repeat(None), strict=False)
    if (column := roles.id) is not None:
        return lambda chunk: [(f"id\x1f{value}", None) for value in chunk.column(column)]
    with table.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return lambda chunk: zip(repeat(content), chunk.lines, strict=False)
