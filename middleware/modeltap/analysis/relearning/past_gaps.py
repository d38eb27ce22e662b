"""The gaps of earlier windows between estimated and true performance, from their stored metrics."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from modeltap.analysis.estimation.estimates import within_bounds
from modeltap.analysis.estimation.gap_spread import GapSpread, PastGap, gap_spread, widened
from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import NORMAL_95, Metric
from modeltap.config.metrics import ESTIMATED
from modeltap.store.window_facts import StoredInterval, estimates_within, intervals_before
from modeltap.store.windows import Series

NEARLY_ALL = 0.95
"""From this fraction of labels on, the measured value is the truth, and the last estimate stays to
be compared with it."""

Spreads = Mapping[str, GapSpread]
"""The spreads of metrics, by name."""


def spreads_before(
    connection: sqlite3.Connection, series: Series, start: str, known: Baseline | None
) -> Spreads:
    """Return the spread of the accuracy, or of the mean absolute error, before a window.

    The error that was expected without labels is stored for each window, so that these two metrics
    have a gap.

    Args:
        known: the performance of the reference; without it, there is no estimate.
    """
    if known is None:
        return {}
    metric = "mae" if known.task == "regression" else "accuracy"
    expected, corrected, measured = (
        {own[:2]: own for own in intervals_before(connection, series, start, name)}
        for name in ("expected_error", ESTIMATED + metric, metric)
    )
    gaps = []
    for period, estimate in expected.items():
        own, labels = measured.get(period), corrected.get(period)
        value = 1 - estimate.value if metric == "accuracy" else estimate.value
        if own is not None and own.rows >= NEARLY_ALL * estimate.rows:
            gaps.append(PastGap(own.value - value, _error(estimate), 0.0))
        elif labels is not None and labels.counted is not None:
            gaps.append(PastGap(labels.value - value, _error(estimate), _error(labels)))
    return {metric: gap_spread(gaps)}


def spreads_of_window(
    connection: sqlite3.Connection, series: Series, start: str, end: str, known: Baseline | None
) -> Spreads:
    """Return the spreads before a window that has an estimate without labels, with its error."""
    own = estimates_within(connection, series, start, end, "expected_error")
    if not own:
        return {}
    spreads = spreads_before(connection, series, start, known)
    return {name: spread._replace(chance=_error(own[0])) for name, spread in spreads.items()}


def _error(own: StoredInterval) -> float:
    """Return the standard error of a metric."""
    return (own.high - own.low) / 2 / NORMAL_95


def widened_estimates(metrics: Sequence[Metric], spreads: Spreads) -> list[Metric]:
    """Return estimates without labels, with the intervals that earlier gaps ask for."""
    return [_widened(own, spreads.get(own.metric.removeprefix(ESTIMATED))) for own in metrics]


def _widened(own: Metric, spread: GapSpread | None) -> Metric:
    if spread is None or own.value is None or own.low is None or own.high is None:
        return own
    if not own.metric.startswith(ESTIMATED):
        return own
    interval = within_bounds(own.metric, widened(Estimate(own.value, own.low, own.high), spread))
    return replace(own, low=interval.low, high=interval.high)
