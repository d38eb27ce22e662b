"""The arrival of a window's labels: how many came within an hour, a day and a week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modeltap import clock
from modeltap.analysis.model.metric import Evidence, Metric
from modeltap.decoding.times import parse_times

HORIZONS = {"1h": clock.HOUR, "1d": clock.DAY, "7d": clock.WEEK}
"""The periods after a prediction, in seconds, that the metrics `label_arrival_*` report."""

_CURVE = {
    "1h": clock.HOUR,
    "6h": 6 * clock.HOUR,
    "1d": clock.DAY,
    "3d": 3 * clock.DAY,
    "7d": clock.WEEK,
    "14d": 2 * clock.WEEK,
    "30d": 30 * clock.DAY,
}
"""The periods at which the arrival curve of a model is shown."""


class TooYoung(Evidence, frozen=True):
    """The horizon that the window's last row has not reached."""

    horizon: str


class UnknownDelays(Evidence, frozen=True):
    """The number of labels that arrived at an unknown time."""

    labels: int


class WindowArrivals(NamedTuple):
    """The labels of a window.

    Args:
        times: (n,) the times of predictions in Unix seconds; rows with an unknown delay are left
            out.
        delays: (n,) seconds from the prediction to its first label; infinite if it is pending.
        unknown: labels whose delay is unknown.
    """

    times: np.ndarray
    delays: np.ndarray
    unknown: int

    @property
    def rows(self) -> int:
        """The number of rows with a label whose delay is known, or without a label."""
        return len(self.delays)

    @property
    def newest(self) -> float | None:
        """The time of the last prediction; None for an empty window."""
        return float(self.times.max()) if self.rows else None

    @property
    def arrived(self) -> np.ndarray:
        """The delays of the labels that have arrived."""
        return np.asarray(self.delays[np.isfinite(self.delays)])

    @property
    def median(self) -> float | None:
        """The median delay of the labels that have arrived; None if there are none."""
        return float(np.median(self.arrived)) if len(self.arrived) else None


class ArrivalPoint(NamedTuple):
    """A point of the arrival curve: of the `rows` that are older than `within`, the fraction whose
    label arrived in that time. None if there are no such rows."""

    within: str
    rows: int
    fraction: float | None


def window_arrivals(
    times: Sequence[str], labelled: Sequence[bool], delays: Sequence[float | None]
) -> WindowArrivals:
    """Return the arrivals of the labels of n rows.

    Args:
        times: (n,) the times of predictions.
        labelled: (n,) whether the row has a label.
        delays: (n,) the label's delay in seconds, None if it is unknown or pending.

    >>> window_arrivals(["2024-05-01T00:00:00.000Z"], [True], [60.0]).delays.tolist()
    [60.0]
    """
    seconds = np.array(delays, dtype=np.float64)
    unknown = np.array(labelled, dtype=bool) & np.isnan(seconds)
    seconds = np.where(np.isnan(seconds), np.inf, seconds)
    return WindowArrivals(
        parse_times(times)[~unknown], seconds[~unknown], int(np.count_nonzero(unknown))
    )


def arrival_metrics(arrivals: WindowArrivals, now: float) -> list[Metric]:
    """Return `label_arrival_1h`, `_1d`, `_7d` and `label_delay_p50_seconds`, without verdicts.

    The fraction of the rows whose first label arrived within the horizon: the empirical
    distribution function of the delay. It is null until the last row of the window has reached the
    horizon, because the label of a younger row may still arrive in time. A label with an unknown
    delay counts neither as early nor as late, so that its row is left out.

    Args:
        now: Unix seconds.

    >>> window = window_arrivals(["2024-05-01T00:00:00.000Z"], [True], [7200.0])
    >>> [metric.value for metric in arrival_metrics(window, clock.parse("2024-05-03"))]
    [0.0, 1.0, None, 7200.0]
    """
    return [
        *(_within(name, seconds, arrivals, now) for name, seconds in HORIZONS.items()),
        _median(arrivals),
    ]


def arrival_points(arrivals: WindowArrivals, now: float) -> list[ArrivalPoint]:
    """Return the arrival curve at `_CURVE`, each point over the rows that are old enough at `now`.

    >>> rows = window_arrivals(["2024-05-01T00:00:00.000Z"], [True], [7200.0])
    >>> [point.fraction for point in arrival_points(rows, clock.parse("2024-05-02"))]
    [0.0, 1.0, 1.0, None, None, None, None]
    """
    ages = now - arrivals.times
    points = []
    for name, seconds in _CURVE.items():
        delays = arrivals.delays[ages >= seconds]
        fraction = float(np.mean(delays <= seconds)) if len(delays) else None
        points.append(ArrivalPoint(name, len(delays), fraction))
    return points


def next_horizon(arrivals: WindowArrivals, now: float) -> float | None:
    """Return the time at which the next fraction is complete; None if all are.

    >>> window = window_arrivals(["2024-05-01T00:00:00.000Z"], [False], [None])
    >>> clock.iso(next_horizon(window, clock.parse("2024-05-01T02:00:00Z")))
    '2024-05-02T00:00:00.000Z'
    """
    newest = arrivals.newest
    if newest is None:
        return None
    ends = (newest + seconds for seconds in HORIZONS.values())
    return min((end for end in ends if end > now), default=None)


def _within(name: str, seconds: float, arrivals: WindowArrivals, now: float) -> Metric:
    metric = f"label_arrival_{name}"
    rows, newest = arrivals.rows, arrivals.newest
    if newest is None:
        return Metric(metric=metric, rows=0, evidence=UnknownDelays(arrivals.unknown))
    if now < newest + seconds:
        return Metric(metric=metric, rows=rows, evidence=TooYoung(name))
    count = int(np.count_nonzero(arrivals.delays <= seconds))
    return Metric(metric=metric, rows=rows, count=count, value=count / rows)


def _median(arrivals: WindowArrivals) -> Metric:
    metric, value = "label_delay_p50_seconds", arrivals.median
    if value is None:
        return Metric(metric=metric, rows=0, evidence=UnknownDelays(arrivals.unknown))
    return Metric(metric=metric, rows=len(arrivals.arrived), value=value)
