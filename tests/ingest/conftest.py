"""Importing as the command does, in this process; the receiver as a process."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import httpx
import pytest

from modeltap.config.settings import Settings
from modeltap.ingest.files.source import Source
from modeltap.ingest.formats import LOGS, format_of
from modeltap.ingest.importer import Importer, import_entries
from modeltap.store.connection import connect
from ports import free_port


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


@pytest.fixture
def receive(store, eventually):
    """Start the command; return its process and a client of it."""
    running = []

    def start(*words):
        port = free_port()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "modeltap",
                "receive",
                "--store",
                store,
                "--port",
                str(port),
                *words,
            ],
            stderr=subprocess.PIPE,
        )
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=30
        )
        running.append((process, client))
        assert eventually(lambda: client.get("/health").text == "ok\n", 60)
        return process, client

    yield start
    for process, client in running:
        client.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.wait(60)
        process.stderr.close()
