"""One feature: its drift over time, and its distribution in a window next to the reference."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.analysis.counting.counter import total
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.reference import Reference, layout
from modeltap.charts.bar_chart import BarPair
from modeltap.charts.line_chart import Line, LineChart, Point
from modeltap.store.metric_history import metric_points
from modeltap.store.metrics import metrics_of_window
from modeltap.store.models import ModelVersion
from modeltap.store.references import active_reference
from modeltap.store.windows import Series, evaluated_with
from modeltap.summaries.metric_charts import thinned
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number


@dataclass(frozen=True)
class FeatureSummary:
    """A feature in a window.

    Attributes:
        history: its drift over the period.
        pairs: its distribution in the reference and in the window; empty if it is not kept.
        metrics: all of its metrics in the window, alerts first.
        explanation: the sentence about what moved; None if nothing did.
        examples: ids of exchanges.
    """

    feature: str
    window_start: str
    history: LineChart
    pairs: list[BarPair]
    metrics: list[dict[str, Any]]
    explanation: str | None
    examples: list[str]


def feature_summary(
    connection: sqlite3.Connection,
    of: ModelVersion,
    feature: str,
    period: ShownPeriod,
    start: str | None = None,
) -> FeatureSummary | None:
    """Return the summary of a feature in one window; None if it has no results.

    Args:
        start: the window's start; None takes the last window.
    """
    points = metric_points(
        connection, of, ("drift",), period.start_text, period.end_text, feature=feature
    )
    if not points:
        return None
    at = next((p for p in points if p.window_start == start), points[-1])
    rows = [
        row
        for row in metrics_of_window(connection, *of, at.window, at.window_start)
        if row["feature"] == feature
    ]
    explained = next((row for row in rows if row["explanation"]), None)
    examples = [json.loads(row["examples"]) for row in rows if row["examples"]]
    return FeatureSummary(
        feature,
        at.window_start,
        _history(feature, points, period),
        _pairs(connection, of, feature, at.window, at.window_start),
        rows,
        None if explained is None else explained["explanation"],
        examples[0] if examples else [],
    )


def _history(feature: str, points: list[Any], period: ShownPeriod) -> LineChart:
    line = [
        Point(
            seconds,
            point.value,
            title=f"{clock.short(point.window_start)}: drift {number(point.value)}",
            alerts=point.verdict == "alert",
        )
        for point in points
        if point.value is not None and (seconds := clock.parse(point.window_start)) is not None
    ]
    thresholds = [point.threshold for point in points if point.threshold is not None]
    return LineChart(
        f"Drift of {feature}",
        "Jensen-Shannon distance from the reference, 0 to 1",
        "distance",
        period.start,
        period.end,
        [Line("drift", "measured", thinned(line))],
        thresholds[-1:],
        height=180,
    )


def _pairs(
    connection: sqlite3.Connection, of: ModelVersion, feature: str, window: str, start: str
) -> list[BarPair]:
    frozen = active_reference(connection, *of)
    if frozen is None:
        return []
    windows = evaluated_with(connection, Series(*of, frozen.id, window), start)
    reference = Reference.from_json(frozen.payload)
    bins = reference.by_name.get(feature)
    if not windows or bins is None:
        return []
    counts = total(windows).counts[layout(reference)[feature]]
    return [BarPair(*bar) for bar in distribution(bins, counts)]
