"""The page of a model: drift of its features, performance, labels, fairness, latency, alerts."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modeltap.charts.bar_chart import bar_chart
from modeltap.charts.heat_map import heat_map
from modeltap.charts.line_chart import LineChart, line_chart
from modeltap.config.metrics import reported_by
from modeltap.dashboard.asked import Pages, model_asked, named_version
from modeltap.dashboard.page_table import PageTable
from modeltap.errors import InputError
from modeltap.store.metric_history import MetricPoint, WorstCell, groups_at_last
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.settings import SettingsReader
from modeltap.summaries.drift_map import drift_map
from modeltap.summaries.event_marks import event_marks
from modeltap.summaries.feature_summary import FeatureSummary, feature_summary
from modeltap.summaries.metric_charts import (
    MetricChart,
    arrival_chart,
    operation_charts,
    performance_charts,
)
from modeltap.summaries.model_health import health_of_models
from modeltap.summaries.period import ShownPeriod, period_of

_SPANS = ("24h", "7d", "30d", "90d", "365d")
_DRIFT_COLUMNS = WorstCell._fields
_POINT_COLUMNS = MetricPoint._fields
_GROUP_COLUMNS = ("segment", "metric", "rows", "value", "low", "high", "verdict", "explanation")
_FEATURE_COLUMNS = ("metric", "value", "threshold", "p_value", "verdict", "explanation")


def model_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the page's tables."""
    of = model_asked(connection, request)
    pages = Pages.of(request)
    last = request.query_params.get("last", "")
    period = period_of(connection, of, last)
    health = next(
        h
        for h in health_of_models(connection, SettingsReader(connection), of.model)
        if h.version == of.version
    )
    values: dict[str, Any] = {
        "of": of,
        "health": health,
        "versions": [
            (named_version(v.version), pages.model(v, last=last), v.version == of.version)
            for v in counted_models(connection)
            if v.model == of.model
        ],
        "spans": [(span, pages.model(of, last=span), span == last) for span in ("", *_SPANS)],
        "exchanges": pages.path("exchanges", model=of.model),
        "has_results": period is not None,
        "feature": None,
    }
    if period is None:
        return values, []
    charts, tables = model_charts(connection, of, period, pages, last)
    feature = _feature(connection, request, of, period)
    if feature is not None:
        table = PageTable("feature", _FEATURE_COLUMNS, feature.metrics)
        tables.append(table)
        values |= {"feature": feature, "feature_table": table}
        values["feature_charts"] = _feature_charts(feature)
        values["example_urls"] = [(id_, pages.path("exchanges", id_)) for id_ in feature.examples]
    return {**values, **charts}, tables


def model_charts(
    connection: sqlite3.Connection,
    of: ModelVersion,
    period: ShownPeriod,
    pages: Pages | None,
    last: str = "",
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the charts of a model in a period, and their tables.

    Args:
        pages: what the charts link to; None draws them without links, as reports need them.
    """
    marks = event_marks(
        connection, of, lambda alert: None if pages is None else f"{pages.path('alerts')}#{alert}"
    )
    drift = drift_map(
        connection,
        of,
        period,
        lambda feature, _, start: (
            None if pages is None else pages.feature(of, feature, start, last=last)
        ),
    )
    performance = performance_charts(connection, of, period, marks)
    operation = operation_charts(connection, of, period, marks)
    arrival = arrival_chart(connection, of, period)
    groups = groups_at_last(connection, of, reported_by("fairness"))
    tables = [
        PageTable("drift", _DRIFT_COLUMNS, [cell._asdict() for cell in drift.cells]),
        *(_points_table(chart) for chart in (*performance, *operation)),
    ]
    if arrival is not None:
        tables.append(_points_table(arrival))
    if groups:
        tables.append(PageTable("groups", _GROUP_COLUMNS, groups))
    values: dict[str, Any] = {
        "drift": drift,
        "heat_map": heat_map(drift.chart),
        "performance": [(chart, line_chart(chart.chart)) for chart in performance],
        "operation": [(chart, line_chart(chart.chart)) for chart in operation],
        "arrival": None if arrival is None else (arrival, line_chart(arrival.chart)),
        "groups": groups,
        "by_name": {table.name: table for table in tables},
    }
    return values, tables


def _points_table(chart: MetricChart) -> PageTable:
    return PageTable(chart.metric, _POINT_COLUMNS, [point._asdict() for point in chart.points])


def _feature(
    connection: sqlite3.Connection, request: Request, of: ModelVersion, period: ShownPeriod
) -> FeatureSummary | None:
    name = request.query_params.get("feature")
    if not name:
        return None
    summary = feature_summary(connection, of, name, period, request.query_params.get("window"))
    if summary is None:
        raise InputError(f"no results of a feature {name!r} in this period; choose a longer one")
    return summary


def _feature_charts(feature: FeatureSummary) -> tuple[str, str | None]:
    history: LineChart = feature.history
    pairs = bar_chart(
        f"{feature.feature} in the reference and in the window",
        "fraction of rows in each bin: reference above, window below",
        feature.pairs,
    )
    return line_chart(history), pairs if feature.pairs else None
