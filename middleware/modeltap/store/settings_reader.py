"""Settings of each model: a command's options, the file's, and those that the app stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from modeltap.config import sources
from modeltap.config.settings import ANALYSIS_OPTIONS, Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.store.settings import load_settings, stored_webhooks


class SettingsReader:
    """Reads each model's settings once, and the webhooks that receive its alerts.

    Args:
        connection: the store.
        options: a command's flags, which override the file's and the stored options.
    """

    def __init__(
        self, connection: sqlite3.Connection, options: Mapping[str, object] | None = None
    ) -> None:
        self._connection = connection
        self._options = dict(options or {})
        self._known: dict[str, Settings] = {}

    def for_model(self, model: str) -> Settings:
        """Return the settings that hold for `model`."""
        if model not in self._known:
            stored = load_settings(self._connection, model)
            kept = {name: stored[name] for name in ANALYSIS_OPTIONS if name in stored}
            settings = sources.load(self._options, stored=kept, tolerant=True)
            self._known[model] = settings.for_model(model)
        return self._known[model]

    @cached_property
    def everybodys(self) -> Settings:
        """The settings without those in the store."""
        return sources.load(self._options, tolerant=True)

    def receivers(self, model: str = "") -> dict[str, WebhookSettings]:
        """Return the webhooks that receive alerts about `model`, or about any model, by key.

        Also those whose URL only the app knows: their `url` is empty.
        """
        found = {webhook.key: webhook for webhook in self.everybodys.webhooks}
        for stored in stored_webhooks(self._connection, model):
            found.setdefault(stored["key"], _webhook(stored))
        return found


def _webhook(stored: Mapping[str, Any]) -> WebhookSettings:
    options = {name: value for name, value in stored.items() if name != "key"}
    return msgspec.convert({**options, "url": stored["url"] or ""}, WebhookSettings)
