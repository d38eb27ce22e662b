"""Writes of changed alerts and their history, inside the caller's transaction."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import replace
from typing import Any

from modeltap.alerts.conditions import Evaluation
from modeltap.alerts.subject import AlertSubject
from modeltap.alerts.transitions import ERROR, FIRING, NO_DATA, RESOLVED, Transition
from modeltap.clock import now
from modeltap.store.alert_history import ACCEPTED, record_change
from modeltap.store.alerts import (
    AlertRow,
    change_alert,
    delete_alert,
    firing_about_metrics,
    put_alert,
)
from modeltap.store.metrics import MetricRow
from modeltap.store.silences import silenced_until


def fire(
    connection: sqlite3.Connection, subject: AlertSubject, evaluation: Evaluation
) -> Transition:
    """Create a firing alert, or make a pending one fire under the same id."""
    alert = _begin(connection, subject, "firing", evaluation)
    return _transition(FIRING, alert, subject.row, evaluation.strength)


def suspect(connection: sqlite3.Connection, subject: AlertSubject, evaluation: Evaluation) -> None:
    """Create a pending alert, or extend it to this window. Its summary gives the reason."""
    windows = subject.rule.min_windows
    missing = "a second window" if windows == 2 else f"{windows} consecutive windows"
    evaluation = replace(
        evaluation, sentence=f"{evaluation.sentence}; pending until confirmed by {missing}"
    )
    if subject.alert is None:
        _begin(connection, subject, "pending", evaluation)
    elif subject.start >= subject.alert["last_window_start"]:
        _extend(connection, subject.alert, evaluation)


def extend_incident(
    connection: sqlite3.Connection,
    alert: AlertRow,
    evaluation: Evaluation,
    *,
    beginning: Evaluation | None,
    severity: str,
) -> None:
    """Extend an incident to this window. An incident in an unknown state fires again.

    Args:
        beginning: an earlier first window, found when late rows were evaluated.
        severity: the severity in this window. A critical incident stays critical.
    """
    row = evaluation.row
    if severity == "critical" and alert["severity"] != severity:
        change_alert(connection, alert["id"], severity=severity)
    if alert["state"] != "firing":
        _set_state(connection, alert, row, "firing", note="a verdict is available again")
    if beginning is not None:
        start, end = beginning.row["window_start"], beginning.row["window_end"]
        change_alert(connection, alert["id"], window_start=start, window_end=end, started_at=start)
    if row["window_start"] >= alert["last_window_start"]:
        _extend(connection, alert, evaluation)


def forget(connection: sqlite3.Connection, alert: AlertRow) -> None:
    """Delete a pending alert that was not confirmed by another window."""
    delete_alert(connection, alert["id"])


def resolve(
    connection: sqlite3.Connection, alert: AlertRow, row: MetricRow, *, note: str | None = None
) -> Transition:
    """Resolve an incident at the end of a window.

    Args:
        note: why it ends, if its windows did not recover.
    """
    end = row["window_end"]
    change_alert(connection, alert["id"], resolved_at=end)
    _set_state(connection, alert, row, "resolved", note=note)
    resolved = {**dict(alert), "state": "resolved", "resolved_at": end}
    return replace(_transition(RESOLVED, resolved, row, row["strength"] or 0.0), note=note)


def accept(connection: sqlite3.Connection, alert: AlertRow) -> Transition:
    """Resolve an incident that was accepted as the new normal, at its last evaluated window.

    Args:
        alert: a row of `open_incidents`, which includes `last_window_end`.
    """
    start, end = alert["last_window_start"], alert["last_window_end"] or alert["window_end"]
    change_alert(connection, alert["id"], state="resolved", resolved_at=end)
    record_change(connection, alert["id"], "resolved", window_start=start, note=ACCEPTED)
    own = {name: alert[name] for name in alert.keys() if name != "last_window_end"}  # noqa: SIM118
    resolved = {**own, "state": "resolved", "resolved_at": end}
    return Transition(RESOLVED, resolved, 0.0, start, end)


def mark_no_data(
    connection: sqlite3.Connection, alert: AlertRow, row: MetricRow, windows: int
) -> Transition:
    """Set an incident to `no_data` after a number of windows without a verdict."""
    note = f"no verdict in {windows} windows: {(row['verdict'] or 'no value').replace('_', ' ')}"
    _set_state(connection, alert, row, "no_data", note=note)
    return _transition(NO_DATA, {**dict(alert), "state": "no_data"}, row, 0.0)


def mark_unknown(connection: sqlite3.Connection) -> list[Transition]:
    """Set every incident about data to `error`, because the analysis failed."""
    alerts = firing_about_metrics(connection)
    for alert in alerts:
        change_alert(connection, alert["id"], state="error")
        record_change(connection, alert["id"], "error", note="the analysis failed")
    return [
        Transition(
            ERROR,
            {**dict(alert), "state": "error"},
            0.0,
            alert["last_window_start"],
            alert["window_end"],
        )
        for alert in alerts
    ]


def _begin(
    connection: sqlite3.Connection, subject: AlertSubject, state: str, evaluation: Evaluation
) -> AlertRow:
    alert = _new_alert(subject, state, evaluation)
    alert["silenced_until"] = silenced_until(connection, alert)
    put_alert(connection, alert)
    row = subject.row
    record_change(
        connection, alert["id"], state, window_start=row["window_start"], value=row["value"]
    )
    return alert


def _new_alert(subject: AlertSubject, state: str, evaluation: Evaluation) -> dict[str, Any]:
    row, before = subject.row, subject.alert
    return {
        "id": before["id"] if before is not None else f"alert_{uuid.uuid4().hex}",
        "fingerprint": subject.fingerprint,
        "rule": subject.rule.name,
        "rule_name": subject.rule.label,
        "model": row["model"],
        "version": row["version"],
        "metric": row["metric"],
        "feature": row["feature"],
        "segment": row["segment"],
        "severity": subject.rule.severity_of(evaluation.strength),
        "state": state,
        "window": row["window"],
        "window_start": row["window_start"],
        "window_end": row["window_end"],
        "last_window_start": row["window_start"],
        "value": row["value"],
        "threshold": evaluation.threshold,
        "p_value": row["p_value"],
        "summary": evaluation.sentence,
        "examples": row["examples"],
        "related": row["related"],
        "started_at": row["window_start"],
        "resolved_at": None,
        "silenced_until": None,
        "acknowledged_at": None,
        "notified_at": None,
        "updated_at": now(),
    }


def _extend(connection: sqlite3.Connection, alert: AlertRow, evaluation: Evaluation) -> None:
    row = evaluation.row
    change_alert(
        connection,
        alert["id"],
        related=row["related"] or alert["related"],
        last_window_start=row["window_start"],
        value=row["value"],
        threshold=evaluation.threshold,
        p_value=row["p_value"],
        summary=evaluation.sentence,
        examples=row["examples"],
    )


def _set_state(
    connection: sqlite3.Connection,
    alert: AlertRow,
    row: MetricRow,
    state: str,
    note: str | None = None,
) -> None:
    change_alert(connection, alert["id"], state=state)
    record_change(
        connection,
        alert["id"],
        state,
        window_start=row["window_start"],
        value=row["value"],
        note=note,
    )


def _transition(event: str, alert: AlertRow, row: MetricRow, strength: float) -> Transition:
    return Transition(event, alert, strength, row["window_start"], row["window_end"])
