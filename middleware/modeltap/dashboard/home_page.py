"""The first page: each model in one sentence, with its traffic."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modeltap.charts.sparkline import sparkline
from modeltap.dashboard.asked import Pages, named_version
from modeltap.dashboard.page_table import PageTable
from modeltap.store.models import ModelVersion
from modeltap.store.settings import SettingsReader
from modeltap.summaries.model_health import ModelHealth, health_of_models

_COLUMNS = (
    "model",
    "version",
    "environment",
    "state",
    "since",
    "reason",
    "learning_until",
    "requests",
    "error_rate",
    "latency_p95_ms",
    "last_label_at",
    "dropped",
    "not_monitored",
)


def home_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the page's table."""
    pages = Pages.of(request)
    healths = health_of_models(connection, SettingsReader(connection))
    models = [
        {
            "health": health,
            "name": name_of(health),
            "url": pages.model(ModelVersion(health.model, health.version)),
            "traffic": sparkline(
                [period.requests for period in health.traffic], f"Requests of {health.model}"
            ),
        }
        for health in healths
    ]
    return {"models": models}, [PageTable("models", _COLUMNS, [row_of(h) for h in healths])]


def row_of(health: ModelHealth) -> dict[str, Any]:
    """Return a model's health as a row."""
    return {
        "model": health.model,
        "version": health.shown_version,
        "environment": health.environment,
        "state": health.state,
        "since": health.since,
        "reason": health.reason,
        "learning_until": health.reference.learning_until,
        "requests": health.requests,
        "error_rate": health.error_rate,
        "latency_p95_ms": health.latency_p95_ms,
        "last_label_at": health.last_label_at,
        "dropped": health.dropped,
        "not_monitored": health.coverage.summary,
    }


def name_of(health: ModelHealth) -> str:
    """Return a model with its version and environment as text."""
    if not health.version:
        return health.model
    return f"{health.model}, version {named_version(health.version)}"
