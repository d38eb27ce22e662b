"""The report: a self-contained page, or the same facts as Markdown or JSON, for pipelines."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.dashboard.home_page import name_of
from modeltap.dashboard.model_page import draw_charts
from modeltap.dashboard.rendering import render
from modeltap.printable import escaped
from modeltap.store.alerts import alerts_of_version
from modeltap.store.models import ModelVersion
from modeltap.store.settings import SettingsReader
from modeltap.summaries.health_row import health_row
from modeltap.summaries.model_charts import charts_of_model
from modeltap.summaries.model_health import ModelHealth, health_of_models
from modeltap.summaries.period import ShownPeriod, period_of

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class ModelReport:
    """One version of a model in a report: its health, and its alerts in the period."""

    health: ModelHealth
    alerts: list[dict[str, Any]]
    period: ShownPeriod | None

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
    return ModelReport(health, alerts, period)


def as_html(connection: sqlite3.Connection, report: Report) -> str:
    """Return a report as one page that needs no other file and no network."""
    models = []
    for model in report.models:
        charts: dict[str, Any] = {}
        if model.period is not None:
            charts, _ = draw_charts(charts_of_model(connection, model.of, model.period))
        models.append({"model": model, "name": name_of(model.health), "charts": charts})
    style = (_STATIC / "dashboard.css").read_text("utf-8")
    return render("report.html", report=report, models=models, style=style)


def as_json(report: Report) -> str:
    """Return a report as JSON, on one line."""
    return json.dumps(
        {
            "store": report.store,
            "created_at": report.created_at,
            "models": [
                {**health_row(model.health), "alerts": [_alert(alert) for alert in model.alerts]}
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
        lines.append(f"| {' | '.join(_markdown(cell) for cell in cells)} |")
    for model in report.models:
        lines += ["", f"## {_markdown(name_of(model.health))}", ""]
        lines += [
            f"- **{alert['rule']}** ({alert['severity']}, {alert['state']}, since "
            f"{clock.short(alert['started_at'])}): {_markdown(alert['summary'])}"
            for alert in model.alerts
        ] or ["No alerts."]
        if model.health.coverage.summary:
            lines += ["", f"Not monitored: {_markdown(model.health.coverage.summary)}"]
    return "\n".join(lines) + "\n"


def _markdown(text: str) -> str:
    """Return a text in which nothing is Markdown: names come from clients.

    >>> _markdown("a|b <script> *x* [link](u)")
    'a\\\\|b &lt;script&gt; \\\\*x\\\\* \\\\[link\\\\](u)'
    """
    text = escaped(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


_SPECIAL = frozenset("|*_`[]#\\~")
