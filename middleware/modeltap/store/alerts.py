"""Alerts: one row is one incident of one subject, a rule about one metric of one model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.environments import reported
from modeltap.store.alert_history import ACCEPTED

AlertRow = Mapping[str, Any]
"""A row of the table `alerts`, by column."""

ALERT_COLUMNS = (
    "id",
    "rule",
    "model",
    "version",
    "related",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "window",
    "window_start",
    "window_end",
    "last_window_start",
    "value",
    "threshold",
    "p_value",
    "summary",
    "examples",
    "started_at",
    "resolved_at",
    "silenced_until",
    "acknowledged_at",
    "notified_at",
)
"""The columns for people, in their order; the environment stands after the version."""

_STILL_OPEN = "state in ('firing', 'no_data', 'error')"

_REMINDER_DUE = (
    "state = 'firing' and (silenced_until is null or silenced_until <= :now) "
    "and ((notified_at is null and silenced_until is not null) "
    "or (acknowledged_at is null and notified_at <= :before))"
)
"""An alert that a silence kept back until now, or that nobody acknowledged since `before`."""


def put_alert(connection: sqlite3.Connection, alert: AlertRow) -> None:
    """Write an alert with all its columns, inside the caller's transaction."""
    connection.execute(
        f"insert or replace into alerts ({', '.join(alert)}) "
        f"values ({', '.join('?' * len(alert))})",
        tuple(alert.values()),
    )


def change_alert(connection: sqlite3.Connection, alert_id: str, **columns: object) -> None:
    """Change columns of an alert, and `updated_at`, inside the caller's transaction."""
    columns["updated_at"] = now()
    connection.execute(
        f"update alerts set {', '.join(f'{name} = ?' for name in columns)} where id = ?",
        (*columns.values(), alert_id),
    )


def record_notified(connection: sqlite3.Connection, alert_id: str, moment: str) -> None:
    """Note that receivers were notified of an alert, inside the caller's transaction."""
    connection.execute("update alerts set notified_at = ? where id = ?", (moment, alert_id))


def delete_alert(connection: sqlite3.Connection, alert_id: str) -> None:
    """Delete an alert and its history, inside the caller's transaction."""
    connection.execute("delete from alerts where id = ?", (alert_id,))
    connection.execute("delete from alert_history where alert_id = ?", (alert_id,))


def open_alert(connection: sqlite3.Connection, fingerprint: str) -> AlertRow | None:
    """Return the subject's alert that is not resolved, pending ones too."""
    row: AlertRow | None = connection.execute(
        "select * from alerts where fingerprint = ? and state <> 'resolved'", (fingerprint,)
    ).fetchone()
    return row


class Incident(NamedTuple):
    """The time of an alert about the inputs, from the first suspicion on; `resolved_at` is null
    while it is open."""

    metric: str
    features: tuple[str, ...]
    window_start: str
    resolved_at: str | None
    accepted: bool
    """Whether somebody said that it shows the new normal."""


def incidents_before(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    metrics: Sequence[str],
    start: str,
    suspected: bool,
) -> list[Incident]:
    """Return the alerts about `metrics` that fired about windows before `start`.

    Those that were acknowledged are known, and left out, unless they were accepted.

    Args:
        suspected: return also those that no second window has confirmed.
    """
    rows = connection.execute(
        "select metric, feature, related, began, resolved_at, accepted from (select *, "
        "(select min(h.window_start, alerts.window_start) from alert_history h "
        "where h.alert_id = alerts.id order by h.seq limit 1) as began, exists "
        "(select 1 from alert_history h where h.alert_id = alerts.id and h.note = ?) as accepted "
        "from alerts where model = ? and version = ? and segment is null and window_start < ? "
        "and (state <> 'pending' or ?) and metric in (select value from json_each(?))) "
        "where acknowledged_at is null or accepted order by began",
        (ACCEPTED, model, version, start, suspected, json.dumps(list(metrics))),
    )
    return [
        Incident(metric, _features(feature, related), began, resolved, bool(accepted))
        for metric, feature, related, began, resolved, accepted in rows
    ]


def _features(feature: str | None, related: str | None) -> tuple[str, ...]:
    """Return the features that an alert is about: its own, and those that its finding has, too."""
    names = [feature, *(json.loads(related) if related else ())]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def open_incidents(
    connection: sqlite3.Connection, model: str, version: str, metrics: Sequence[str]
) -> list[AlertRow]:
    """Return the alerts about `metrics` that are not resolved, pending ones too, the oldest first,
    each with `last_window_end`: where the last window ends that was evaluated for it."""
    return connection.execute(
        "select *, (select max(m.window_end) from metrics m where m.model = a.model "
        "and m.version = a.version and m.window = a.window and m.metric = a.metric "
        "and m.feature is a.feature and m.segment is a.segment) as last_window_end "
        "from alerts a where model = ? and version = ? and state <> 'resolved' "
        "and metric in (select value from json_each(?)) order by window_start",
        (model, version, json.dumps(list(metrics))),
    ).fetchall()


def count_resolved_since(connection: sqlite3.Connection, fingerprint: str, since: str) -> int:
    """Return how many of the subject's alerts were resolved after `since`."""
    return _one_number(
        connection,
        "select count(*) from alerts where fingerprint = ? and state = 'resolved' "
        "and resolved_at > ?",
        (fingerprint, since),
    )


def was_resolved_around(
    connection: sqlite3.Connection, fingerprint: str, start: str, end: str
) -> bool:
    """Return whether a resolved alert of the subject lasted from `start` to after `end`."""
    row = connection.execute(
        "select 1 from alerts where fingerprint = ? and state = 'resolved' "
        "and window_start <= ? and resolved_at > ?",
        (fingerprint, start, end),
    ).fetchone()
    return row is not None


def firing_since(
    connection: sqlite3.Connection,
    row: Mapping[str, Any],
    causes: Collection[tuple[str, str | None]],
) -> list[str]:
    """Return the first windows' starts of the alerts that fire and explain `row`.

    These are the alerts of its `causes` (metric and feature), and those of a finding that names
    its feature as related.

    Args:
        row: of the table `metrics`.
    """
    rows = connection.execute(
        "select window_start from alerts where model = ? and version = ? and segment is ? "
        "and state = 'firing' and (window = ? and exists (select 1 from json_each(?) "
        "where json_extract(value, '$[0]') = metric and json_extract(value, '$[1]') is feature) "
        "or not (metric = ? and feature is ?) "
        "and exists (select 1 from json_each(related) where value = ?))",
        (
            *(row[name] for name in ("model", "version", "segment", "window")),
            json.dumps(list(causes)),
            *(row[name] for name in ("metric", "feature", "feature")),
        ),
    )
    return [start for (start,) in rows]


def firing_about_metrics(connection: sqlite3.Connection) -> list[AlertRow]:
    """Return the alerts that fire about windows of data, not about the absence of something."""
    return connection.execute(
        "select * from alerts where state = 'firing' and metric <> rule order by started_at"
    ).fetchall()


def open_absences(
    connection: sqlite3.Connection, rules: Sequence[str]
) -> list[tuple[str, str, str, str | None]]:
    """Return rule, model, version and feature of the open alerts about the absence of something."""
    rows = connection.execute(
        "select rule, model, version, feature from alerts where state <> 'resolved' "
        f"and metric = rule and rule in ({', '.join('?' * len(rules))})",
        tuple(rules),
    )
    return [tuple(row) for row in rows]


def any_reminder_due(connection: sqlite3.Connection, *, now: str, before: str) -> bool:
    """Return whether `alerts_to_repeat` of any model would return one."""
    row = connection.execute(
        f"select 1 from alerts where {_REMINDER_DUE} limit 1", {"now": now, "before": before}
    ).fetchone()
    return row is not None


def alerts_to_repeat(
    connection: sqlite3.Connection, model: str, *, now: str, before: str
) -> list[AlertRow]:
    """Return a model's alerts that receivers are to be notified of (again).

    Args:
        now: silences that have ended by then no longer apply.
        before: only alerts whose last message is at least that old.
    """
    return connection.execute(
        f"select * from alerts where {_REMINDER_DUE} and model = :model order by started_at",
        {"now": now, "before": before, "model": model},
    ).fetchall()


def count_open(connection: sqlite3.Connection, alert: AlertRow) -> int:
    """Return how many alerts of the same rule, model and version are open, this one included."""
    return _one_number(
        connection,
        "select count(*) from alerts where rule = ? and model = ? and version = ? "
        "and state not in ('pending', 'resolved')",
        (alert["rule"], alert["model"], alert["version"]),
    )


def count_open_of(connection: sqlite3.Connection, model: str) -> int:
    """Return how many alerts of a model are open; those whose state is unknown count."""
    return _one_number(
        connection, f"select count(*) from alerts where model = ? and {_STILL_OPEN}", (model,)
    )


def count_firing_of(connection: sqlite3.Connection, model: str) -> int:
    """Return how many alerts of a model fire."""
    return _one_number(
        connection, "select count(*) from alerts where model = ? and state = 'firing'", (model,)
    )


def open_of(connection: sqlite3.Connection, model: str, version: str) -> list[AlertRow]:
    """Return the open alerts of a model's version, the oldest first."""
    return connection.execute(
        f"select * from alerts where model = ? and version = ? and {_STILL_OPEN} "
        "order by started_at, id",
        (model, version),
    ).fetchall()


def open_subjects(connection: sqlite3.Connection, rule: str, model: str, version: str) -> list[str]:
    """Return the features that a model's version has open alerts of a rule about."""
    rows = connection.execute(
        "select distinct feature from alerts where rule = ? and model = ? and version = ? "
        f"and {_STILL_OPEN}",
        (rule, model, version),
    )
    return [feature for (feature,) in rows]


def count_started(connection: sqlite3.Connection, model: str, since: str) -> int:
    """Return how many alerts of a model began to fire at `since` or later."""
    return _one_number(
        connection,
        "select count(*) from alerts where model = ? and id in "
        "(select alert_id from alert_history where state = 'firing' and at >= ?)",
        (model, since),
    )


def most_severe_open(connection: sqlite3.Connection, model: str, limit: int) -> list[AlertRow]:
    """Return a model's open alerts, critical ones first, then the oldest."""
    return connection.execute(
        f"select model, feature, segment, summary from alerts where model = ? and {_STILL_OPEN} "
        "order by severity = 'critical' desc, started_at limit ?",
        (model, limit),
    ).fetchall()


def models_with_alerts(connection: sqlite3.Connection) -> list[str]:
    """Return the models of all alerts, also of resolved ones, in order."""
    rows = connection.execute("select distinct model from alerts where model <> '' order by model")
    return [model for (model,) in rows]


def acknowledge_alert(connection: sqlite3.Connection, alert_id: str) -> bool:
    """Acknowledge an alert, inside the transaction; False if it is resolved."""
    moment = now()
    done = connection.execute(
        "update alerts set acknowledged_at = ?, updated_at = ? where id = ? "
        "and state <> 'resolved'",
        (moment, moment, alert_id),
    )
    return done.rowcount == 1


def alerts_with_prefix(connection: sqlite3.Connection, prefix: str) -> list[AlertRow]:
    """Return id and fingerprint of up to two alerts whose ids begin with `prefix`."""
    return connection.execute(
        "select id, fingerprint from alerts where substr(id, 1, ?) = ? limit 2",
        (len(prefix), prefix),
    ).fetchall()


def list_alerts(
    connection: sqlite3.Connection, model: str | None, state: str | None
) -> list[dict[str, Any]]:
    """Return `ALERT_COLUMNS` of alerts in order of time.

    Args:
        state: only alerts in this state; None for all that are not pending.
    """
    rows = connection.execute(
        f"select {', '.join(ALERT_COLUMNS)} from alerts where (? is null or model = ?) "
        "and ifnull(state = ?, state <> 'pending') order by started_at, rule, feature",
        (model, model, state),
    )
    return [reported(dict(row)) for row in rows]


class RuleSummary(NamedTuple):
    """The alerts of one rule."""

    rule: str
    first: str
    """When the first one started."""
    incidents: int
    about: str
    """The features, or else metrics, that they are about, comma-separated."""


def alerts_by_rule(connection: sqlite3.Connection) -> list[RuleSummary]:
    """Return the alerts of each rule that raised any, the earliest rule first."""
    rows = connection.execute(
        "select rule, min(started_at), count(*), "
        "group_concat(distinct ifnull(feature, metric)) from alerts group by rule order by 2"
    )
    return [RuleSummary(*row) for row in rows]


def _one_number(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> int:
    return int(connection.execute(query, values).fetchone()[0])
