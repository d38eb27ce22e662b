"""Urgency: selection of the alerts that are certain enough to fire without a second window.

A verdict has a level per window; of 168 hourly windows a week, one or two alert by chance. An
alert's level is per week. A metric of a kind (drift, quality, performance, requests) with T tests
in each of W windows a week fires at once if ``p < .01 / (W T)``: by chance at most .01 times a
week, by Bonferroni, for any dependence. Other metrics require a second window in a row. If windows
are independent, T tests at the level ``a / T`` alert twice in a row ``W T (a / T)^2 = W a^2 / T``
times a week. With hourly windows and the normal level of .009:

    at once: four kinds, requests by errors and by latency       5 x .01        = .050
    twice in a row: inputs                                       168 x .009^2 / T <= .014
    twice in a row: performance, two tests at half of .0009      168 x .0009^2  < .001
    twice in a row: requests, two tests, .005 beyond each end    168 x 2 x .005^2 = .008
    incidents per week and model without a change, at most                        .073

Fairness is a fifth kind, where groups are configured, and adds .01 at once.

The thresholds account for windows that depend on each other (by a rhythm or autocorrelation), as
they are learnt from blocks of the reference. With fewer than four blocks, only alerts that neither
chance nor variation can explain fire at once.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

import scipy
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.detectors import quality
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.config.metrics import CATALOGUE
from modeltap.config.windows import Window
from modeltap.store.windows import Series, count_windows

_HARDLY_KNOWN = 2 * AT_ONCE
"""The strength that fires at once on a kind of day of which the reference has fewer than four: a
first week has one weekend, and noise may hide how its two days differ."""

_LEVEL_A_WEEK = 0.01
"""The rate of alerts that fire at once by chance, per kind of metrics: see the sum above."""


def urgent(
    metrics: Sequence[Metric],
    windows_a_week: float,
    reference: Reference | None = None,
    known: int | None = None,
) -> list[Metric]:
    """Return `metrics`, with `at_once` set for alerts that need no second window.

    Args:
        metrics: all metrics of a window; those without an alert count as tests, too.
        windows_a_week: the number of windows per week.
        reference: the reference that the window was compared with, if any.
        known: the number of the reference's blocks like the window; by default all.
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
    """Return the number of windows per week; row windows are counted in the 7 days before `end`."""
    weekly = Window.parse(series.window).a_week
    if weekly is not None:
        return weekly
    before = clock.iso((clock.parse(end) or 0.0) - clock.WEEK)
    return max(1.0, float(count_windows(connection, series, before, end)))


def _kind(metric: Metric) -> str | None:
    """Return the kind of a metric, within which a level is shared: the command that reports it."""
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
    """Return whether neither chance nor variation can explain an alert.

    This holds for values declared impossible that the reference does not have, for metrics that are
    not sample statistics (`schema_change`), and for thresholds that chance does not reach: with n
    rows a week, a pause twice as long as the longest of them occurs once in n weeks.
    """
    feature = reference.by_name.get(metric.feature or "") if reference is not None else None
    if feature is not None and quality.is_declared(feature, metric.metric):
        return isinstance(metric.evidence, Grown) and metric.evidence.before == 0.0
    return metric.p_value is None and metric.low is None


def _p_value(metric: Metric) -> float | None:
    """Return the metric's p-value, or that of a rate against its threshold; None if unknown.

    A rate without rows in a reference (`error_rate`) is tested exactly against its threshold:
    ``P(X >= count)`` of a binomial distribution is the incomplete beta function.
    """
    if metric.p_value is not None or metric.threshold is None or not metric.count:
        return metric.p_value
    return float(
        scipy.special.betainc(metric.count, metric.rows - metric.count + 1, metric.threshold)
    )
