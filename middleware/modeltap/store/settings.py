"""Settings of each model, merged from options in the store, the configuration file and flags.

The watching process saves its options here, without secrets, for the process that analyses.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from modeltap.clock import now
from modeltap.config import sources
from modeltap.config.settings import ANALYSIS_OPTIONS, Settings
from modeltap.config.validation import parse_mode
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.store.file_mode import PRIVATE

_ALL_MODELS = ""
"""The model of options that apply to the store as a whole."""


def save_settings(
    connection: sqlite3.Connection, model: str, options: Mapping[str, object]
) -> None:
    """Save `options` for `model`, inside the caller's transaction."""
    connection.executemany(
        "insert into settings (model, key, value, updated_at) values (?, ?, ?, ?) "
        "on conflict (model, key) do update set value = excluded.value, "
        "updated_at = excluded.updated_at where value <> excluded.value",
        [(model, key, json.dumps(value), now()) for key, value in options.items()],
    )


def any_settings(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return the most recently saved options of any model."""
    row = connection.execute(
        "select model from settings where model <> '' order by updated_at desc limit 1"
    ).fetchone()
    return load_settings(connection, row[0]) if row else {}


def load_settings(connection: sqlite3.Connection, model: str) -> dict[str, Any]:
    """Return the saved options of `model`."""
    rows = connection.execute("select key, value from settings where model = ?", (model,))
    return {key: json.loads(value) for key, value in rows}


def stored_mode(connection: sqlite3.Connection) -> int:
    """Return the mode of the store's files that its app configured.

    Commands read it from the store because they may run in a folder without settings.
    """
    stored = load_settings(connection, _ALL_MODELS).get("store_mode")
    return PRIVATE if stored is None else parse_mode(stored)


def save_mode(connection: sqlite3.Connection, mode: int) -> None:
    """Save the mode of the store's files, inside the caller's transaction."""
    save_settings(connection, _ALL_MODELS, {"store_mode": f"0{mode:o}"})


def stored_webhooks(connection: sqlite3.Connection, model: str = "") -> list[dict[str, Any]]:
    """Return the webhooks that apps saved for `model`, or for all models."""
    models = connection.execute(
        "select distinct model from settings where ? in ('', model)", (model,)
    ).fetchall()
    return [
        stored for row in models for stored in load_settings(connection, row[0]).get("webhooks", ())
    ]


def common_environment(connection: sqlite3.Connection) -> str | None:
    """Return the environment shared by all apps of the store; None if they differ or have none.

    Alerts about the store itself use this environment.
    """
    rows = connection.execute(
        "select distinct value from settings where key = 'environment' and model <> '' limit 2"
    ).fetchall()
    environments = [json.loads(value) for (value,) in rows]
    return environments[0] if len(environments) == 1 else None


def configured_models(connection: sqlite3.Connection) -> list[str]:
    """Return the models that have saved settings."""
    rows = connection.execute("select distinct model from settings where model <> ''")
    return [model for (model,) in rows]


class SettingsReader:
    """Reads each model's settings once, and the webhooks that receive its alerts.

    Args:
        connection: the store.
        options: a command's flags, which override the configuration file and the stored options.
    """

    def __init__(
        self, connection: sqlite3.Connection, options: Mapping[str, object] | None = None
    ) -> None:
        self._connection = connection
        self._options = dict(options or {})
        self._known: dict[str, Settings] = {}

    def for_model(self, model: str) -> Settings:
        """Return the effective settings of `model`."""
        if model not in self._known:
            stored = load_settings(self._connection, model)
            kept = {name: stored[name] for name in ANALYSIS_OPTIONS if name in stored}
            settings = sources.load(self._options, stored=kept, tolerant=True)
            self._known[model] = settings.for_model(model)
        return self._known[model]

    @cached_property
    def general(self) -> Settings:
        """The settings without the options saved in the store."""
        return sources.load(self._options, tolerant=True)

    def receivers(self, model: str = "") -> dict[str, WebhookSettings]:
        """Return the webhooks that receive alerts about `model`, or about any model, by key.

        A webhook has an empty `url` if only the app knows it.
        """
        webhooks = {webhook.key: webhook for webhook in self.general.webhooks}
        for stored in stored_webhooks(self._connection, model):
            webhooks.setdefault(stored["key"], _webhook(stored))
        return webhooks


def _webhook(stored: Mapping[str, Any]) -> WebhookSettings:
    options = {name: value for name, value in stored.items() if name != "key"}
    return msgspec.convert({**options, "url": stored["url"] or ""}, WebhookSettings)
