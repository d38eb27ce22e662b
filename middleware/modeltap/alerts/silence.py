"""Silences: alerts that fit one send nothing until its end; then what still fires is told."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from modeltap.alerts import history
from modeltap.clock import now
from modeltap.errors import InputError

_FITS = (
    "(s.model is null or s.model = {a}.model) and (s.rule is null or s.rule = {a}.rule) "
    "and (s.feature is null or s.feature is {a}.feature) "
    "and (s.fingerprint is null or s.fingerprint = {a}.fingerprint)"
)


def silence(
    connection: sqlite3.Connection,
    until: str,
    *,
    model: str | None = None,
    rule: str | None = None,
    feature: str | None = None,
    fingerprint: str | None = None,
    reason: str | None = None,
) -> str:
    """Silence what fits until `until`, also alerts that fire already; return the silence's id.

    Runs inside the caller's transaction. What is None fits all.
    """
    silence_id = f"silence_{uuid.uuid4().hex[:12]}"
    connection.execute(
        "insert into silences (id, model, rule, feature, fingerprint, reason, until, created_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (silence_id, model, rule, feature, fingerprint, reason, until, now()),
    )
    for (alert_id,) in connection.execute(
        "select a.id from alerts a, silences s where s.id = ? and a.state <> 'resolved' "
        f"and {_FITS.format(a='a')}",
        (silence_id,),
    ).fetchall():
        _set(connection, alert_id, until, reason)
    return silence_id


def end_silence(connection: sqlite3.Connection, silence_id: str) -> None:
    """End a silence now, inside the caller's transaction; raises `InputError` if there is none."""
    moment = now()
    ended = connection.execute(
        "update silences set until = ? where id = ? and until > ?", (moment, silence_id, moment)
    )
    if not ended.rowcount:
        raise InputError(f"no silence {silence_id!r} is in force; `modeltap silence list` tells")
    for row in connection.execute(
        "select * from alerts where state <> 'resolved' and silenced_until > ?", (moment,)
    ).fetchall():
        _set(connection, row["id"], silenced_until(connection, row) or moment, "silence ended")


def silenced_until(connection: sqlite3.Connection, alert: Mapping[str, Any]) -> str | None:
    """Return until when the silences in force keep an alert quiet; None where there is none."""
    row = connection.execute(
        "select max(s.until) from silences s where s.until > :now and (s.model is null or "
        "s.model = :model) and (s.rule is null or s.rule = :rule) and (s.feature is null or "
        "s.feature is :feature) and (s.fingerprint is null or s.fingerprint = :fingerprint)",
        {
            "now": now(),
            **{name: alert[name] for name in ("model", "rule", "feature", "fingerprint")},
        },
    ).fetchone()
    until: str | None = row[0]
    return until


def acknowledge(connection: sqlite3.Connection, alert_id: str) -> None:
    """Note that somebody looks after an alert: it is not repeated; raises `InputError`."""
    found = find_alert(connection, alert_id)["id"]
    done = connection.execute(
        "update alerts set acknowledged_at = ?, updated_at = ? "
        "where id = ? and state <> 'resolved'",
        (now(), now(), found),
    )
    if not done.rowcount:
        raise InputError(
            f"alert {alert_id!r} is over; `modeltap alerts --state firing` lists those that are not"
        )
    history.note(connection, found, "acknowledged")


def find_alert(connection: sqlite3.Connection, alert_id: str) -> sqlite3.Row:
    """Return the alert whose id begins so; raises `InputError` where it is none, or several."""
    found: list[sqlite3.Row] = connection.execute(
        "select id, fingerprint from alerts where substr(id, 1, ?) = ? limit 2",
        (len(alert_id), alert_id),
    ).fetchall()
    if len(found) != 1 or not alert_id:
        what = "several alerts begin with" if found else "no alert"
        raise InputError(f"{what} {alert_id!r}; `modeltap alerts` lists them")
    return found[0]


def _set(connection: sqlite3.Connection, alert_id: str, until: str, why: str | None) -> None:
    connection.execute(
        "update alerts set silenced_until = ?, updated_at = ? where id = ?",
        (until, now(), alert_id),
    )
    history.note(
        connection, alert_id, "silenced", why=f"until {until}" + (f": {why}" if why else "")
    )
