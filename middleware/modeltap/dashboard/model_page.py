"""The page of a model: drift of its features, performance, labels, fairness, latency, alerts."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import cache, partial
from typing import Any

from starlette.requests import Request

from modeltap import clock
from modeltap.charts.bar_chart import bar_chart
from modeltap.charts.group_chart import group_chart
from modeltap.charts.heat_map import heat_map
from modeltap.charts.line_chart import LineChart, line_chart
from modeltap.charts.time_marks import MARK_KINDS, Mark
from modeltap.config.metrics import CATALOGUE
from modeltap.dashboard.asked import (
    OtherPage,
    Pages,
    model_asked,
    named_version,
    window_meant,
    window_text,
)
from modeltap.dashboard.page_table import NamedRows, PageTable
from modeltap.dashboard.pages.clicked_cell import cell_query, clicked_window
from modeltap.errors import InputError
from modeltap.store.drift_history import DriftPoint, WorstCell
from modeltap.store.metric_history import MetricPoint
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.segment_history import SegmentPoint, example_ids
from modeltap.store.settings import SettingsReader
from modeltap.summaries.drift_map import ClickedColumns, MapLinks
from modeltap.summaries.feature_summary import FeatureSummary, feature_summary
from modeltap.summaries.metric_charts import MOST_POINTS, MetricChart, thinned
from modeltap.summaries.model_charts import ModelCharts, charts_of_model
from modeltap.summaries.model_health import state_of_model
from modeltap.summaries.period import ShownPeriod, period_of

_SPANS = ("24h", "7d", "30d", "90d", "365d")
_FEATURE_COLUMNS = (
    "metric",
    "value",
    "threshold",
    "p_value",
    "verdict",
    "explanation",
    "meaning",
)
_POINTS_SHOWN = ("window_start", "metric", "rows", "value", "low", "high", "threshold", "verdict")
_GAPS_SHOWN = ("window_start", "rows", "value", "low", "high", "threshold", "verdict")
_GROUPS_SHOWN = ("segment", "metric", "rows", "value", "low", "high", "verdict", "explanation")
_SLICES_SHOWN = ("segment", "rows", "value", "low", "high", "p_value")
_FEWEST_POINTS, _PAGE_POINTS = 30, 1_100
"""Points that each line has, also if a page has many lines, and those of all lines of a page."""

_MARK_COLUMNS = ("time", "mark", "event")


def model_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the page's tables."""
    of = model_asked(connection, request)
    _follow_click(connection, request, of)
    period = period_of(connection, of, _last(request))
    values = _frame(connection, request, of, has_results=period is not None)
    if period is None:
        return values, []
    # A table has all windows.
    is_page = request.query_params.get("format", "html") == "html"
    most = MOST_POINTS if is_page else None
    pages, last = Pages.of(request), _last(request)
    metric = request.query_params.get("metric") or None
    charts = charts_of_model(
        connection,
        of,
        period,
        _map_links(pages, of, last),
        lambda alert: f"{pages.path('alerts')}#{alert}",
        metric=metric,
        most=most,
        has_all_features=not is_page and request.query_params.get("table") in (None, "", "drift"),
    )
    if metric is not None and not charts.performance.charts:
        raise InputError(f"no values of a metric {metric!r} in this period; choose a longer one")
    drawn, tables = draw_charts(charts)
    feature = _feature(connection, request, of, period, charts.marks, most)
    if feature is not None:
        shown, own = _draw_feature(feature, pages, of, last)
        values |= shown
        tables += own
    return {**values, **drawn}, tables


def _last(request: Request) -> str:
    """Return the length of the period that an address asks for, "" for all."""
    return request.query_params.get("last", "")


def _frame(
    connection: sqlite3.Connection, request: Request, of: ModelVersion, *, has_results: bool
) -> dict[str, Any]:
    """Return what surrounds the charts: the model's state, and links to other pages.

    Raises:
        InputError: if the model has no state yet.
    """
    pages, last = Pages.of(request), _last(request)
    current = state_of_model(connection, SettingsReader(connection), of)
    if current is None:
        raise InputError(
            f"no window of model {of.model!r} is evaluated yet: the app does it every minute, and "
            "modeltap analyze at once"
        )
    has_metric = bool(request.query_params.get("metric"))
    return {
        "of": of,
        "current": current,
        "versions": [
            (named_version(v.version), pages.model(v, last=last), v.version == of.version)
            for v in counted_models(connection)
            if v.model == of.model
        ],
        "spans": [(span, pages.model(of, last=span), span == last) for span in ("", *_SPANS)],
        "alerts": pages.path("alerts", model=of.model),
        "exchanges": pages.path("exchanges", model=of.model),
        "review": pages.path("review", model=of.model),
        "has_results": has_results,
        "metric_url": lambda name: pages.model(of, metric=name, last=last) + "#performance",
        "all_metrics": pages.model(of, last=last) + "#performance" if has_metric else None,
        "exchange_url": lambda id_: pages.path("exchanges", id_),
        "feature": None,
    }


def _follow_click(connection: sqlite3.Connection, request: Request, of: ModelVersion) -> None:
    """Go to the window that a click on the heat map meant.

    Raises:
        OtherPage: if the address is that of a click.
        InputError: if its `cell` is none.
    """
    cell = request.query_params.get("cell")
    if cell is None:
        return
    feature = request.query_params.get("feature", "")
    start = clicked_window(connection, of, feature, cell)
    raise OtherPage(Pages.of(request).feature(of, feature, start, last=_last(request)))


def _map_links(pages: Pages, of: ModelVersion, last: str) -> MapLinks:
    """Return the addresses behind the heat map; a page has thousands, so they are short."""

    @cache
    def of_feature(feature: str) -> str:
        return pages.own(of, feature=feature, last=last)

    def of_window(feature: str, start: str) -> str:
        return f"{of_feature(feature)}{f'&window={window_text(start)}' if start else ''}#feature"

    def clicked(feature: str, shape: ClickedColumns) -> str:
        return f"{of_feature(feature)}&cell={cell_query(shape)}"

    return MapLinks(of_window, clicked, pages.static("blank.svg"))


def draw_charts(charts: ModelCharts) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the pictures of a model, and their tables."""
    performance, groups = charts.performance, charts.groups
    draw = partial(_draw_lines, most=_most_points(charts))
    tables = [
        PageTable("drift", WorstCell._fields, NamedRows(charts.drift.cells)),
        *map(_points_table, (*performance.charts, *charts.operation)),
        PageTable("performance", MetricPoint._fields, NamedRows(performance.last)),
        PageTable("slices", SegmentPoint._fields, NamedRows(charts.slices), shown=_SLICES_SHOWN),
        PageTable("marks", _MARK_COLUMNS, [_mark_row(mark) for mark in charts.marks]),
    ]
    if charts.arrival is not None:
        tables.append(_points_table(charts.arrival))
    if groups is not None:
        tables += [
            PageTable(own.name, SegmentPoint._fields, NamedRows(own.points), shown=_GAPS_SHOWN)
            for own in groups.gaps
        ]
        own_rows = NamedRows(groups.last)
        tables.append(PageTable("groups", SegmentPoint._fields, own_rows, shown=_GROUPS_SHOWN))
    letters = {mark.letter for mark in charts.marks}
    values: dict[str, Any] = {
        "drift": charts.drift,
        "heat_map": heat_map(charts.drift.chart),
        "mark_kinds": [(own, text) for own, text in MARK_KINDS.items() if own in letters],
        "performance": [(chart, draw(chart.chart)) for chart in performance.charts],
        "undrawn": _undrawn(charts),
        "operation": [(chart, draw(chart.chart)) for chart in charts.operation],
        "arrival": None if charts.arrival is None else (charts.arrival, draw(charts.arrival.chart)),
        "gaps": [] if groups is None else [(own, draw(own.chart)) for own in groups.gaps],
        "rates": []
        if groups is None
        else [(own, group_chart(own.title, own.description, own.groups)) for own in groups.rates],
        "slices": [(point, example_ids(point.examples)) for point in charts.slices],
        "by_name": {table.name: table for table in tables},
    }
    return values, tables


def _most_points(charts: ModelCharts) -> int:
    """Return the maximum number of points of a line: a page with many lines stays small."""
    drawn = [own.chart for own in (*charts.performance.charts, *charts.operation)]
    drawn += [] if charts.arrival is None else [charts.arrival.chart]
    drawn += [] if charts.groups is None else [own.chart for own in charts.groups.gaps]
    lines = sum(len(chart.lines) for chart in drawn)
    return max(_FEWEST_POINTS, min(MOST_POINTS, _PAGE_POINTS // max(1, lines)))


def _draw_lines(chart: LineChart, most: int) -> str:
    lines = [
        replace(line, points=thinned(line.points, most, lambda point: point.alerts))
        for line in chart.lines
    ]
    return line_chart(replace(chart, lines=lines))


def _undrawn(charts: ModelCharts) -> list[MetricPoint]:
    """Return the last values of metrics without a picture."""
    drawn = {chart.metric for chart in charts.performance.charts}
    return [point for point in charts.performance.last if point.metric not in drawn]


def _points_table(chart: MetricChart) -> PageTable:
    rows = NamedRows(chart.points)
    return PageTable(chart.metric, MetricPoint._fields, rows, shown=_POINTS_SHOWN)


def _mark_row(mark: Mark) -> dict[str, Any]:
    return {
        "time": clock.iso(mark.seconds),
        "mark": f"{mark.letter}: {MARK_KINDS[mark.letter]}",
        "event": mark.title,
    }


def _feature(
    connection: sqlite3.Connection,
    request: Request,
    of: ModelVersion,
    period: ShownPeriod,
    marks: list[Mark],
    most: int | None,
) -> FeatureSummary | None:
    name = request.query_params.get("feature")
    if not name:
        return None
    start = window_meant(request.query_params.get("window"))
    summary = feature_summary(connection, of, name, period, start, marks, most)
    if summary is None:
        raise InputError(f"no results of a feature {name!r} in this period; choose a longer one")
    return summary


def _draw_feature(
    feature: FeatureSummary, pages: Pages, of: ModelVersion, last: str
) -> tuple[dict[str, Any], list[PageTable]]:
    rows = [{**row, "meaning": _meaning(row["metric"])} for row in feature.metrics]
    table = PageTable("feature", _FEATURE_COLUMNS, rows)
    history = PageTable("feature_drift", DriftPoint._fields, NamedRows(feature.points))
    pairs = bar_chart(
        f"{feature.feature} in the reference and in the window",
        "fraction of rows in each bin: reference above, window below",
        feature.pairs,
    )

    def window_url(start: str | None) -> str | None:
        return None if start is None else pages.feature(of, feature.feature, start, last=last)

    values = {
        "feature": feature,
        "feature_table": table,
        "feature_history": history,
        "feature_charts": (line_chart(feature.history), pairs if feature.pairs else None),
        "earlier": window_url(feature.earlier),
        "later": window_url(feature.later),
    }
    return values, [table, history]


def _meaning(metric: str) -> str:
    entry = CATALOGUE.get(metric)
    return "" if entry is None else entry.description
