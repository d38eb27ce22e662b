"""The `worker` command: the scheduler as a separate process."""

from __future__ import annotations

import signal
import threading

import click
import msgspec

from modeltap.cli.common import open_store, store_option, store_path
from modeltap.config import sources
from modeltap.config.settings import ANALYSIS_OPTIONS
from modeltap.jobs.scheduler import Scheduler
from modeltap.output import echo
from modeltap.store.settings import any_settings


@click.command()
@store_option
@click.option("--create", is_flag=True, help="Create the store if it does not exist.")
def worker(store: str | None, create: bool) -> None:
    """Run the scheduler until stopped: analyse, deliver, prune.

    For apps with analyze="external". Several workers may run; one per store is active.

    \b
    Example:
      modeltap worker --store modeltap.db
    """
    path = store_path(store)
    connection = open_store(store, create=create)
    stored = any_settings(connection)
    connection.close()
    kept = {name: stored[name] for name in ANALYSIS_OPTIONS if name in stored}
    settings = sources.load({"store": str(path)}, stored=kept, tolerant=True)
    stop = Scheduler(path, msgspec.structs.replace(settings, analyze=True)).start()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    echo(f"watching {path}; stop with Ctrl-C", err=True)
    ended.wait()
    stop()
