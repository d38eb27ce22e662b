"""The recorders of this process, one for each store."""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from modeltap.config.settings import Settings
from modeltap.errors import InputError
from modeltap.store.path_checks import absolute_path
from modeltap.tap.recording.companion import OnStart
from modeltap.tap.recording.recorder import Recorder

_COUNTED = ("captured", "written", "dropped", "failed", "queued", "queued_bytes", "unconfirmed")


class Recorders:
    """Creates one recorder for each store, which starts with its first `put`.

    Recorders are shared because Litestar, for example, builds a middleware for each route.
    """

    on_start: OnStart | None = None
    """Passed to each new recorder."""

    def __init__(self) -> None:
        self._by_store: dict[Path, Recorder] = {}
        self.after_fork()

    def of(self, settings: Settings) -> Recorder:
        """Return the recorder for the settings' store."""
        path = absolute_path(settings.store)
        with self._lock:
            recorder = self._by_store.get(path)
            if recorder is None:
                recorder = self._by_store[path] = Recorder(path, settings, self.on_start)
            return recorder

    def all(self) -> list[Recorder]:
        """Return all recorders of this process."""
        return list(self._by_store.values())

    def chosen(self, store: str | Path | None) -> list[Recorder]:
        """Return the recorder of `store`, if there is one; all recorders if `store` is None."""
        if store is None:
            return self.all()
        path = absolute_path(store)
        return [recorder for recorder in self.all() if recorder.store == path]

    def store_path(self, store: str | Path | None) -> Path:
        """Return `store`, or else the only store of this process; raises `InputError`."""
        if store is not None:
            return Path(store)
        known = [recorder.store for recorder in self.all()]
        if len(known) == 1:
            return known[0]
        if not known:
            raise InputError("this process records to no store yet; pass store='modeltap.db'")
        names = ", ".join(map(str, known))
        raise InputError(
            f"the store is ambiguous: this process records to {names}; pass store='modeltap.db'"
        )

    def flush(self, timeout: float, store: str | Path | None) -> bool:
        """Wait until all exchanges are in the store; return False after `timeout` seconds."""
        return all(recorder.flush(timeout) for recorder in self.chosen(store))

    def stats(self, store: str | Path | None) -> dict[str, Any]:
        """Return the sums of all recorders' counters."""
        counters = [recorder.stats() for recorder in self.chosen(store)]
        reasons: Counter[str] = Counter()
        shadow: Counter[str] = Counter()
        for counter in counters:
            reasons.update(counter["dropped_by_reason"])
            shadow.update(counter["shadow"])
        sums = {name: sum(counter[name] for counter in counters) for name in _COUNTED}
        return {**sums, "dropped_by_reason": dict(reasons), "shadow": dict(shadow)}

    def close(self) -> None:
        """Close and remove all recorders."""
        for recorder in self.all():
            recorder.close()
        self._by_store.clear()

    def after_fork(self) -> None:
        """Replace the lock in a forked child, because a thread of the parent may hold it."""
        self._lock = threading.Lock()


recorders = Recorders()
os.register_at_fork(after_in_child=recorders.after_fork)
