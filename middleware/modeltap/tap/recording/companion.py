"""The companion of a recorder, the scheduler: it runs as long as its recorder does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from modeltap.config.settings import Settings

OnStart = Callable[[Path, Settings], Callable[[], None]]
"""Starts a companion in the thread of its recorder; returns a function that stops it."""


class Companion:
    """Starts a companion once, and stops it; a stopped one may be started again.

    >>> companion = Companion(lambda store, settings: lambda: print("stopped"))
    >>> for _ in range(2):
    ...     companion.start(Path("taps.db"), Settings())
    >>> companion.stop(), companion.stop()
    stopped
    (None, None)
    """

    def __init__(self, on_start: OnStart | None) -> None:
        self._on_start = on_start
        self._lock = threading.Lock()  # so that one that is being started is stopped, too
        self._is_started = False
        self._stop: Callable[[], None] | None = None

    def start(self, store: Path, settings: Settings) -> str | None:
        """Start the companion, unless it was started; return why it cannot be."""
        with self._lock:
            if self._is_started or self._on_start is None:
                return None
            self._is_started = True
            try:
                self._stop = self._on_start(store, settings)
            except Exception as error:
                # When the interpreter ends, the recorder still writes, but no thread can start.
                threading.main_thread().join(timeout=1)
                return str(error) if threading.main_thread().is_alive() else None
            return None

    def stop(self) -> None:
        """Stop the companion if it was started."""
        with self._lock:
            stop, self._stop, self._is_started = self._stop, None, False
        if stop is not None:
            stop()
