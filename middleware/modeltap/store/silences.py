"""Silences: matching alerts send no messages until the silence ends."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from modeltap.clock import now
from modeltap.store.alerts import AlertRow

SILENCE_COLUMNS = ("id", "alert", "model", "rule", "feature", "until", "reason")
"""The columns that commands show, in order."""

_MATCHES = (
    "(s.model is null or s.model = a.model) and (s.rule is null or s.rule = a.rule) "
    "and (s.feature is null or s.feature is a.feature) "
    "and (s.fingerprint is null or s.fingerprint = a.fingerprint)"
)
"""A silence `s` matches an alert `a`; null matches any value."""


def insert_silence(
    connection: sqlite3.Connection,
    until: str,
    *,
    model: str | None,
    rule: str | None,
    feature: str | None,
    fingerprint: str | None,
    reason: str | None,
) -> str:
    """Write a silence, inside the caller's transaction; return its id."""
    silence_id = f"silence_{uuid.uuid4().hex[:12]}"
    connection.execute(
        "insert into silences (id, model, rule, feature, fingerprint, reason, until, created_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (silence_id, model, rule, feature, fingerprint, reason, until, now()),
    )
    return silence_id


def end_silence_at(connection: sqlite3.Connection, silence_id: str, moment: str) -> bool:
    """End a silence, inside the transaction; return False if it is not active at `moment`."""
    ended = connection.execute(
        "update silences set until = ? where id = ? and until > ?", (moment, silence_id, moment)
    )
    return ended.rowcount == 1


def silenced_until(connection: sqlite3.Connection, alert: AlertRow) -> str | None:
    """Return the latest end of the active silences that match an alert; None if none matches.

    The alert may not be in the store yet.
    """
    until: str | None = connection.execute(
        "with a as (select :model as model, :rule as rule, :feature as feature, "
        ":fingerprint as fingerprint) "
        f"select max(s.until) from silences s, a where s.until > :now and {_MATCHES}",
        {
            "now": now(),
            **{name: alert[name] for name in ("model", "rule", "feature", "fingerprint")},
        },
    ).fetchone()[0]
    return until


def open_alerts_of(connection: sqlite3.Connection, silence_id: str) -> list[str]:
    """Return the ids of the unresolved alerts that a silence matches."""
    rows = connection.execute(
        "select a.id from alerts a, silences s where s.id = ? and a.state <> 'resolved' "
        f"and {_MATCHES}",
        (silence_id,),
    )
    return [alert_id for (alert_id,) in rows]


def silenced_alerts(connection: sqlite3.Connection, moment: str) -> list[AlertRow]:
    """Return the unresolved alerts that are silenced beyond `moment`."""
    return connection.execute(
        "select * from alerts where state <> 'resolved' and silenced_until > ?", (moment,)
    ).fetchall()


def list_silences(connection: sqlite3.Connection, moment: str) -> list[dict[str, Any]]:
    """Return `SILENCE_COLUMNS` of the silences active at `moment`, in order of their ends.

    `alert` is the latest alert with the fingerprint of a silence that was made for an alert.
    """
    rows = connection.execute(
        "select id, (select a.id from alerts a where a.fingerprint = s.fingerprint "
        "order by a.started_at desc limit 1) as alert, model, rule, feature, until, reason "
        "from silences s where until > ? order by until",
        (moment,),
    )
    return list(map(dict, rows))
