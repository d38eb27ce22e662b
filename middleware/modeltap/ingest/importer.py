"""Backfill: each row of a table becomes an exchange, at its own event time."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.ingest.roles import Roles
from modeltap.ingest.table import Table
from modeltap.store import schema
from modeltap.store.connection import writing
from modeltap.store.labels import insert_labels
from modeltap.store.writer import insert_exchanges

_BATCH = 2000
Row = tuple[Any, ...]


@dataclass
class Imported:
    """What an import did; `repeated` rows were in the store before and are left as they were."""

    rows: int = 0
    repeated: int = 0
    labels: int = 0
    without_time: int = 0


def import_table(
    connection: sqlite3.Connection,
    table: Table,
    roles: Roles,
    *,
    model: str,
    version: str = "",
    on_batch: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Put a table's rows into the store; the same file again adds nothing.

    A row is known by the `id` column, or else by its file's content and line. Raises
    `InputError` when no row could be read.
    """
    done = Imported()
    source = f"{model}\x1f{version}\x1f{_content_hash(table) if roles.id is None else 'id'}"
    for batch in _batches(table):
        _write(connection, batch, roles, source, model, version, done)
        on_batch(len(batch))
    if not done.rows and not done.repeated:
        raise InputError(f"no row of {table.path.name!r} could be read")
    return done


def _batches(table: Table) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    batch = []
    for numbered in table.rows():
        batch.append(numbered)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(
    connection: sqlite3.Connection, batch: list[tuple[int, dict[str, Any]]], roles: Roles,
    source: str, model: str, version: str, done: Imported,
) -> None:  # fmt: skip
    exchanges, labels, taken = [], [], set[str]()
    with writing(connection):
        for line, row in batch:
            key = str(row.get(roles.id)) if roles.id else str(line)
            exchange_id = hashlib.sha256(f"{source}\x1f{key}".encode()).hexdigest()[:32]
            if exchange_id in taken or _known(connection, exchange_id):
                done.repeated += 1
                continue
            taken.add(exchange_id)
            moment = roles.time_of(row)
            done.without_time += moment is None and roles.timestamp is not None
            exchanges.append(_exchange(exchange_id, row, roles, moment, model, version))
            if roles.label and row.get(roles.label) is not None:
                labels.append((exchange_id, 0, row[roles.label]))
        insert_exchanges(connection, exchanges)
        done.rows += len(exchanges)
        done.labels += insert_labels(connection, labels, source="import")


def _known(connection: sqlite3.Connection, exchange_id: str) -> bool:
    found = connection.execute("select 1 from exchanges where id = ?", (exchange_id,)).fetchone()
    return found is not None


def _exchange(
    exchange_id: str, row: dict[str, Any], roles: Roles, moment: float | None, model: str,
    version: str,
) -> Row:  # fmt: skip
    request = json.dumps(roles.features_of(row))
    answer = {
        name: row.get(column)
        for name, column in (("prediction", roles.prediction), ("score", roles.score))
        if column
    }
    response = json.dumps(answer) if answer else None
    event_time = clock.iso(moment) if moment is not None else None
    values = dict.fromkeys(schema.EXCHANGE_COLUMNS)
    values.update(
        id=exchange_id, model=model, version=version, source="import", method="IMPORT", path="",
        started_at=event_time or clock.now(),
        event_time=event_time if roles.timestamp else clock.now(),
        request_type="application/json", response_type="application/json" if response else None,
        request_body=request, response_body=response, request_bytes=len(request),
        response_bytes=len(response or ""), request_read=1,
        request_id=_text(row.get(roles.id)) if roles.id else None, sample_rate=1.0, pid=os.getpid(),
        host=socket.gethostname(),
    )  # fmt: skip
    return tuple(values[name] for name in schema.EXCHANGE_COLUMNS)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _content_hash(table: Table) -> str:
    with table.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
