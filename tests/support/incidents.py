"""Metric rows by week, and their processing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from modeltap.alerts.lifecycle import update
from modeltap.alerts.transitions import Transition
from modeltap.analysis.model.metric import AT_ONCE
from modeltap.clock import iso, now
from modeltap.config.rule_settings import parse_rule
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.outbox import enqueue
from modeltap.store.connection import writing

MONDAY = 1_362_355_200.0
WEEK = 604_800.0


def metric_row(week: int, verdict: str, **overrides: Any) -> dict[str, Any]:
    """Return a row of `metrics`, by default the drift of `temp` in the given week."""
    row = {
        "model": "flights",
        "version": "1",
        "window": "7d",
        "window_start": iso(MONDAY + week * WEEK),
        "examples": None,
        "related": None,
        "window_end": iso(MONDAY + (week + 1) * WEEK),
        "rows": 1000,
        "metric": "drift",
        "feature": "temp",
        "segment": None,
        "value": 0.3,
        "threshold": 0.1,
        "p_value": 1e-9,
        "strength": 3.0 if verdict == "alert" else 0.2,
        "verdict": verdict,
        "explanation": "temp: median went from 10 to 20" if verdict == "alert" else None,
        "in_reference": 0,
        "reference_id": "ref",
    }
    row |= overrides
    strong = row["verdict"] == "alert" and (row["strength"] or 0.0) >= AT_ONCE
    return {"at_once": int(strong), **row}


def process_rows(
    connection: sqlite3.Connection,
    rows: Sequence[dict[str, Any]],
    webhooks: Sequence[tuple[str, WebhookSettings]] = (),
    rules: Sequence[dict[str, Any]] = (),
    recovery_windows: int = 1,
) -> list[Transition]:
    """Write a window's metrics, alerts and messages in one transaction, like the analyzer."""
    with writing(connection):
        for row in rows:
            kept = row | {"computed_at": now()}
            connection.execute(
                f"insert or replace into metrics ({', '.join(kept)}) "
                f"values ({', '.join('?' * len(kept))})",
                tuple(kept.values()),
            )
        parsed = [parse_rule(rule) for rule in rules]
        transitions = update(connection, rows, parsed, recovery_windows=recovery_windows)
        enqueue(connection, transitions, webhooks)
    return transitions
