"""The scope of one analysis pass: whose settings hold, and which windows are complete."""

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
        model: evaluate the inputs of this model only; all if None.
        include_open: also evaluate windows that are not complete.
        again: compute all windows anew, without alerts.
    """

    connection: sqlite3.Connection
    settings: SettingsReader
    model: str | None = None
    include_open: bool = False
    again: bool = False

    def is_over(self, model: str, version: str, end: str) -> bool:
        """Return whether no more rows are to be expected before `end`.

        A window is over when a later one has rows, or, where events are the requests
        themselves, when the clock says so.
        """
        return self.include_open or self.has_passed(model, version, end)

    def has_passed(self, model: str, version: str, end: str) -> bool:
        """Return whether a later row, or the clock, says that `end` has passed."""
        return end <= self.passed(model, version)

    def passed(self, model: str, version: str) -> str:
        """Return the event time that has passed, by the newest row or the clock; "" of no row."""
        newest = newest_event_time(self.connection, model, version) or ""
        by_request = self.settings.for_model(model).event_time == "request"
        if by_request and self._is_live(model):
            return max(newest, clock.iso(time.time()))
        return newest

    def _is_live(self, model: str) -> bool:
        # Imported rows have times of their own: the clock does not tell whether more will come.
        return newest_is_imported(self.connection, model) is False
