"""Scheduled events: the digest of all models, and the retraining event of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from modeltap import clock
from modeltap.analysis.coverage.coverage_report import Coverage, coverages, with_labels
from modeltap.analysis.coverage.unmonitored import condensed
from modeltap.config.settings import SettingsByModel
from modeltap.notify.events import bounded, without_values
from modeltap.store.alerts import (
    count_firing_of,
    count_open_of,
    count_started,
    models_with_alerts,
    most_severe_open,
)
from modeltap.store.labels import count_labels_since
from modeltap.store.metrics import last_value
from modeltap.store.settings import common_environment, configured_models
from modeltap.store.traffic import count_requests, models_with_traffic
from modeltap.wording import plural

DIGEST = "digest"
RETRAIN = "retrain"

_NEVER = clock.iso(0.0)

_NAMED = 3
"""Maximum number of alerts in a model's summary, which is one line."""

_LISTED = 10
"""Maximum number of unmonitored parts in a message. `doctor` lists all."""


def digest(
    connection: sqlite3.Connection, settings: SettingsByModel, start: str, end: str
) -> dict[str, Any]:
    """Return the digest of the period from `start` to `end`, with a sentence per model."""
    names = {
        *configured_models(connection),
        *models_with_traffic(connection),
        *models_with_alerts(connection),
    }
    models = [
        _digest_of(connection, _covered(connection, settings, model), model, start, end)
        for model in sorted(names)
    ]
    firing = sum(model["alerts_firing"] for model in models)
    began = sum(model["alerts_began"] for model in models)
    period = f"{clock.short(start)} to {clock.short(end)}"
    # Models without alerts come last, because a message that is too long drops the last ones.
    models.sort(key=lambda model: -model["alerts_firing"])
    data = {
        "summary": f"{period}: {plural(len(models), 'model')}, {_alerts(firing)}, {began} new",
        "environment": common_environment(connection),
        "period_start": start,
        "period_end": end,
        "models": models,
        "alerts": [],
    }
    return bounded({"type": DIGEST, "timestamp": clock.now(), "data": data}, "models")


def retrain(connection: sqlite3.Connection, model: str, since: str) -> dict[str, Any]:
    """Return the retraining event of a model, with the number of new labels.

    Args:
        since: the time of the last one; the Unix epoch if there was none.
    """
    labels = count_labels_since(connection, model, since[:10])
    firing = count_firing_of(connection, model)
    period = "so far" if since == _NEVER else f"since {clock.short(since)}"
    facts = f"{plural(labels, 'label')} {period}, {_alerts(firing)}"
    return {
        "type": RETRAIN,
        "timestamp": clock.now(),
        "data": {
            "model": model,
            "environment": common_environment(connection),
            "since": since,
            "labels": labels,
            "alerts_firing": firing,
            "performance": _last_values(connection, model, "mae", "rmse", "accuracy", "f1_macro"),
            "summary": f"{model}: retraining due: {facts}",
            "alerts": [],
        },
    }


def _alerts(count: int) -> str:
    return f"{plural(count, 'alert') if count else 'no alerts'} firing"


def _digest_of(
    connection: sqlite3.Connection, own: Sequence[Coverage], model: str, start: str, end: str
) -> dict[str, Any]:
    traffic = count_requests(connection, model, start, end)
    firing = count_open_of(connection, model)
    values = _last_values(connection, model, "mae", "accuracy", "latency_p95_ms")
    parts = [plural(traffic.requests, "request")]
    parts += [f"{traffic.errors:,} failed"] if traffic.errors else []
    parts += [f"{name} {value:.4g}" for name, value in values.items()]
    parts += [_alerts(firing)]
    gaps = [_in_environment(entry, entry.summary, own) for entry in own if entry.summary]
    parts += ["not monitored: " + "; ".join(gaps)] if gaps else []
    named = _named_alerts(connection, model)
    return {
        "model": model,
        "requests": traffic.requests,
        "errors": traffic.errors,
        "alerts_firing": firing,
        "alerts_began": count_started(connection, model, start),
        **values,
        "columns": sum(coverage.columns for coverage in own),
        "columns_tested": sum(coverage.tested for coverage in own),
        "not_monitored": [
            _in_environment(coverage, part.statement, own)
            for coverage in own
            for part in condensed(coverage.unmonitored)[:_LISTED]
        ],
        "summary": f"{model}: {', '.join(parts)}" + (f": {named}" if named else ""),
    }


def _covered(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str
) -> list[Coverage]:
    """Return the coverage of a model in each environment, with labels in the first."""
    first, *others = coverages(connection, settings, model)
    return [with_labels(connection, first), *others]


def _in_environment(coverage: Coverage, text: str, own: Sequence[Coverage]) -> str:
    """Return a text with its environment if the model has several."""
    if len(own) == 1:
        return text
    where = f"in {coverage.environment}" if coverage.environment else "without an environment"
    return f"{where}: {text}"


def _named_alerts(connection: sqlite3.Connection, model: str) -> str:
    alerts = most_severe_open(connection, model, _NAMED)
    summaries = (without_values(dict(alert))["summary"] for alert in alerts)
    return "; ".join(summary.removeprefix(f"{model}: ") for summary in summaries)


def _last_values(connection: sqlite3.Connection, model: str, *metrics: str) -> dict[str, float]:
    values = {metric: last_value(connection, model, metric) for metric in metrics}
    return {metric: value for metric, value in values.items() if value is not None}
