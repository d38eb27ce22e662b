"""Making the views of a store, as a pass does."""

from __future__ import annotations

from contextlib import closing

from modeltap.jobs.view_updates import update_store_views
from modeltap.store.connection import connect
from modeltap.store.settings import SettingsReader
from modeltap.store.views import own_views
from stores import analyze


def make_views(store):
    """Count the rows and make the views; return the definitions of the views."""
    analyze(store, {})
    with closing(connect(store)) as connection:
        update_store_views(store, connection, SettingsReader(connection))
        return own_views(connection)
