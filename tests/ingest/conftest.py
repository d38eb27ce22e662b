"""Importing as the command does, in this process."""

from __future__ import annotations

import pytest

from modeltap.config.settings import Settings
from modeltap.ingest.files.source import Source
from modeltap.ingest.formats import LOGS, format_of
from modeltap.ingest.importer import Importer, import_entries
from modeltap.store.connection import connect


@pytest.fixture
def put(store):
    """Import a log; return what was done, and the source with its broken lines."""

    def put(path, *, model="m", settings=None, unpaired=False):
        connection = connect(store)
        importer = Importer(connection, settings or Settings(), model=model)
        source = Source(path)
        import_entries(importer, LOGS[format_of(path)](source))
        importer.settle(all_of_them=unpaired)
        connection.close()
        return importer.done, source

    return put
