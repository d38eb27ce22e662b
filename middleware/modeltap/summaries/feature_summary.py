"""One feature: its drift over time, and its distribution in a window next to the reference."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.analysis.counting.counter import total
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.reference import Reference, layout
from modeltap.charts.bar_chart import BarPair
from modeltap.charts.line_chart import WIDE, Line, LineChart, Point, ShadedSpan
from modeltap.charts.time_marks import Mark
from modeltap.store.drift_history import DriftPoint, drift_points, drift_window
from modeltap.store.metrics import metrics_of_window
from modeltap.store.models import ModelVersion
from modeltap.store.references import active_reference
from modeltap.store.segment_history import example_ids
from modeltap.store.windows import Series, evaluated_with
from modeltap.summaries.metric_charts import MOST_POINTS, thinned
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number


@dataclass(frozen=True)
class FeatureSummary:
    """A feature in a window.

    Attributes:
        history: its drift over the period.
        pairs: its distribution in the reference and in the window; empty if it is not kept.
        metrics: all of its metrics in the window, alerts first.
        points: the rows behind `history`.
        explanation: the sentence about what moved, or why nothing did.
        examples: ids of exchanges.
        is_asked: False if there is no window of the asked start, so that this is the last one.
        earlier, later: the starts of the windows before and after this one; None without one.
    """

    feature: str
    window_start: str
    window_end: str
    history: LineChart
    pairs: list[BarPair]
    metrics: list[dict[str, Any]]
    points: list[DriftPoint]
    explanation: str
    examples: list[str]
    is_asked: bool
    earlier: str | None
    later: str | None


def feature_summary(
    connection: sqlite3.Connection,
    of: ModelVersion,
    feature: str,
    period: ShownPeriod,
    start: str | None = None,
    marks: Sequence[Mark] = (),
    most: int | None = MOST_POINTS,
) -> FeatureSummary | None:
    """Return the summary of a feature in one window; None if it has no results.

    Args:
        start: the window's start; None takes the last window.
        most: the maximum number of points of `history`; None for all windows.
    """
    first, end = period.start_text, period.end_text
    shown = drift_window(connection, of, feature, first, end, start)
    if shown is None:
        return None
    at = shown.point
    points = drift_points(connection, of, feature, first, end, most)
    rows = [
        row
        for row in metrics_of_window(connection, *of, at.window, at.window_start)
        if row["feature"] == feature
    ]
    explained = next((row["explanation"] for row in rows if row["explanation"]), None)
    examples = next((row["examples"] for row in rows if row["examples"]), None)
    return FeatureSummary(
        feature,
        at.window_start,
        at.window_end,
        drift_chart(feature, points, period, marks, at),
        pairs_of_window(connection, of, feature, at.window, at.window_start),
        rows,
        points,
        explained or _why_not(at),
        example_ids(examples),
        not start or at.window_start == start,
        shown.earlier,
        shown.later,
    )


def _why_not(point: DriftPoint) -> str:
    """Return why a window has no sentence about what moved."""
    if point.verdict == "not_enough_rows":
        return f"Not tested: {point.rows:,} rows are too few."
    if point.verdict not in ("ok", "alert") or point.value is None:
        reason = "without a reference" if point.verdict is None else point.verdict
        return f"Not tested: {reason.replace('_', ' ')}."
    if point.threshold is None:
        return f"Nothing moved beyond chance: the distance is {number(point.value)}."
    if point.value >= point.threshold:
        return (
            f"Nothing moved beyond chance: the distance is {number(point.value)}, above the "
            f"smallest that matters ({number(point.threshold)}), but so few rows without drift "
            f"often differ as much{_how_often(point)}."
        )
    return (
        f"Nothing moved beyond what is normal: the distance is {number(point.value)}, and "
        f"{number(point.threshold)} would be worth an alert."
    )


def _how_often(point: DriftPoint) -> str:
    return "" if point.p_value is None else f" (p = {number(point.p_value)})"


def drift_chart(
    feature: str,
    points: Sequence[DriftPoint],
    period: ShownPeriod,
    marks: Sequence[Mark] = (),
    window: DriftPoint | None = None,
) -> LineChart:
    """Return the chart of a feature's drift, with the shown window shaded."""
    line = [
        Point(
            seconds,
            point.value,
            title=f"{clock.short(point.window_start)}: drift {number(point.value)}",
            alerts=point.verdict == "alert",
        )
        for point in thinned(points, MOST_POINTS, lambda own: own.verdict == "alert")
        if point.value is not None and (seconds := clock.parse(point.window_start)) is not None
    ]
    thresholds = [point.threshold for point in points if point.threshold is not None]
    return LineChart(
        f"Drift of {feature}",
        "Jensen-Shannon distance from the reference, 0 to 1",
        "distance",
        period.start,
        period.end,
        [Line("drift", "measured", line)],
        thresholds[-1:],
        marks,
        height=200,
        width=WIDE,
        spans=() if window is None else shaded_window(window.window_start, window.window_end),
    )


def shaded_window(start: str, end: str) -> tuple[ShadedSpan, ...]:
    """Return the shaded period of a window; empty if its times cannot be read."""
    first, last = clock.parse(start), clock.parse(end)
    if first is None or last is None:
        return ()
    return (ShadedSpan(first, last, f"window from {clock.short(start)} to {clock.short(end)}"),)


def pairs_of_window(
    connection: sqlite3.Connection, of: ModelVersion, feature: str | None, window: str, start: str
) -> list[BarPair]:
    """Return the distribution of a feature in the reference and in a window.

    It is empty if the feature is not in the reference, or the window's counts are not kept.
    """
    frozen = None if feature is None else active_reference(connection, *of)
    if frozen is None or feature is None:
        return []
    windows = evaluated_with(connection, Series(*of, frozen.id, window), start)
    if not windows:
        return []
    reference = Reference.from_json(frozen.payload)
    bins = reference.by_name.get(feature)
    if bins is None:
        return []
    counts = total(windows).counts[layout(reference)[feature]]
    return [BarPair(*bar) for bar in distribution(bins, counts)]
