"""``python -m modeltap.mounted FOLDER NAME``: the process that makes the pages of a watched app.

It reads its settings from standard input. Errors before it is ready go to standard error, which
the app reads; later ones are part of a reply.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from modeltap.mounted.page_maker import PageMaker
from modeltap.mounted.page_server import PageServer, sole_lock
from modeltap.tap.endpoints.page_access import DashboardAccess
from modeltap.tap.endpoints.queue_report import queue_lengths

_NICENESS = 10
"""Lower priority than the app, whose requests are more urgent than pages."""

_KEY_BYTES = 32


def main(folder: Path, name: str) -> None:
    """Serve pages until the app has ended, unless another process already does."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    settings = json.load(sys.stdin)
    lock = sole_lock(folder, name)
    if lock is None:
        return
    os.nice(_NICENESS)
    access = DashboardAccess(
        settings["token"],
        frozenset(settings["hosts"]),
        secret=_kept_key(folder / f"{name}.key"),
        is_client_checked=True,
        host_option="dashboard_hosts",
    )
    maker = PageMaker(Path(settings["store"]), access, partial(queue_lengths, folder, name))
    asyncio.run(PageServer(folder, name, maker.reply).run(_be_silent))


def _kept_key(path: Path) -> bytes:
    """Return the secret of forms, so that a form that is open survives this process."""
    with suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _KEY_BYTES:
            return key
    key = secrets.token_bytes(_KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return key


def _be_silent() -> None:
    """Discard further output, because the app no longer reads it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
