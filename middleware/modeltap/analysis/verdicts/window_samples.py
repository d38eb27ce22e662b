"""A window's rows, samples of it and its reference, and recent baselines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from modeltap import clock
from modeltap.analysis.counting.sample import Sample, choose_hashed, hashed_keys
from modeltap.analysis.model.reference import MIN_BLOCKS
from modeltap.analysis.references.clean_time import CleanTime
from modeltap.config.reference_settings import parse_reference
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import parse_times
from modeltap.store.metrics import values_before
from modeltap.store.predictions import StoredColumns, StoredRow
from modeltap.store.windows import Series

ROWS_AT_ONCE = 10_000
"""Rows that are held at a time: a window of a million rows would take 300 MB."""


class WindowRows(NamedTuple):
    """The number of a window's rows, their (n,) times in Unix seconds, and a sample in order."""

    total: int
    times: np.ndarray
    sampled: list[StoredRow]


def window_rows(parts: Iterable[StoredColumns]) -> WindowRows:
    """Return what the analysis needs of a window's rows, reading them once.

    The sample is that of `choose` among all rows.

    >>> part = StoredColumns(("a", "b"), (0, 0), ("2024-01-01T00:00:00.000Z",) * 2, (7, 8))
    >>> window_rows([part]).sampled[1]
    StoredRow(exchange_id='b', row=0, event_time='2024-01-01T00:00:00.000Z', seq=8)
    """
    times: list[np.ndarray] = []
    sampled: list[StoredRow] = []
    hashes = np.zeros(0, dtype=np.int64)
    for part in parts:
        times.append(parse_times(part.event_times))
        hashes = np.concatenate([hashes, hashed_keys(part.exchange_ids, part.rows)])
        chosen = choose_hashed(hashes)
        before = len(sampled)
        sampled = [
            sampled[place] if place < before else part.row_at(place - before) for place in chosen
        ]
        hashes = hashes[chosen]
    moments = np.concatenate(times) if times else np.zeros(0)
    return WindowRows(len(moments), moments, sampled)


class RowReader(Protocol):
    """A reader of the rows of one reference's windows."""

    def read_some(self, rows: Sequence[StoredRow], /) -> Batch:
        """Decode a sample of the stored rows."""

    def coded(self, batch: Batch, /) -> Sample:
        """Return the rows of a batch, coded in the reference's bins."""

    def reference_rows(self, start: str, end: str, /) -> Sample:
        """Return a sample of the rows to compare a window with."""


@dataclass
class WindowSamples:
    """Samples of a window and its reference, each built on first access."""

    reader: RowReader
    rows: Sequence[StoredRow]
    start: str
    end: str

    @cached_property
    def batch(self) -> Batch:
        """The window's sampled rows, decoded."""
        return self.reader.read_some(self.rows)

    @cached_property
    def window(self) -> Sample:
        """Rows of the window."""
        return self.reader.coded(self.batch)

    @cached_property
    def reference(self) -> Sample:
        """Rows of the reference."""
        return self.reader.reference_rows(self.start, self.end)


@dataclass
class RecentBaselines:
    """The baselines of a rolling reference, from the windows that it consists of."""

    connection: sqlite3.Connection
    series: Series
    start: str
    rolling: str
    clean: CleanTime
    _known: dict[tuple[str, str | None], float | None] = field(default_factory=dict, repr=False)

    def highest(self, metric: str, feature: str | None) -> float | None:
        """Return the largest value of a feature's metric; None if too few are known."""
        if (metric, feature) not in self._known:
            self._known[metric, feature] = self._highest(metric, feature)
        return self._known[metric, feature]

    def _highest(self, metric: str, feature: str | None) -> float | None:
        length = parse_reference(self.rolling).seconds
        spans = self.clean.before(clock.parse(self.start) or 0.0, length)
        since = clock.iso(spans[0][0]) if spans else self.start
        incidents = [(clock.iso(first), clock.iso(last)) for first, last in self.clean.incidents]
        known = values_before(
            self.connection, self.series, metric, feature, self.start, since, MIN_BLOCKS, incidents
        )
        return max(known) if len(known) >= MIN_BLOCKS else None
