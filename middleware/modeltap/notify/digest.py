"""Two events on a schedule: the digest of all models, and the call to retrain one."""

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

_NAMED = 3
"""A model's summary is one line: it names so many alerts."""

_LISTED = 10
"""More of what is not monitored is left to `doctor`: a message has to be small."""


def digest(
    connection: sqlite3.Connection, settings: SettingsByModel, start: str, end: str
) -> dict[str, Any]:
    """Return the digest of the time from `start` to `end`, each model in a sentence."""
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
    # The quiet models come last: a message without room for all leaves out the last ones.
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
    """Return the event that asks for a model to be retrained, with the labels that are new."""
    labels = count_labels_since(connection, model, since[:10])
    firing = count_firing_of(connection, model)
    news = f"{labels:,} labels since {clock.short(since)}, {_alerts(firing)}"
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
            "summary": f"{model}: retraining is due: {news}",
            "alerts": [],
        },
    }


def _alerts(count: int) -> str:
    if count < 2:
        return f"{'1 alert' if count else 'no alerts'} firing"
    return f"{count} alerts firing"


def _digest_of(
    connection: sqlite3.Connection, own: Sequence[Coverage], model: str, start: str, end: str
) -> dict[str, Any]:
    traffic = count_requests(connection, model, start, end)
    firing = count_open_of(connection, model)
    values = _last_values(connection, model, "mae", "accuracy", "latency_p95_ms")
    parts = [f"{traffic.requests:,} requests"]
    parts += [f"{traffic.errors:,} failed"] if traffic.errors else []
    parts += [f"{name} {value:.4g}" for name, value in values.items()]
    parts += [_alerts(firing)]
    gaps = [_in_environment(one, one.summary, own) for one in own if one.summary]
    parts += ["not monitored: " + "; ".join(gaps)] if gaps else []
    named = _named_alerts(connection, model)
    return {
        "model": model,
        "requests": traffic.requests,
        "errors": traffic.errors,
        "alerts_firing": firing,
        "alerts_began": count_started(connection, model, start),
        **values,
        "columns": sum(one.columns for one in own),
        "columns_tested": sum(one.tested for one in own),
        "not_monitored": [
            _in_environment(coverage, one.statement, own)
            for coverage in own
            for one in condensed(coverage.unmonitored)[:_LISTED]
        ],
        "summary": f"{model}: {', '.join(parts)}" + (f": {named}" if named else ""),
    }


def _covered(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str
) -> list[Coverage]:
    """Return the coverage of a model in each environment; labels stand in the first."""
    first, *others = coverages(connection, settings, model)
    return [with_labels(connection, first), *others]


def _in_environment(coverage: Coverage, text: str, own: Sequence[Coverage]) -> str:
    """Return what is not monitored with its environment, where the model has several."""
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
