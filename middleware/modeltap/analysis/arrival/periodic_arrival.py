"""The arrival of labels that come by the clock, such as once a week, from rows of earlier periods.

By age alone, a weekly batch looks like any delay of up to seven days: a row is given a part of the
chance that its label came, though all rows of its day have the same. Rows of earlier weeks at the
same time of the week, seen from the same moment of their own week, are like those of the window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from modeltap.analysis.arrival.arrival_curve import ArrivalCurve, arrival_curve

LAGS = 8
"""Earlier periods that are compared: two months of weeks, beyond which delays change."""

_LEAST_GAIN = 0.01
"""The log-likelihood of a row from which on a period is real. Weekly batches gain .04 to 2; without
a period, a gain is at most .001, because rows of one time say no more than those of one age."""

_CLEARLY = 1.1
"""Batches are taken as late only if that gains a tenth, as it blurs those that are in time."""

_LATENESS = (0.0, 1 / 14)
"""A batch may come later than a period before: by half a day, of a week."""

_FEWEST = 200
"""Rows from which a part of the window has its own fraction."""

_FEWEST_BEFORE = 30
"""Rows that are needed to predict, and to be predicted."""

_SURE = 3.0
"""Standard errors that are subtracted from a gain, as it is the largest of several."""

_MOST_PARTS = 8
"""Parts of a window that is shorter than a period."""


class EarlierRows(NamedTuple):
    """The n labelled rows of earlier periods, as seen from the moment that corresponds to now.

    Args:
        places: (n,) their positions among the rows that were given.
        times: (n,) their times, moved by whole periods into the window.
        lags: (n,) these periods, from 1.
        waits: (n,) whole periods from the corresponding moment to the arrival of the label; 0 if it
            had arrived by then. At most the lag, because all labels have arrived by now.
        late: the time that is added to each corresponding moment.
    """

    places: np.ndarray
    times: np.ndarray
    lags: np.ndarray
    waits: np.ndarray
    late: float

    def at(self, places: np.ndarray) -> EarlierRows:
        """Return those among the rows that were given that are at (m,) rising places."""
        own = np.isin(self.places, places)
        return EarlierRows(
            self.places[own], self.times[own], self.lags[own], self.waits[own], self.late
        )


class PeriodicCurve(NamedTuple):
    """The fractions of labels that have arrived for the rows of k equal parts of a window.

    Args:
        first: the age of the window's first row.
        length: the time from its first to its last row.
        fractions: (k,) by parts, in order of time.
        rows: the labelled rows of earlier periods.
    """

    first: float
    length: float
    fractions: np.ndarray
    rows: int

    def at(self, ages: np.ndarray) -> np.ndarray:
        """Return the (n,) fractions of labels that have arrived for rows of these ages."""
        return np.asarray(
            self.fractions[_parts(self.first - ages, self.length, len(self.fractions))]
        )

    def relative_variance(self, ages: np.ndarray) -> float:
        """Return the variance of the mean fraction at these ages, divided by its square."""
        fraction = float(self.at(ages).mean())
        return (1 - fraction) / (self.rows * fraction) if fraction else 0.0


class EvaluatedSpan(NamedTuple):
    """The times of a window's first and last row, and the time of evaluation."""

    start: float
    end: float
    now: float

    @property
    def length(self) -> float:
        """The time from the first to the last row."""
        return self.end - self.start


class _Prediction(NamedTuple):
    """The (n,) outcomes of the rows of a period, and their chance by the periods before it."""

    times: np.ndarray
    lag: int
    has_come: np.ndarray
    chance: np.ndarray


def earlier_rows(
    times: np.ndarray, arrivals: np.ndarray, window: EvaluatedSpan, period: float, late: float = 0.0
) -> EarlierRows:
    """Return the rows that are whole periods before a window's, up to eight of them.

    Args:
        times: (n,) of labelled rows.
        arrivals: (n,) times of their labels, until now.

    >>> window = EvaluatedSpan(start=14.0, end=15.0, now=15.0)
    >>> earlier_rows(np.array([0.5, 7.5, 9.0]), np.array([8.5, 8.0, 9.0]), window, 7.0)[2:4]
    (array([2, 1]), array([2, 0]))
    """
    first = np.maximum(1, np.ceil((window.start - times) / period)).astype(np.int64)
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    for more in range(max(1, min(LAGS, math.ceil(window.length / period)))):
        lags = first + more
        moved = times + lags * period
        own = np.flatnonzero((moved >= window.start) & (moved <= window.end) & (lags <= LAGS))
        kept.append((own, lags[own]))
    places = np.concatenate([own for own, _ in kept])
    lags = np.concatenate([own for _, own in kept])
    corresponding = window.now - lags * period + late
    waits = np.ceil(np.round((arrivals[places] - corresponding) / period, 9))
    return EarlierRows(
        places,
        times[places] + lags * period,
        lags,
        np.maximum(0, waits).astype(np.int64),
        late,
    )


def periodic_rows(
    times: np.ndarray,
    arrivals: np.ndarray,
    window: EvaluatedSpan,
    period: float,
    by_age: ArrivalCurve,
) -> tuple[float, EarlierRows]:
    """Return the gain of a period over the age alone, and its rows.

    The gain is the mean log-likelihood ratio of the labels that came in time in each earlier
    period, predicted by the periods before it, against the curve by age: its lower bound.

    Args:
        times: (n,) of labelled rows; see `earlier_rows`.
        by_age: the curve of all labels.
    """
    choices = []
    for late in _LATENESS:
        rows = earlier_rows(times, arrivals, window, period, late * period)
        choices.append((_gain(rows, window, period, by_age), rows))
    in_time, delayed = choices
    return delayed if delayed[0] > _CLEARLY * max(in_time[0], _LEAST_GAIN) else in_time


def is_periodic(gain: float) -> bool:
    """Return whether labels come by the clock, by the gain of `periodic_rows`."""
    return gain >= _LEAST_GAIN


def periodic_curve(rows: EarlierRows, window: EvaluatedSpan) -> PeriodicCurve:
    """Return the fractions of labels that have arrived by now, from one or more earlier rows.

    The product-limit estimator of `arrival_curve`, in whole periods: a row of the last period is
    known only if its label waited for one at most.

    >>> window = EvaluatedSpan(start=14.0, end=15.0, now=15.0)
    >>> rows = earlier_rows(np.full(80, 0.5), np.repeat([1.0, 8.0], 40), window, 7.0)
    >>> periodic_curve(rows, window).at(np.array([0.5])).tolist()
    [0.5]
    """
    count = max(1, min(_MOST_PARTS, len(rows.lags) // _FEWEST))
    parts = _parts(rows.times - window.start, window.length, count)
    every = _fraction(rows.waits, rows.lags)
    fractions = np.full(count, every)
    for part in range(count):
        own = parts == part
        if own.sum() >= _FEWEST:
            fractions[part] = _fraction(rows.waits[own], rows.lags[own])
    return PeriodicCurve(window.now - window.start, window.length, fractions, len(rows.lags))


def _parts(since_start: np.ndarray, length: float, count: int) -> np.ndarray:
    """Return the part of a window in which each of its rows is."""
    places = since_start / max(length, 1e-9) * count
    return np.clip(places, 0, count - 1).astype(np.int64)


def _fraction(waits: np.ndarray, lags: np.ndarray) -> float:
    return float(_waiting(waits, lags).at(np.zeros(1))[0])


def _waiting(waits: np.ndarray, lags: np.ndarray) -> ArrivalCurve:
    return arrival_curve(waits.astype(np.float64), lags.astype(np.float64))


def _gain(rows: EarlierRows, window: EvaluatedSpan, period: float, by_age: ArrivalCurve) -> float:
    """Return a lower bound of a period's gain; minus infinity with too few rows or periods."""
    gains: list[np.ndarray] = []
    for own in _predictions(rows, window):
        ages = window.now - own.times
        late = ages + rows.late  # as old as the row was at the corresponding moment
        until = by_age.at(ages + own.lag * period)
        likely = np.divide(by_age.at(late), until, out=np.full(len(ages), 0.5), where=until > 0)
        gains.append(_log(own.chance, own.has_come) - _log(likely, own.has_come))
    every = np.concatenate(gains) if gains else np.zeros(0)
    if len(every) < _FEWEST_BEFORE:
        return -math.inf
    return float(every.mean() - _SURE * every.std() / math.sqrt(len(every)))


def _predictions(rows: EarlierRows, window: EvaluatedSpan) -> Iterator[_Prediction]:
    """Yield each period's rows, by parts, predicted by those of the periods before."""
    count = max(1, min(_MOST_PARTS, len(rows.lags) // (LAGS * _FEWEST)))
    parts = _parts(rows.times - window.start, window.length, count)
    for lag in range(1, LAGS):
        for part in range(count):
            own = (rows.lags == lag) & (parts == part)
            before = (rows.lags > lag) & (parts == part)
            if not own.any() or before.sum() < _FEWEST_BEFORE:
                continue
            curve = _waiting(rows.waits[before], rows.lags[before])
            in_time, until_now = curve.at(np.array([0.0, float(lag)])).tolist()
            chance = in_time / until_now if until_now else 0.5
            least = 1 / (2 + float(before.sum()))
            yield _Prediction(
                rows.times[own],
                lag,
                rows.waits[own] == 0,
                np.full(int(own.sum()), min(1 - least, max(least, chance))),
            )


def _log(chance: np.ndarray, has_come: np.ndarray) -> np.ndarray:
    """Return the log-likelihoods of outcomes, with chances that allow for a surprise."""
    chance = np.clip(chance, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(np.where(has_come, chance, 1 - chance)))


def most_periodic(choices: Sequence[tuple[float, EarlierRows]]) -> EarlierRows | None:
    """Return the rows of the period with the largest gain; None if none is real."""
    gain, rows = max(choices, key=lambda choice: choice[0])
    return rows if is_periodic(gain) else None
