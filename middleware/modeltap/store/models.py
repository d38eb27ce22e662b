"""Which models a store knows."""

from __future__ import annotations

import sqlite3

from modeltap.errors import InputError, nearest


def check_model(connection: sqlite3.Connection, model: str | None) -> None:
    """Raise `InputError`, with the nearest name, unless the store knows `model`."""
    if model is None:
        return
    rows = connection.execute(
        'select model from settings union select model from "references" '
        "union select model from alerts where model <> '' "
        "union select model from unmatched "
        "union select model from (select distinct model from exchanges)"
    ).fetchall()
    known = [row[0] for row in rows]
    if model not in known:
        what = nearest(model, known) or "; the store has no model yet"
        raise InputError(f"no model {model!r} in this store{what}")
