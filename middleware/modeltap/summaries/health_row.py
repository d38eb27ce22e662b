"""A model's health as a row, for `status --json`, the first page and the report."""

from __future__ import annotations

from typing import Any

from modeltap.analysis.coverage.unmonitored import condensed
from modeltap.summaries.model_health import ModelHealth

HEALTH_COLUMNS = (
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


def health_row(health: ModelHealth) -> dict[str, Any]:
    """Return a model's health by `HEALTH_COLUMNS`; `not_monitored` is a list of sentences."""
    gaps = condensed(health.coverage.unmonitored)
    values = (
        health.model,
        health.shown_version,
        health.environment,
        health.state,
        health.since,
        health.reason,
        health.reference.learning_until,
        health.requests,
        health.error_rate,
        health.latency_p95_ms,
        health.last_label_at,
        health.dropped,
        [gap.sentence for gap in gaps],
    )
    return dict(zip(HEALTH_COLUMNS, values, strict=True))
