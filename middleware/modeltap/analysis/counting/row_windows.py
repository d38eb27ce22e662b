"""Windows of a fixed number of rows, in event order, restarted at the reference's start and end."""

from __future__ import annotations

from dataclasses import dataclass

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter, count_batch
from modeltap.analysis.model.reference import Reference
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.due_windows import DueWindow, record_due
from modeltap.store.labels import early_labels
from modeltap.store.predictions import LAST, RowKey, StoredRow, rows_between
from modeltap.store.watermarks import LABELS, watermark
from modeltap.store.windows import CountedWindow

_BEFORE_ALL: RowKey = ("", 0, 0)
_MILLISECOND = 0.001
"""The resolution of stored times, in seconds."""


@dataclass
class RowWindows:
    """Cuts one reference's rows, stored in `predictions` in event order, into windows.

    A row that arrives after the windows around it are cut is counted into the window that it
    belongs to (`late_rows`), which then has more rows than the others.
    """

    counter: WindowCounter
    reference: Reference

    def __post_init__(self) -> None:
        self._series = self.counter.series(self.reference)
        self._size = Window.parse(self._series.window).size

    def cut(self) -> int:
        """Cut all windows that are full; return their number."""
        done = 0
        while (rows := self._next()) is not None:
            name = f"cut:{self._series.counted}"
            before = watermark(self.counter.connection, name)
            window = self._counted(rows)
            with self.counter.fenced(name, before, before + 1):
                stored.put_window(self.counter.connection, self._series, window)
                self._note_labelled(rows, window.window_start)
            done += 1
        return done

    def _note_labelled(self, picked: list[StoredRow], start: str) -> None:
        """Note a window with labelled rows; the window of a row is unknown until it is cut."""
        connection, newest = self.counter.connection, watermark(self.counter.connection, LABELS)
        if early_labels(connection, {row.exchange_id for row in picked}, newest):
            due = DueWindow(
                self.reference.model, self.reference.version, self._series.window, start
            )
            record_due(connection, [due], newest)

    def open(self) -> CountedWindow | None:
        """Return the counted rows of the window that is not full yet; None if there are none."""
        picked = self._waiting(LAST)
        return self._counted(picked) if picked else None

    def _next(self) -> list[StoredRow] | None:
        """Return the next window's rows; None if it is not full."""
        for end in self._ends_ahead():
            if (picked := self._waiting(end, self._size)) and self._has_rows_from(end):
                # Rows left before an end of the reference form a window, too.
                return picked
        picked = self._waiting(LAST, self._size)
        return picked if len(picked) == self._size else None

    def _waiting(self, end: RowKey, limit: int = -1) -> list[StoredRow]:
        newest = self._newest()
        start = _BEFORE_ALL if newest is None else stored.last_key(newest)
        return rows_between(
            self.counter.connection,
            self.reference.model,
            self.reference.version,
            start,
            end,
            limit,
            after=True,
        )

    def _newest(self) -> CountedWindow | None:
        return stored.window_at(self.counter.connection, self._series, LAST[0])

    def _ends_ahead(self) -> list[RowKey]:
        """Return the reference's start and end that no window has passed.

        A provisional reference has none, because its windows are later cut without its ends.
        """
        if self.reference.state == "provisional":
            return []
        newest = self._newest()
        last = newest.last_event if newest is not None else ""
        ends = self.reference.from_time, self.reference.to_time
        return [(end, 0, 0) for end in ends if end is not None and end > last]

    def _has_rows_from(self, end: RowKey) -> bool:
        # A file's period may lie in the future, so nothing is complete at its ends.
        return bool(
            rows_between(
                self.counter.connection, self.reference.model, self.reference.version, end, LAST, 1
            )
        )

    def _counted(self, picked: list[StoredRow]) -> CountedWindow:
        first, last = picked[0], picked[-1]
        counted = count_batch(
            self.counter.read_picked(self.reference.model, picked), self.reference
        )
        start = self._label(first.event_time)
        return CountedWindow(
            window_start=start,
            window_end=max(start, last.event_time),
            first_event=first.event_time,
            first_seq=first.seq,
            first_row=first.row,
            last_event=last.event_time,
            last_seq=last.seq,
            last_row=last.row,
            tally=counted.pack(),
        )

    def _label(self, start: str) -> str:
        """Return the time that identifies a window: later than that of the previous one."""
        newest = self._newest()
        if newest is None or start > newest.window_start:
            return start
        # All rows have one time; a millisecond distinguishes the two windows.
        return clock.iso((clock.parse(newest.window_start) or 0.0) + _MILLISECOND)
