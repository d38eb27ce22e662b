"""Windows of a fixed number of rows, in event order, restarted at the reference's start and end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter, count_batch
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.model.reference import Reference
from modeltap.config.windows import Window
from modeltap.store import windows as stored
from modeltap.store.due_windows import DueWindow, record_due
from modeltap.store.labels import early_labels
from modeltap.store.predictions import LAST, RowKey, StoredRow, key_of, rows_between
from modeltap.store.watermarks import LABELS, watermark
from modeltap.store.windows import CountedWindow

_BEFORE_ALL: RowKey = ("", 0, 0)
_MILLISECOND = 0.001
"""The resolution of stored times, in seconds."""


_AT_ONCE = 10_000
"""Rows that are decoded at a time: a window of a million rows would take 2.5 GB."""


class _CutWindow(NamedTuple):
    """A counted window, and whether it has rows whose labels arrived before it was cut."""

    window: CountedWindow
    has_labels: bool


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
        while (cut := self._next()) is not None:
            name = f"cut:{self._series.counted}"
            before = watermark(self.counter.connection, name)
            with self.counter.fenced(name, before, before + 1):
                stored.put_window(self.counter.connection, self._series, cut.window)
                if cut.has_labels:
                    self._note_labelled(cut.window.window_start)
            done += 1
        return done

    def _note_labelled(self, start: str) -> None:
        """Note a window with labelled rows; the window of a row is unknown until it is cut."""
        connection = self.counter.connection
        due = DueWindow(self.reference.model, self.reference.version, self._series.window, start)
        record_due(connection, [due], watermark(connection, LABELS))

    def open(self) -> CountedWindow | None:
        """Return the counted rows of the window that is not full yet; None if there are none."""
        cut = self._counted(LAST)
        return None if cut is None else cut.window

    def _next(self) -> _CutWindow | None:
        """Return the next window that is full, counted."""
        for end in self._ends_ahead():
            # Rows left before an end of the reference form a window, too.
            if self._has_rows_from(end) and (cut := self._counted(end, self._size)) is not None:
                return cut
        waiting = self._waiting(self._start(), LAST, limit=1, skip=self._size - 1)
        return self._counted(LAST, self._size) if waiting else None

    def _counted(self, end: RowKey, limit: int | None = None) -> _CutWindow | None:
        """Count the rows that wait before `end`, at most `limit`; None if there are none."""
        first = last = counted = None
        has_labels = False
        for part in self._parts(end, limit):
            own = count_batch(self.counter.read_picked(self.reference.model, part), self.reference)
            first, last = first or part[0], part[-1]
            counted = own if counted is None else counted + own
            has_labels = has_labels or self._are_labelled(part)
        if first is None or last is None or counted is None:
            return None
        return _CutWindow(self._window(first, last, counted), has_labels)

    def _parts(self, end: RowKey, limit: int | None) -> Iterator[list[StoredRow]]:
        start, left = self._start(), limit
        while left != 0:
            part = self._waiting(start, end, _AT_ONCE if left is None else min(left, _AT_ONCE))
            if not part:
                return
            yield part
            start = key_of(part[-1])
            left = None if left is None else left - len(part)

    def _waiting(self, start: RowKey, end: RowKey, limit: int, skip: int = 0) -> list[StoredRow]:
        return rows_between(
            self.counter.connection,
            self.reference.model,
            self.reference.version,
            start,
            end,
            limit,
            after=True,
            skip=skip,
        )

    def _are_labelled(self, part: list[StoredRow]) -> bool:
        connection = self.counter.connection
        ids = {row.exchange_id for row in part}
        return bool(early_labels(connection, ids, watermark(connection, LABELS)))

    def _start(self) -> RowKey:
        """Return the key of the last row of the newest window."""
        newest = self._newest()
        return _BEFORE_ALL if newest is None else stored.last_key(newest)

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

    def _window(self, first: StoredRow, last: StoredRow, counted: Tally) -> CountedWindow:
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
