"""Write the changes of alerts and their history, inside the caller's transaction."""

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
    """Let an alert fire; a pending one keeps its id."""
    alert = _begin(connection, subject, "firing", evaluation)
    return _transition(FIRING, alert, subject.row, evaluation.strength)


def suspect(connection: sqlite3.Connection, subject: AlertSubject, evaluation: Evaluation) -> None:
    """Let an alert be pending, or a pending one last until this window; its summary says why."""
    windows = subject.rule.min_windows
    missing = "a second window" if windows == 2 else f"{windows} windows in a row"
    evaluation = replace(evaluation, sentence=f"{evaluation.sentence}; waits for {missing}")
    if subject.alert is None:
        _begin(connection, subject, "pending", evaluation)
    elif subject.start >= subject.alert["last_window_start"]:
        _last_until(connection, subject.alert, evaluation)


def go_on(
    connection: sqlite3.Connection,
    alert: AlertRow,
    evaluation: Evaluation,
    *,
    beginning: Evaluation | None,
    severity: str,
) -> None:
    """Let an incident go on; one whose state was unknown fires again.

    Args:
        beginning: the window in which it began, if an older window shows that it was earlier.
        severity: that of this window; an incident that was critical once stays so.
    """
    row = evaluation.row
    if severity == "critical" and alert["severity"] != severity:
        change_alert(connection, alert["id"], severity=severity)
    if alert["state"] != "firing":
        _set_state(connection, alert, row, "firing", note="there is a verdict again")
    if beginning is not None:
        start, end = beginning.row["window_start"], beginning.row["window_end"]
        change_alert(connection, alert["id"], window_start=start, window_end=end, started_at=start)
    if row["window_start"] >= alert["last_window_start"]:
        _last_until(connection, alert, evaluation)


def forget(connection: sqlite3.Connection, alert: AlertRow) -> None:
    """Delete a pending alert that was not confirmed: it was no incident."""
    delete_alert(connection, alert["id"])


def resolve(connection: sqlite3.Connection, alert: AlertRow, row: MetricRow) -> Transition:
    """End an incident at the end of a window."""
    end = row["window_end"]
    change_alert(connection, alert["id"], resolved_at=end)
    _set_state(connection, alert, row, "resolved")
    ended = {**dict(alert), "state": "resolved", "resolved_at": end}
    return _transition(RESOLVED, ended, row, row["strength"] or 0.0)


def accept(connection: sqlite3.Connection, alert: AlertRow) -> Transition:
    """End an incident that shows the new normal, with the last window that was evaluated for it.

    Args:
        alert: with `last_window_end`, as `open_incidents` returns it.
    """
    start, end = alert["last_window_start"], alert["last_window_end"] or alert["window_end"]
    change_alert(connection, alert["id"], state="resolved", resolved_at=end)
    record_change(connection, alert["id"], "resolved", window_start=start, note=ACCEPTED)
    own = {name: alert[name] for name in alert.keys() if name != "last_window_end"}  # noqa: SIM118
    ended = {**own, "state": "resolved", "resolved_at": end}
    return Transition(RESOLVED, ended, 0.0, start, end)


def lose_data(
    connection: sqlite3.Connection, alert: AlertRow, row: MetricRow, windows: int
) -> Transition:
    """Mark an incident as unknown, after so many windows without a verdict."""
    note = f"no verdict in {windows} windows: {row['verdict'] or 'no value'}"
    _set_state(connection, alert, row, "no_data", note=note)
    return _transition(NO_DATA, {**dict(alert), "state": "no_data"}, row, 0.0)


def mark_unknown(connection: sqlite3.Connection) -> list[Transition]:
    """Mark every incident about data as unknown, because the analysis fails."""
    alerts = firing_about_metrics(connection)
    for alert in alerts:
        change_alert(connection, alert["id"], state="error")
        record_change(connection, alert["id"], "error", note="the analysis fails")
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


def _last_until(connection: sqlite3.Connection, alert: AlertRow, evaluation: Evaluation) -> None:
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
