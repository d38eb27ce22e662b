"""Events on the time axis of a model's charts: alerts and references."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from modeltap import clock
from modeltap.charts.line_chart import Mark
from modeltap.store.alerts import alerts_of_version
from modeltap.store.models import ModelVersion
from modeltap.store.references import all_references


def event_marks(
    connection: sqlite3.Connection, of: ModelVersion, alert_url: Callable[[str], str | None]
) -> list[Mark]:
    """Return the marks of a model's version: A for an alert's start, R for a reference's end."""
    marks = []
    for alert in alerts_of_version(connection, *of):
        seconds = clock.parse(alert["window_start"])
        if seconds is not None:
            title = f"{alert['rule']}: {alert['summary']}"
            marks.append(Mark(seconds, "A", title, alert_url(alert["id"])))
    for reference in all_references(connection, of.model):
        seconds = clock.parse(reference.to_time) if reference.to_time else None
        if reference.version == of.version and seconds is not None:
            marks.append(Mark(seconds, "R", f"reference of {reference.rows:,} rows ends"))
    return sorted(marks, key=lambda mark: mark.seconds)
