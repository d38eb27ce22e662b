"""Watermarks: how far a reader of the store has come."""

from __future__ import annotations

import json
import sqlite3

_AT_WORK = "analysis at work"


def progress(connection: sqlite3.Connection, name: str) -> int:
    """Return the watermark called `name`, 0 at first."""
    row = connection.execute("select value from progress where name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def advance(connection: sqlite3.Connection, name: str, before: int, after: int) -> bool:
    """Move a watermark, inside the caller's transaction; False if somebody moved it meanwhile."""
    connection.execute("insert or ignore into progress (name, value) values (?, 0)", (name,))
    moved = connection.execute(
        "update progress set value = ? where name = ? and value = ?", (after, name, before)
    )
    return moved.rowcount == 1


def begin_pass(connection: sqlite3.Connection) -> None:
    """Note that an analysis is at work: should it be ended, the next one has work to do."""
    connection.execute("insert or replace into progress (name, value) values (?, 1)", (_AT_WORK,))


def end_pass(connection: sqlite3.Connection) -> None:
    """Note that an analysis has judged all that was due."""
    connection.execute("delete from progress where name = ?", (_AT_WORK,))


def is_unfinished(connection: sqlite3.Connection) -> bool:
    """Say whether an analysis is at work, or was ended before it was done."""
    return bool(progress(connection, _AT_WORK))


def note_model(connection: sqlite3.Connection, model: str, version: str) -> None:
    """Remember that exchanges of this model and version were seen, inside the transaction."""
    connection.execute(
        "insert or ignore into progress (name, value) values (?, 1)",
        ("model " + json.dumps([model, version]),),
    )


def models(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the models and versions that exchanges were seen of."""
    rows = connection.execute("select name from progress where name like 'model %' order by name")
    return [tuple(json.loads(row[0].removeprefix("model "))) for row in rows]
