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
from modeltap.summaries.health_row import HEALTH_COLUMNS, health_row
from modeltap.summaries.model_health import ModelHealth, health_of_models


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
            "traffic": _traffic(health),
        }
        for health in healths
    ]
    rows = [health_row(health) for health in healths]
    return {"models": models}, [PageTable("models", HEALTH_COLUMNS, rows)]


def _traffic(health: ModelHealth) -> str:
    """Draw the requests of the last windows; nothing for a single window."""
    requests = [period.requests for period in health.traffic]
    return sparkline(requests, f"Requests of {health.model}") if len(requests) > 1 else ""


def name_of(health: ModelHealth) -> str:
    """Return a model with its version and environment as text."""
    if not health.version:
        return health.model
    return f"{health.model}, version {named_version(health.version)}"
