"""Acceptance of drift as the new normal: resolve the open incidents about a model's inputs."""

from __future__ import annotations

import sqlite3

from modeltap.alerts import changes
from modeltap.alerts.transitions import Transition
from modeltap.config.metrics import reported_by
from modeltap.store.alerts import AlertRow, open_incidents


def open_since(connection: sqlite3.Connection, model: str, version: str) -> str | None:
    """Return the start of the first open incident about the inputs, or None."""
    incidents = _incidents(connection, model, version)
    starts = (alert["window_start"] for alert in incidents if alert["state"] != "pending")
    return min(starts, default=None)


def accept(connection: sqlite3.Connection, model: str, version: str) -> list[Transition]:
    """Resolve the open incidents about the inputs of a model version, inside the transaction.

    Pending alerts are deleted.
    """
    transitions = []
    for alert in _incidents(connection, model, version):
        if alert["state"] == "pending":
            changes.forget(connection, alert)
        else:
            transitions.append(changes.accept(connection, alert))
    return transitions


def _incidents(connection: sqlite3.Connection, model: str, version: str) -> list[AlertRow]:
    metrics = [*reported_by("drift"), *reported_by("quality")]
    return open_incidents(connection, model, version, metrics)
