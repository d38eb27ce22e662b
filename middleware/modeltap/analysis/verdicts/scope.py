"""The scope of one analysis pass: its settings, and the windows that are complete."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from modeltap import clock
from modeltap.store.exchanges import newest_is_imported
from modeltap.store.predictions import newest_event_time
from modeltap.store.settings import SettingsReader


@dataclass(frozen=True)
class PassScope:
    """One pass over the windows of a store.

    Args:
        model: evaluate only the inputs of this model; of all models if None.
        include_open: also evaluate incomplete windows.
        again: recompute all windows, without alerts.
    """

    connection: sqlite3.Connection
    settings: SettingsReader
    model: str | None = None
    include_open: bool = False
    again: bool = False

    def is_over(self, model: str, version: str, end: str) -> bool:
        """Return whether no more rows are expected before `end`.

        A window is over when a later one has rows. If the event time is that of the request, it
        is also over when the clock has passed its end.
        """
        return self.include_open or self.has_passed(model, version, end)

    def has_passed(self, model: str, version: str, end: str) -> bool:
        """Return whether `end` has passed by a later row or by the clock."""
        return end <= self.passed(model, version)

    def passed(self, model: str, version: str) -> str:
        """Return the latest event time that has passed; "" if there are no rows."""
        newest = newest_event_time(self.connection, model, version) or ""
        by_request = self.settings.for_model(model).event_time == "request"
        if by_request and self._is_live(model):
            return max(newest, clock.iso(time.time()))
        return newest

    def _is_live(self, model: str) -> bool:
        # Imported rows have earlier times, so the clock does not show that a window is complete.
        return newest_is_imported(self.connection, model) is False
