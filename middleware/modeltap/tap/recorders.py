"""This process's recorders, one for each store."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from modeltap.config.settings import Settings
from modeltap.tap.recorder import OnStart, Recorder


class Recorders:
    """Makes one recorder for each store; its first `put` starts it.

    Litestar builds a middleware for each route: they share a recorder.
    """

    on_start: OnStart | None = None
    """Passed on to each recorder that is made."""

    def __init__(self) -> None:
        self._by_store: dict[Path, Recorder] = {}
        self.after_fork()

    def of(self, settings: Settings) -> Recorder:
        """Return the recorder for the settings' store."""
        path = Path(settings.store).expanduser().absolute()
        with self._lock:
            recorder = self._by_store.get(path)
            if recorder is None:
                recorder = self._by_store[path] = Recorder(path, settings, self.on_start)
            return recorder

    def all(self) -> list[Recorder]:
        """Return all recorders of this process."""
        return list(self._by_store.values())

    def close(self) -> None:
        """Close all recorders and forget them."""
        for recorder in self.all():
            recorder.close()
        self._by_store.clear()

    def after_fork(self) -> None:
        """In a forked child: a thread of the parent may hold the lock."""
        self._lock = threading.Lock()


recorders = Recorders()
os.register_at_fork(after_in_child=recorders.after_fork)
