"""The picture of an alert: its chart, and the distribution of its feature."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from modeltap.charts.bar_chart import bar_chart
from modeltap.charts.line_chart import line_chart
from modeltap.dashboard.page_table import NamedRows, PageTable
from modeltap.store.metric_history import MetricPoint
from modeltap.summaries.alert_chart import alert_chart

_SHOWN = ("window_start", "window_end", "rows", "value", "low", "high", "threshold", "verdict")


class AlertPicture(NamedTuple):
    """The chart of an alert as SVG, the rows behind it, and its feature's distribution."""

    svg: str
    table: PageTable
    distribution: str | None


def draw_alert(connection: sqlite3.Connection, alert: Mapping[str, Any]) -> AlertPicture | None:
    """Return the picture of an alert; None if its metric is not one of windows.

    Args:
        alert: its columns, with the version and the environment apart.
    """
    made = alert_chart(connection, alert)
    if made is None:
        return None
    table = PageTable("alert_chart", MetricPoint._fields, NamedRows(made.points), shown=_SHOWN)
    distribution = bar_chart(
        f"{alert['feature']} in the reference and in the window of the alert",
        "fraction of rows in each bin: reference above, window below",
        made.pairs,
    )
    return AlertPicture(line_chart(made.chart), table, distribution if made.pairs else None)
