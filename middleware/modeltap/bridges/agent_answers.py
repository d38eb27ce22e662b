"""Answers to questions of agents, from the store. They are read-only, bounded and take seconds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from modeltap.alerts.silence import find_alert
from modeltap.bridges.alert_guide import guide
from modeltap.config.metrics import reported_by
from modeltap.environments import reported
from modeltap.errors import InputError
from modeltap.store.alert_history import CHANGE_COLUMNS, list_changes
from modeltap.store.alerts import alert_with_id, list_alerts
from modeltap.store.exchange_search import ExchangeFilter, search_exchanges
from modeltap.store.exchanges import find_full_exchanges
from modeltap.store.labels import labels_of
from modeltap.store.last_windows import traces_of_examples
from modeltap.store.metrics import latest_metrics, metrics_in_store, metrics_of_window
from modeltap.store.models import check_model, known_models
from modeltap.store.predictions import predictions_of
from modeltap.store.settings import SettingsReader
from modeltap.summaries.exported_metrics import MOST_TRACES
from modeltap.summaries.health_row import health_row
from modeltap.summaries.model_health import ModelHealth, health_of_models

MOST_ROWS = 100
"""The limit of rows that an agent may ask for."""

_OF_ALERT = ("id", "rule", "model", "version", "environment", "metric", "feature", "segment")
_LISTED = (*_OF_ALERT, "severity", "state", "started_at", "resolved_at", "summary")
_EVIDENCE = ("metric", "feature", "segment", "rows", "value", "low", "high", "threshold", "p_value")
_SHOWN = ("window_start", "window_end", *_EVIDENCE, "verdict", "explanation")
_STATES = ("firing", "resolved", "no_data", "error", "pending", "all")
_STATUSES = ("ok", "errors", "client_errors")
_NOT_SHOWN = ("seq", "pid", "host")


def status_answer(connection: sqlite3.Connection, model: str | None) -> dict[str, Any]:
    """Return the health of each model."""
    _check(connection, model)
    healths = health_of_models(connection, SettingsReader(connection), model)
    return {"models": [_health(health) for health in healths]}


def _health(health: ModelHealth) -> dict[str, Any]:
    return {
        **health_row(health),
        "last_window_end": health.last_window_end,
        "open_alerts": [
            {name: alert[name] for name in ("id", "rule", "severity", "summary")}
            for alert in health.alerts[:10]
        ],
        "open_alerts_in_all": len(health.alerts),
    }


def alerts_answer(
    connection: sqlite3.Connection, model: str | None, state: str, limit: int
) -> dict[str, Any]:
    """Return the newest alerts in a state."""
    _check(connection, model)
    _one_of(state, _STATES, "state")
    rows = list_alerts(connection, model, None if state == "all" else state)
    newest = rows[::-1][: _rows(limit)]
    return {
        "alerts": [{name: row.get(name) for name in _LISTED} for row in newest],
        "alerts_in_all": len(rows),
    }


def alert_answer(connection: sqlite3.Connection, beginning: str) -> dict[str, Any]:
    """Return an alert with its evidence, history, examples and documentation."""
    id_ = find_alert(connection, beginning)["id"]
    alert = dict(alert_with_id(connection, id_) or {})
    window = alert["model"], alert["version"], alert["window"] or ""
    rows = metrics_of_window(connection, *window, alert["last_window_start"] or "")
    changes = [row for row in list_changes(connection, alert["model"]) if row["alert_id"] == id_]
    history = [{name: row[name] for name in CHANGE_COLUMNS} for row in changes[-20:]]
    return {
        "alert": {**reported(alert), "examples": json.loads(alert["examples"] or "[]")},
        "evidence": [_of_window(row) for row in rows if _is_evidence(row, alert)][:MOST_ROWS],
        "history": history,
        "trace_ids": traces_of_examples(connection, [id_], MOST_TRACES).get(id_, []),
        "documentation": guide(alert["rule"]),
    }


def _is_evidence(row: Mapping[str, Any], alert: Mapping[str, Any]) -> bool:
    if alert["feature"] is not None:
        return bool(row["feature"] == alert["feature"])
    return bool(row["metric"] == alert["metric"] or row["verdict"] == "alert")


def metrics_answer(
    connection: sqlite3.Connection,
    model: str,
    metric: str | None,
    feature: str | None,
    windows: int,
) -> dict[str, Any]:
    """Return a metric in the last windows, or the names of all metrics of the store."""
    _check(connection, model)
    names = metrics_in_store(connection)
    if metric is None:
        return {"metrics_of_the_store": names, "hint": "ask again with the name of a metric"}
    _one_of(metric, names, "metric")
    return _windows(connection, (metric,), model, feature, windows)


def report_answer(
    connection: sqlite3.Connection, report: str, model: str, feature: str | None, windows: int
) -> dict[str, Any]:
    """Return what the command `drift`, `performance`, `quality` or `latency` shows."""
    _check(connection, model)
    return _windows(connection, tuple(reported_by(report)), model, feature, windows)


def _windows(
    connection: sqlite3.Connection,
    metrics: tuple[str, ...],
    model: str,
    feature: str | None,
    windows: int,
) -> dict[str, Any]:
    rows = latest_metrics(
        connection, metrics, model=model, feature=feature, last=min(max(windows, 1), 50)
    )
    return {"rows": [_of_window(row) for row in rows[: MOST_ROWS * 5]], "rows_in_all": len(rows)}


def _of_window(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a row; empty columns would cost an agent tokens."""
    names = ("version", "environment", *_SHOWN)
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def exchanges_answer(
    connection: sqlite3.Connection, asked: ExchangeFilter, limit: int
) -> dict[str, Any]:
    """Return the newest exchanges that match, without their bodies."""
    _check(connection, asked.model)
    if asked.status and not asked.status.isdecimal():
        _one_of(asked.status, (*_STATUSES, "or a number such as 422"), "status")
    page = search_exchanges(connection, asked, _rows(limit))
    return {
        "exchanges": [
            {name: value for name, value in row.items() if value not in (None, "")}
            for row in page.rows
        ],
        "searched": page.searched,
        "continue_before": page.older,
    }


def exchange_answer(connection: sqlite3.Connection, id_: str) -> dict[str, Any]:
    """Return an exchange as it is stored: masked, with its predictions and labels."""
    rows = find_full_exchanges(connection, id_)
    if len(rows) != 1:
        raise InputError(f"no exchange {id_!r} in this store; `exchanges` lists ids")
    exchange = dict(rows[0])
    return {
        "exchange": {
            name: value
            for name, value in exchange.items()
            if name not in _NOT_SHOWN and value not in (None, "")
        },
        "predictions": predictions_of(connection, exchange["id"])[:MOST_ROWS],
        "labels": labels_of(connection, exchange["id"])[:MOST_ROWS],
    }


def _check(connection: sqlite3.Connection, model: str | None) -> None:
    if model is None and not known_models(connection):
        raise InputError("the store has no model yet: nothing was recorded or analysed")
    check_model(connection, model)


def _one_of(value: str, known: tuple[str, ...] | list[str], name: str) -> None:
    if value not in known:
        shown = ", ".join(sorted(known)[:50]) or "nothing yet"
        raise InputError(f"{name} {value!r} is unknown; known: {shown}")


def _rows(limit: int) -> int:
    return min(max(limit, 1), MOST_ROWS)
