"""Performance metrics that cannot be computed from the available labels and predictions."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.coverage.unmonitored import Level, Unmonitored
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, OK
from modeltap.config.metrics import reported_by
from modeltap.environments import with_environment
from modeltap.store.metrics import latest_metrics, own_metrics_in_store


def untested_metrics(
    connection: sqlite3.Connection, model: str, environment: str | None
) -> list[Unmonitored]:
    """Return the metrics that could not be compared in a model's last labelled window.

    They are problems if no other metric has a verdict, because then no performance is compared.
    """
    metrics = [*reported_by("performance"), *own_metrics_in_store(connection)]
    latest = latest_metrics(connection, metrics, model=model, feature=None, last=1)
    rows = [row for row in latest if row["environment"] == environment]
    level: Level = "note" if any(row["verdict"] in (OK, ALERT) for row in rows) else "problem"
    return [
        Unmonitored(
            check="metrics",
            model=model,
            version=with_environment(row["version"], row["environment"]),
            level=level,
            subject=row["metric"],
            count=row["rows"],
            total=row["rows"],
            reason=row["explanation"] or "labels and predictions cannot be compared",
        )
        for row in rows
        if row["verdict"] == NOT_COMPARABLE and row["segment"] is None
    ]
