"""The views of a store, kept up to date with the code, the references and the versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from modeltap.config.settings import SettingsByModel
from modeltap.export.row_views import row_views
from modeltap.jobs import store_health
from modeltap.store.connection import writing
from modeltap.store.views import common_views, own_views, update_views


def update_store_views(
    store: Path, connection: sqlite3.Connection, settings: SettingsByModel
) -> None:
    """Make the views again that the code, a reference or a version has changed."""
    with store_health.explained(store):
        known = own_views(connection)
        views = common_views() | row_views(connection, settings, known)
        if views != known:
            with writing(connection):
                update_views(connection, views)
