"""The arrival of a model's labels: how long they take, and how many of a window have arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from modeltap import clock
from modeltap.analysis.arrival.arrival_curve import ArrivalCurve, arrival_curve
from modeltap.analysis.model.reference import Reference
from modeltap.decoding.times import parse_times
from modeltap.store.label_arrivals import LabelArrival, label_arrivals
from modeltap.store.labelled_rows import LabelledPrediction

_SLICES, _ROWS_A_SLICE = 20, 1000
"""Rows are read from twenty moments of a period: reading a long one would take minutes."""

_FEWEST = 200
"""With fewer labels, a fraction of the curve has an error of more than a twentieth."""

FEWEST_OF_CELL = 50
"""With fewer labels, a cell of the confusion matrix has no curve of its own."""

_MOST_AGES = 1000
"""Rows of a window whose ages are read."""


class Arrivals(NamedTuple):
    """Labelled rows, with (n,) times from which delays count, and delays of labels, in seconds."""

    rows: Sequence[LabelArrival]
    moments: np.ndarray
    delays: np.ndarray


class LabelHistory:
    """The arrival of the labels of a reference's model, each period read once.

    Args:
        now: the arrival of the last label, in Unix seconds.
    """

    def __init__(self, connection: sqlite3.Connection, reference: Reference, now: float) -> None:
        self._connection = connection
        self._reference = reference
        self.now = now

    def ages(self, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return the (n,) ages of rows in seconds, at least 0."""
        return np.maximum(0.0, self.now - parse_times([row.waiting_since for row in rows]))

    def some_ages(self, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return the ages of at most 1,000 of a window's rows."""
        return self.ages(rows[:: max(1, -(-len(rows) // _MOST_AGES))])

    def given_ages(self, moments: np.ndarray, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return for each of (n,) earlier rows an age that a row of a window has.

        Args:
            moments: (n,) the times of the earlier rows.
            rows: those of the window.
        """
        ages = np.resize(self.some_ages(rows), len(moments))
        return np.random.default_rng(0).permutation(ages)

    def curve_of(self, places: np.ndarray) -> ArrivalCurve:
        """Return the curve of the known rows at (n,) places, one or more."""
        return arrival_curve(self.known.delays[places], self.now - self.known.moments[places])

    def is_live(self, start: str, end: str) -> bool:
        """Return whether labels of rows in a period arrived apart from these, not by an import."""
        own = self._reference
        few = label_arrivals(
            self._connection, own.model, own.version, start, end, limit=_ROWS_A_SLICE
        )
        return bool(few)

    @cached_property
    def of_reference(self) -> Arrivals:
        """A sample of the labelled rows of the reference."""
        return self._read(self._reference.from_time, self._reference.to_time)

    @cached_property
    def known(self) -> Arrivals:
        """A sample of the labelled rows since the reference began."""
        return self._read(self._reference.from_time, clock.iso(self.now))

    @cached_property
    def curve(self) -> ArrivalCurve | None:
        """The curve of all labels; None if too few are known."""
        if len(self.known.rows) < _FEWEST:
            return None
        return self.curve_of(np.arange(len(self.known.rows)))

    def read(self, spans: Iterable[tuple[str, str]], limit: int) -> Arrivals:
        """Return the labelled rows among the first `limit` of each half-open span of time."""
        own = self._reference
        rows: list[LabelArrival] = []
        for begin, end in spans:
            rows += label_arrivals(self._connection, own.model, own.version, begin, end, limit)
        return self._timed(rows)

    def _read(self, start: str | None, end: str | None) -> Arrivals:
        first, last = clock.parse(start), clock.parse(end)
        if first is None or last is None or first >= last:
            return self._timed([])
        edges = map(clock.iso, np.linspace(first, last, _SLICES + 1).tolist())
        return self.read(pairwise(edges), _ROWS_A_SLICE)

    def _timed(self, rows: list[LabelArrival]) -> Arrivals:
        moments = parse_times([row.predicted_at for row in rows])
        arrived = parse_times([row.received_at for row in rows])
        is_known = arrived <= self.now  # labels of the next pass may be there already
        places = np.flatnonzero(is_known).tolist()
        delays = np.maximum(0.0, arrived - moments)[is_known]
        return Arrivals([rows[place] for place in places], moments[is_known], delays)
