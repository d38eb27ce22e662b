"""Options of the watching process, kept for the process that analyses. No secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from modeltap.clock import now


def save_settings(
    connection: sqlite3.Connection, model: str, options: Mapping[str, object]
) -> None:
    """Keep `options` for `model`, inside the caller's transaction."""
    connection.executemany(
        "insert into settings (model, key, value, updated_at) values (?, ?, ?, ?) "
        "on conflict (model, key) do update set value = excluded.value, "
        "updated_at = excluded.updated_at where value <> excluded.value",
        [(model, key, json.dumps(value), now()) for key, value in options.items()],
    )


def any_settings(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return the options of the model whose options were saved last."""
    row = connection.execute(
        "select model from settings order by updated_at desc limit 1"
    ).fetchone()
    return load_settings(connection, row[0]) if row else {}


def load_settings(connection: sqlite3.Connection, model: str) -> dict[str, Any]:
    """Return the options of `model`."""
    rows = connection.execute("select key, value from settings where model = ?", (model,))
    return {key: json.loads(value) for key, value in rows}


def stored_webhooks(connection: sqlite3.Connection, model: str = "") -> list[dict[str, Any]]:
    """Return the webhooks that apps left in the store, for `model` or for all."""
    models = connection.execute(
        "select distinct model from settings where ? in ('', model)", (model,)
    ).fetchall()
    return [
        stored for row in models for stored in load_settings(connection, row[0]).get("webhooks", ())
    ]


def configured_models(connection: sqlite3.Connection) -> list[str]:
    """Return the models that settings are kept for."""
    rows = connection.execute("select distinct model from settings")
    return [model for (model,) in rows]
