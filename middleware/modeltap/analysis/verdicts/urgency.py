"""Urgency: which alerts of a window are so sure that they need no second window to confirm them.

A verdict has a level per window; of 168 hourly windows a week one or two alert by chance. An
alert's level is per week. Of one kind (drift, quality, performance, requests) with T tests in each
of W windows a week, a metric fires at once when ``p < .01 / (W T)``: by chance at most .01 times a
week, by Bonferroni, whatever the dependence. All others need a second window in a row. Where
windows are independent, T tests at the level ``a / T`` have two in a row ``W T (a / T)^2 =
W a^2 / T`` times a week. With hourly windows and the normal level of .009:

    at once: four kinds, requests by errors and by latency       5 x .01        = .050
    twice in a row: inputs                                       168 x .009^2 / T <= .014
    twice in a row: performance, two tests at half of .0009      168 x .0009^2  < .001
    twice in a row: requests, two tests, .005 beyond each end    168 x 2 x .005^2 = .008
    incidents a week and model without a change, at most                          .073

Windows that depend on each other (a rhythm, autocorrelation) are a matter of the thresholds, which
are learnt from blocks of the reference: where it knows fewer than four, nothing fires at once
that chance or variation may explain.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace
from scipy.special import betainc

from modeltap import clock
from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.context import MIN_BLOCKS
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import CATALOGUE
from modeltap.config.windows import Window
from modeltap.store.windows import Series, count_windows

_HARDLY_KNOWN = 2 * AT_ONCE
"""The strength that needs no second window on a kind of day that the reference has seen fewer than
four times: a first week has two days of a weekend, whose own difference may be hidden by noise."""

_LEVEL_A_WEEK = 0.01
"""Alerts at once by chance, for each of four kinds of metrics: see the sum above."""


def urgent(
    metrics: Sequence[Metric],
    windows_a_week: float,
    reference: Reference | None = None,
    known: int | None = None,
) -> list[Metric]:
    """Return `metrics`, with `at_once` where an alert needs no second window.

    Args:
        metrics: all of one window, those without an alert too: they count as tests.
        windows_a_week: how many windows a week has.
        reference: what the window was compared with; None where that is no reference.
        known: how many of the reference's blocks are like the window; by default all.
    """
    least = AT_ONCE if known is None or known >= MIN_BLOCKS else _HARDLY_KNOWN
    tests = Counter(map(_kind, (m for m in metrics if m.verdict in (OK, ALERT))))
    return [
        replace(metric, at_once=True)
        if metric.verdict == ALERT
        and _is_sure(
            metric, _LEVEL_A_WEEK / (windows_a_week * tests[_kind(metric)]), reference, least
        )
        else metric
        for metric in metrics
    ]


def windows_a_week(connection: sqlite3.Connection, series: Series, end: str) -> float:
    """Return how many of these windows a week has: of rows, those of the 7 days before `end`."""
    weekly = Window.parse(series.window).a_week
    if weekly is not None:
        return weekly
    before = clock.iso((clock.parse(end) or 0.0) - clock.WEEK)
    return max(1.0, float(count_windows(connection, series, before, end)))


def _kind(metric: Metric) -> str | None:
    """Return what shares a level: the metrics that one command shows."""
    entry = CATALOGUE.get(metric.metric)
    return entry.report if entry is not None else None


def _is_sure(metric: Metric, level: float, reference: Reference | None, least: float) -> bool:
    strength = metric.strength or 0.0
    if strength < AT_ONCE:
        return False
    if _is_certain(metric, reference):
        return True
    p = _p_value(metric)
    knows_variation = reference is None or reference.blocks >= MIN_BLOCKS
    strong = strength >= least or _kind(metric) != "drift"
    return knows_variation and strong and p is not None and p < level


def _is_certain(metric: Metric, reference: Reference | None) -> bool:
    """Say whether neither chance nor variation explain an alert.

    What was declared impossible and never was in the reference; and what is no sample of
    anything (`schema_change`), or has a limit that chance does not reach: a pause twice as long
    as the longest of so many rows comes once in as many weeks as a week has rows.
    """
    feature = reference.by_name.get(metric.feature or "") if reference is not None else None
    if feature is not None and quality.is_declared(feature, metric.metric):
        return isinstance(metric.evidence, Grown) and metric.evidence.before == 0.0
    return metric.p_value is None and metric.low is None


def _p_value(metric: Metric) -> float | None:
    """Return the metric's p-value, or that of a rate's threshold; None where neither is known.

    A rate without a reference's rows (`error_rate`) is tested against its threshold, exactly:
    ``P(X >= count)`` of a binomial is the incomplete beta function.
    """
    if metric.p_value is not None or metric.threshold is None or not metric.count:
        return metric.p_value
    return float(betainc(metric.count, metric.rows - metric.count + 1, metric.threshold))
