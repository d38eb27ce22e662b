"""Runs whose process died: they are recorded as running, but no process holds their lease."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from modeltap.store.lease import TTL_SECONDS, Lease
from modeltap.store.retrainings import INTERRUPTED, RetrainingRun, running_runs

DIED = "its process was killed, or the machine stopped"
"""The message of a run whose lease expired."""


def lease_of(
    connection: sqlite3.Connection, model: str, lease_seconds: float = TTL_SECONDS
) -> Lease:
    """Return the lease of a model's retraining."""
    return Lease(connection, f"retrain {model}", lease_seconds)


def lost_runs(connection: sqlite3.Connection) -> list[RetrainingRun]:
    """Return the runs whose process died; a lease expires after `lease_seconds`."""
    return [
        run for run in running_runs(connection) if not lease_of(connection, run.model).is_taken()
    ]


def with_lost(connection: sqlite3.Connection, runs: Iterable[RetrainingRun]) -> list[RetrainingRun]:
    """Return runs for display: those whose process died are shown as interrupted."""
    lost = {run.id for run in lost_runs(connection)}
    return [
        run._replace(state=INTERRUPTED, message=DIED) if run.id in lost else run for run in runs
    ]
