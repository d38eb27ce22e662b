"""The state of each incident: firing, then resolved. One row is one incident of one subject."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap.alerts.rules import Rule, fingerprint, rule_of
from modeltap.clock import now

FIRING = "alert.firing"
RESOLVED = "alert.resolved"

AT_ONCE = 2.0
"""An effect of twice its floor fires at once; a weaker one only after two windows in a row."""


@dataclass(frozen=True)
class Transition:
    """An alert that began or ended: what the outbox makes messages of."""

    event: str
    alert: Mapping[str, Any]
    strength: float


def update(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> list[Transition]:
    """Bring the alerts up to date with one window's metric rows; return what changed.

    Runs inside the caller's transaction. Rows are those of `metrics`; the ones in the
    reference, without a verdict, or with too few rows change nothing.
    """
    changed = []
    for row in rows:
        rule = rule_of(row["metric"], row["feature"])
        if rule is None or row["in_reference"] or row["verdict"] not in ("ok", "alert"):
            continue
        transition = _judged(connection, rule, row)
        if transition is not None:
            changed.append(transition)
    return changed


def _judged(
    connection: sqlite3.Connection, rule: Rule, row: Mapping[str, Any]
) -> Transition | None:
    mark = fingerprint(rule.name, row["model"], row["version"], row["metric"], row["feature"],
                       row["segment"])  # fmt: skip
    open_alert = connection.execute(
        "select * from alerts where fingerprint = ? and state = 'firing'", (mark,)
    ).fetchone()
    if row["verdict"] == "alert":
        if open_alert is not None:
            _repeat(connection, open_alert, row)
            return None
        if _closed_before(connection, mark, row) or not _lasting(connection, row):
            return None
        return _fired(connection, rule, mark, row)
    if open_alert is None or row["window_start"] < open_alert["last_window_start"]:
        return None
    return _resolved(connection, open_alert, row) if _calm(connection, row) else None


def _lasting(connection: sqlite3.Connection, row: Mapping[str, Any]) -> bool:
    """Persistence: strong enough to fire at once, or the window before said so, too."""
    if (row["strength"] or 0.0) >= AT_ONCE:
        return True
    return _verdict_before(connection, row) == "alert"


def _calm(connection: sqlite3.Connection, row: Mapping[str, Any]) -> bool:
    """An incident is over after two good windows in a row: one alone may be a pause in it."""
    return _verdict_before(connection, row) == "ok"


def _verdict_before(connection: sqlite3.Connection, row: Mapping[str, Any]) -> str | None:
    before = connection.execute(
        "select verdict from metrics where model = ? and version = ? and metric = ? "
        "and feature is ? and segment is ? and window_start < ? and not in_reference "
        "and verdict in ('ok', 'alert') order by window_start desc limit 1",
        (row["model"], row["version"], row["metric"], row["feature"], row["segment"],
         row["window_start"]),
    ).fetchone()  # fmt: skip
    return before[0] if before else None


def _closed_before(connection: sqlite3.Connection, mark: str, row: Mapping[str, Any]) -> bool:
    """Labels that come late have an old window judged again: an incident that is over stays so."""
    over = connection.execute(
        "select 1 from alerts where fingerprint = ? and state = 'resolved' and resolved_at >= ?",
        (mark, row["window_end"]),
    ).fetchone()
    return over is not None


def _fired(
    connection: sqlite3.Connection, rule: Rule, mark: str, row: Mapping[str, Any]
) -> Transition:
    alert = {
        "id": str(uuid.uuid4()), "fingerprint": mark, "rule": rule.name, "model": row["model"],
        "version": row["version"], "metric": row["metric"], "feature": row["feature"],
        "segment": row["segment"], "severity": rule.severity, "state": "firing",
        "window_start": row["window_start"], "window_end": row["window_end"],
        "last_window_start": row["window_start"], "value": row["value"],
        "threshold": row["threshold"], "p_value": row["p_value"],
        "summary": row["explanation"] or row["metric"], "started_at": row["window_start"],
        "resolved_at": None, "updated_at": now(),
    }  # fmt: skip
    connection.execute(
        f"insert into alerts ({', '.join(alert)}) values ({', '.join('?' * len(alert))})",
        tuple(alert.values()),
    )
    return Transition(FIRING, alert, row["strength"] or 0.0)


def _repeat(connection: sqlite3.Connection, alert: sqlite3.Row, row: Mapping[str, Any]) -> None:
    """A repeat updates the incident and sends nothing."""
    if row["window_start"] < alert["last_window_start"]:
        return
    connection.execute(
        "update alerts set last_window_start = ?, value = ?, threshold = ?, p_value = ?, "
        "summary = ?, updated_at = ? where id = ?",
        (row["window_start"], row["value"], row["threshold"], row["p_value"],
         row["explanation"] or alert["summary"], now(), alert["id"]),
    )  # fmt: skip


def _resolved(
    connection: sqlite3.Connection, alert: sqlite3.Row, row: Mapping[str, Any]
) -> Transition:
    connection.execute(
        "update alerts set state = 'resolved', resolved_at = ?, updated_at = ? where id = ?",
        (row["window_end"], now(), alert["id"]),
    )
    ended = {**dict(alert), "state": "resolved", "resolved_at": row["window_end"]}
    return Transition(RESOLVED, ended, 0.0)
