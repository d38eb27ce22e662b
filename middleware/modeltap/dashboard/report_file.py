"""The report: a self-contained page, or the same facts as Markdown or JSON, for pipelines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.dashboard.alert_picture import draw_alert
from modeltap.dashboard.home_page import name_of
from modeltap.dashboard.model_page import draw_charts
from modeltap.errors import needs_extra
from modeltap.output import cell
from modeltap.printable import escaped
from modeltap.store.models import ModelVersion
from modeltap.store.settings import SettingsReader
from modeltap.store.version_alerts import alerts_of_version
from modeltap.summaries.health_row import health_row
from modeltap.summaries.model_charts import ModelCharts, charts_of_model, figures_of
from modeltap.summaries.model_health import ModelHealth, health_of_models
from modeltap.summaries.period import ShownPeriod, period_of
from modeltap.wording import plural

_STATIC = Path(__file__).parent / "static"

_MOST_PICTURES = 10
"""Alerts with a picture; a report of hundreds would be too large to send."""


@dataclass(frozen=True)
class ModelReport:
    """One version of a model in a report: its health, its alerts and charts in the period."""

    health: ModelHealth
    alerts: list[dict[str, Any]]
    charts: ModelCharts | None

    @property
    def of(self) -> ModelVersion:
        """The model and its version."""
        return ModelVersion(self.health.model, self.health.version)


@dataclass(frozen=True)
class Report:
    """The facts of a report about a store."""

    store: str
    created_at: str
    models: list[ModelReport]

    @property
    def has_alerts(self) -> bool:
        """True if any alert was open within the period."""
        return any(model.alerts for model in self.models)


def report_of(
    connection: sqlite3.Connection,
    store: Path,
    model: str | None = None,
    since: float | None = None,
) -> Report:
    """Return the facts of a report.

    Args:
        model: only this model; None reports all.
        since: seconds since the epoch: leaves out earlier windows, and alerts resolved before.
    """
    healths = health_of_models(connection, SettingsReader(connection), model)
    return Report(
        store.name, clock.now(), [_model(connection, health, since) for health in healths]
    )


def _model(connection: sqlite3.Connection, health: ModelHealth, since: float | None) -> ModelReport:
    of = ModelVersion(health.model, health.version)
    period = period_of(connection, of)
    if period is not None and since is not None:
        period = ShownPeriod(max(period.start, since), period.end) if since < period.end else None
    after = "" if since is None else clock.iso(since)
    alerts = [
        alert
        for alert in alerts_of_version(connection, *of)
        if (alert["resolved_at"] is None or alert["resolved_at"] >= after)
    ]
    charts = None if period is None else charts_of_model(connection, of, period)
    return ModelReport(health, alerts, charts)


def as_html(connection: sqlite3.Connection, report: Report) -> str:
    """Return a report as one page that needs no other file and no network.

    Raises `InputError` if the extra `dashboard` is not installed.
    """
    with needs_extra("dashboard", "a report in HTML"):
        from modeltap.dashboard.rendering import render
    models = [
        {
            "model": model,
            "name": name_of(model.health),
            "charts": {} if model.charts is None else draw_charts(model.charts)[0],
            "pictures": [draw_alert(connection, alert) for alert in model.alerts[:_MOST_PICTURES]],
        }
        for model in report.models
    ]
    style = (_STATIC / "dashboard.css").read_text("utf-8")
    return render("report.html", report=report, models=models, style=style)


def as_json(report: Report) -> str:
    """Return a report as JSON, on one line."""
    return json.dumps(
        {
            "store": report.store,
            "created_at": report.created_at,
            "models": [
                {
                    **health_row(model.health),
                    "alerts": [_alert(alert) for alert in model.alerts],
                    **figures_of(model.charts),
                }
                for model in report.models
            ],
        }
    )


_ALERT = (
    "id",
    "rule",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "started_at",
    "resolved_at",
    "value",
    "threshold",
    "p_value",
    "summary",
)


def _alert(alert: dict[str, Any]) -> dict[str, Any]:
    return {name: alert[name] for name in _ALERT}


def as_markdown(report: Report) -> str:
    """Return a report as Markdown, as a pull request or a CI summary shows it."""
    lines = [
        f"# Model report of {_markdown(report.store)}",
        "",
        f"{clock.short(report.created_at)} UTC",
        "",
        "| model | state | since | requests | error rate | p95 latency (ms) | dropped |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for model in report.models:
        health = model.health
        cells = (
            name_of(health),
            health.state.replace("_", " "),
            "" if health.since is None else clock.short(health.since),
            f"{health.requests:,}",
            "" if health.error_rate is None else f"{health.error_rate:.2%}",
            "" if health.latency_p95_ms is None else f"{health.latency_p95_ms:.1f}",
            f"{health.dropped:,}",
        )
        lines.append(_row(cells))
    for model in report.models:
        lines += ["", f"## {_markdown(name_of(model.health))}", ""]
        lines += [
            f"- **{alert['rule']}** ({alert['severity']}, {alert['state']}, since "
            f"{clock.short(alert['started_at'])}): {_markdown(alert['summary'])}"
            for alert in model.alerts
        ] or ["No alerts."]
        if model.charts is not None:
            lines += _figures(model.charts)
        if model.health.coverage.summary:
            lines += ["", f"Not monitored: {_markdown(model.health.coverage.summary)}"]
    return "\n".join(lines) + "\n"


def _figures(charts: ModelCharts) -> list[str]:
    """Return the lines about performance, groups and slices."""
    figures = figures_of(charts)
    lines = []
    if figures["performance"]:
        lines += ["", "| metric | value | interval | estimate | window |", "|---|--:|---|--:|---|"]
        lines += [_row(_performance_cells(row)) for row in figures["performance"]]
    if figures["gaps"]:
        lines += ["", "| gap between groups | of | value | interval | verdict |"]
        lines += ["|---|---|--:|---|---|"]
        lines += [_row(_gap_cells(row)) for row in figures["gaps"]]
    if figures["slices"]:
        lines += ["", "Worst slices:", ""]
        lines += [
            f"- {_markdown(row['slice'])}: {cell(row['value'])} {_interval(row)} in "
            f"{plural(row['rows'], 'row')}"
            for row in figures["slices"]
        ]
    return lines


def _performance_cells(row: dict[str, Any]) -> tuple[str, ...]:
    window, later = clock.short(row["window_start"]), row["estimate_window_start"]
    estimate = cell(row["estimate"])
    if estimate and later != row["window_start"]:
        estimate += f" in {clock.short(later)}"
    return row["metric"], cell(row["value"]), _interval(row), estimate, window


def _gap_cells(row: dict[str, Any]) -> tuple[str, ...]:
    verdict = (row["verdict"] or "").replace("_", " ")
    return row["metric"], row["grouping"], cell(row["value"]), _interval(row), verdict


def _interval(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else f"({cell(row['low'])} to {cell(row['high'])})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_markdown, cells))} |"


def _markdown(text: str) -> str:
    """Return a text in which nothing is Markdown: names come from clients.

    >>> _markdown("a|b <script> *x* [link](u)")
    'a\\\\|b &lt;script&gt; \\\\*x\\\\* \\\\[link\\\\](u)'
    """
    text = escaped(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


_SPECIAL = frozenset("|*_`[]#\\~")
