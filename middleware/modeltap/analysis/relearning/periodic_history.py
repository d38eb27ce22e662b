"""The arrival of a window's labels by the clock, if they come every day or every week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple, Protocol

import numpy as np

from modeltap import clock
from modeltap.analysis.arrival.arrival_curve import ArrivalCurve
from modeltap.analysis.arrival.periodic_arrival import (
    LAGS,
    EarlierRows,
    EvaluatedSpan,
    PeriodicCurve,
    most_periodic,
    periodic_curve,
    periodic_rows,
)
from modeltap.analysis.relearning.label_history import Arrivals, LabelHistory
from modeltap.decoding.times import parse_times
from modeltap.store.labelled_rows import LabelledPrediction

_PERIODS = (clock.DAY, clock.WEEK)

_FEWEST_IN_TIME = 60
"""Rows at the times of a window: a performance takes thirty labels, and half may be pending."""

_MOMENTS, _ROWS_A_MOMENT = 8, 64
"""Moments of a window at which each earlier period is read: 4,000 rows for each of the periods."""


Curve = ArrivalCurve | PeriodicCurve
"""The fractions of labels that have arrived, by the age of their rows or by the clock."""


class ArrivalHistory(Protocol):
    """Labelled rows like those of a window, and the arrival of their labels."""

    @property
    def known(self) -> Arrivals:
        """The (n,) rows."""

    @property
    def curve(self) -> Curve | None:
        """The curve of all of their labels; None if too few are known."""

    def ages(self, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return the (m,) ages of a window's rows in seconds."""

    def given_ages(self, moments: np.ndarray, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return an age for each of (n,) earlier rows, as one of a window's rows has it."""

    def curve_of(self, places: np.ndarray) -> Curve:
        """Return the curve of the known rows at some places, one or more."""


class PeriodicHistory(NamedTuple):
    """The labelled rows of earlier days or weeks at the same time as those of a window."""

    history: LabelHistory
    known: Arrivals
    earlier: EarlierRows
    window: EvaluatedSpan
    period: float

    @property
    def curve(self) -> PeriodicCurve:
        """The curve of all labels."""
        return periodic_curve(self.earlier, self.window)

    def ages(self, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return the (m,) ages of the window's rows in seconds."""
        return self.history.ages(rows)

    def given_ages(self, moments: np.ndarray, rows: Sequence[LabelledPrediction]) -> np.ndarray:
        """Return the age of each of (n,) earlier rows at the moment that corresponds to now.

        This is as long after the row as now is after its time in the window, which is whole periods
        away; NaN for a row that the window has no such time for. If that leaves few rows, all are
        given the age of a row of the window.
        """
        first = np.ceil((self.window.start - moments) / self.period)
        times = np.floor((self.window.end - moments) / self.period) - first + 1
        if np.count_nonzero(times > 0) < _FEWEST_IN_TIME:
            return self.history.given_ages(moments, rows)
        lags = first + np.floor(np.random.default_rng(0).random(len(moments)) * times)
        ages = self.window.now + self.earlier.late - (moments + lags * self.period)
        return np.where(times > 0, ages, np.nan)

    def curve_of(self, places: np.ndarray) -> PeriodicCurve:
        """Return the curve of the known rows at (n,) rising places, one or more."""
        return periodic_curve(self.earlier.at(places), self.window)


def history_of_window(
    history: LabelHistory, rows: Sequence[LabelledPrediction]
) -> LabelHistory | PeriodicHistory:
    """Return what is known about the arrival of a window's labels, by age or by the clock."""
    curve, window = history.curve, _moments(history, rows)
    if curve is None or window is None:
        return history
    known = [history.read(_spans(window, period), _ROWS_A_MOMENT) for period in _PERIODS]
    choices = [
        periodic_rows(own.moments, own.moments + own.delays, window, period, curve)
        for own, period in zip(known, _PERIODS, strict=True)
    ]
    earlier = most_periodic(choices)
    if earlier is None:
        return history
    own, period = next(
        (own, period)
        for own, period, (_, rows) in zip(known, _PERIODS, choices, strict=True)
        if rows is earlier
    )
    places = earlier.places.tolist()
    return PeriodicHistory(
        history,
        Arrivals([own.rows[n] for n in places], own.moments[places], own.delays[places]),
        earlier._replace(places=np.arange(len(places))),
        window,
        period,
    )


def _moments(history: LabelHistory, rows: Sequence[LabelledPrediction]) -> EvaluatedSpan | None:
    """Return the times of a window's first and last row; None if they do not differ."""
    times = [time for row in rows if (time := row.waiting_since)]
    if not times or min(times) == max(times):
        return None
    start, end = parse_times([min(times), max(times)]).tolist()
    return EvaluatedSpan(start, end, history.now)


def _spans(window: EvaluatedSpan, period: float) -> Iterator[tuple[str, str]]:
    """Yield parts of the periods before, at the times of the window."""
    edges = np.linspace(window.start, window.end, _MOMENTS + 1)
    lags = range(1, LAGS + 1)
    spans = {
        (float(begin - lag * period), float(end - lag * period))
        for lag, (begin, end) in product(lags, pairwise(edges.tolist()))
    }
    for begin, end in sorted(spans):
        yield clock.iso(begin), clock.iso(end)
