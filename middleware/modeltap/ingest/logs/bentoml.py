"""BentoML's monitoring logs: one row per line, and a schema file with the role of each column."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from modeltap.errors import InputError
from modeltap.ingest.entry import TableBlock
from modeltap.ingest.files.chunk import Chunk
from modeltap.ingest.files.source import Source, json_of
from modeltap.ingest.files.table import Table
from modeltap.ingest.roles import Roles
from modeltap.ingest.table_rows import read_blocks

SOURCE = "bentoml"
OWN_COLUMNS = ("timestamp", "request_id", "trace_id")
"""Fields that BentoML adds to each row."""

_ROLES = {"prediction": "prediction", "target": "label"}


def read(table: Table, roles: Roles) -> Iterator[TableBlock]:
    """Yield the rows as exchanges, each identified by its line number and content.

    So a row keeps its identity when the log grows or is rotated under another name.
    """

    def keys(chunk: Chunk) -> list[str]:
        return [f"{line}\x1f{_hash_of(row)}" for line, row in chunk.rows()]

    for block in read_blocks(table, roles, source=SOURCE, keys=keys, request_id="request_id"):
        # BentoML writes "None" outside a request.
        block.request_ids = [None if id_ == "None" else id_ for id_ in block.request_ids]
        yield block


def _hash_of(row: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()


def find_roles(table: Table, *, prediction: str | None, label: str | None) -> dict[str, Any]:
    """Return the options for `choose_roles` from the log's schema; given options take precedence.

    Raises `InputError` if there is no schema and no option names the prediction's column.
    """
    roles = {"prediction": prediction, "label": label}
    schema = _schema(table.path)
    if schema is None and prediction is None:
        raise InputError(
            f"no schema for {table.path.name!r} in ../schema/schema.N.log; name the column of the "
            "prediction with --prediction COLUMN"
        )
    others: list[str] = []
    for column, role in (schema or {}).items():
        option = _ROLES.get(role)
        if option and roles[option] is None and column in table.columns:
            roles[option] = column
        elif role != "feature":
            others.append(column)
    # Outputs other than the prediction are not features.
    ignored = [name for name in (*OWN_COLUMNS[1:], *others) if name in table.columns]
    return {**roles, "timestamp": OWN_COLUMNS[0], "ignore": ignored}


def _schema(data: Path) -> dict[str, str] | None:
    """Return the roles of a log's columns, from all schemas that its worker wrote."""
    file = _schema_file(data)
    if file is None:
        return None
    roles: dict[str, str] = {}
    for _, line in Source(file).lines():
        document = json_of(line)
        columns = document.get("columns") if isinstance(document, dict) else None
        for column in columns if isinstance(columns, list) else ():
            if isinstance(column, dict) and isinstance(column.get("name"), str):
                roles[column["name"]] = str(column.get("role"))
    return roles or None


def _schema_file(data: Path) -> Path | None:
    """Return the schema file of ``data/data.N.log``, even if either was rotated or compressed."""
    worker = re.search(r"\.(\d+)\.log", data.name)
    own = f"schema.{worker[1]}.log" if worker else "schema.log"
    folders: Sequence[Path] = (data.absolute().parent.parent / "schema", data.absolute().parent)
    for folder in folders:
        for file in (folder / own, *sorted(folder.glob("schema.*log*"))):
            if file.is_file() and file.absolute() != data.absolute():
                return file
    return None
