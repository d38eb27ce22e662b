"""Alerts: one row is one incident of one subject, that is a rule on one metric of one model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.clock import now
from modeltap.environments import reported
from modeltap.store.alert_history import ACCEPTED
from modeltap.store.windows import Series

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
"""The columns that commands show, in order; the environment follows the version."""

STILL_OPEN = "state in ('firing', 'no_data', 'error')"
"""Select incidents that are not resolved. Pending alerts are not incidents yet."""

_SUBJECT = ("model", "version", "segment", "window", "metric", "feature")

_REMINDER_DUE = (
    "state = 'firing' and (silenced_until is null or silenced_until <= :now) "
    "and ((notified_at is null and silenced_until is not null) "
    "or (acknowledged_at is null and notified_at <= :before))"
)
"""Select alerts whose silence has ended, or that are unacknowledged since `before`."""


def put_alert(connection: sqlite3.Connection, alert: AlertRow) -> None:
    """Write an alert with all of its columns, inside the caller's transaction."""
    connection.execute(
        f"insert or replace into alerts ({', '.join(alert)}) "
        f"values ({', '.join('?' * len(alert))})",
        tuple(alert.values()),
    )


def change_alert(connection: sqlite3.Connection, alert_id: str, **columns: object) -> None:
    """Update columns of an alert, and `updated_at`, inside the caller's transaction."""
    columns["updated_at"] = now()
    connection.execute(
        f"update alerts set {', '.join(f'{name} = ?' for name in columns)} where id = ?",
        (*columns.values(), alert_id),
    )


def record_notified(connection: sqlite3.Connection, alert_id: str, moment: str) -> None:
    """Record when receivers were notified of an alert, inside the caller's transaction."""
    connection.execute("update alerts set notified_at = ? where id = ?", (moment, alert_id))


def delete_alert(connection: sqlite3.Connection, alert_id: str) -> None:
    """Delete an alert and its history, inside the caller's transaction."""
    connection.execute("delete from alerts where id = ?", (alert_id,))
    connection.execute("delete from alert_history where alert_id = ?", (alert_id,))


def open_alert(connection: sqlite3.Connection, fingerprint: str) -> AlertRow | None:
    """Return the subject's unresolved alert, which may be pending; None if there is none."""
    row: AlertRow | None = connection.execute(
        "select * from alerts where fingerprint = ? and state <> 'resolved'", (fingerprint,)
    ).fetchone()
    return row


def unresolved_alerts(connection: sqlite3.Connection, model: str, version: str) -> list[AlertRow]:
    """Return the unresolved alerts of a model's version, pending ones included, oldest first."""
    return connection.execute(
        "select * from alerts where model = ? and version = ? and state <> 'resolved' "
        "order by started_at, id",
        (model, version),
    ).fetchall()


class Incident(NamedTuple):
    """The time span of an alert about the inputs, from the first suspicious window on.

    `resolved_at` is None while the alert is open.
    """

    metric: str
    features: tuple[str, ...]
    window_start: str
    resolved_at: str | None
    accepted: bool
    """True if a user accepted it as the new normal."""


def incidents_before(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    metrics: Sequence[str],
    start: str,
    suspected: bool,
) -> list[Incident]:
    """Return the alerts about `metrics` that fired for windows before `start`.

    Acknowledged alerts are left out, unless they were accepted.

    Args:
        suspected: also return alerts that no second window has confirmed.
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
    """Return the features that an alert is about: its own, and those of its finding."""
    names = [feature, *(json.loads(related) if related else ())]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def open_incidents(
    connection: sqlite3.Connection, model: str, version: str, metrics: Sequence[str]
) -> list[AlertRow]:
    """Return the unresolved alerts about `metrics`, pending ones included, oldest first.

    Each row also has `last_window_end`: the end of the last window that was evaluated for it.
    """
    return connection.execute(
        "select *, (select max(m.window_end) from metrics m where m.model = a.model "
        "and m.version = a.version and m.window = a.window and m.metric = a.metric "
        "and m.feature is a.feature and m.segment is a.segment) as last_window_end "
        "from alerts a where model = ? and version = ? and state <> 'resolved' "
        "and metric in (select value from json_each(?)) order by window_start",
        (model, version, json.dumps(list(metrics))),
    ).fetchall()


def count_resolved_since(connection: sqlite3.Connection, fingerprint: str, since: str) -> int:
    """Return the number of the subject's alerts that were resolved after `since`."""
    return _scalar(
        connection,
        "select count(*) from alerts where fingerprint = ? and state = 'resolved' "
        "and resolved_at > ?",
        (fingerprint, since),
    )


def was_resolved_around(
    connection: sqlite3.Connection, fingerprint: str, start: str, end: str
) -> bool:
    """Return True if a resolved alert of the subject lasted from `start` to after `end`."""
    row = connection.execute(
        "select 1 from alerts where fingerprint = ? and state = 'resolved' "
        "and window_start <= ? and resolved_at > ?",
        (fingerprint, start, end),
    ).fetchone()
    return row is not None


class FiringCause(NamedTuple):
    """A firing alert that may explain another one, and its first window."""

    metric: str
    window: str
    window_start: str
    window_end: str


def firing_causes(
    connection: sqlite3.Connection,
    row: Mapping[str, Any],
    causes: Collection[tuple[str, str | None]],
    elsewhere: Collection[str] = (),
) -> list[FiringCause]:
    """Return the firing alerts that explain `row`.

    These are alerts on its `causes` (metric and feature), alerts of a finding that lists its
    feature as related, and alerts on its feature and the metrics `elsewhere` in windows of another
    length.

    Args:
        row: a row of the table `metrics`.
    """
    rows = connection.execute(
        "select metric, window, window_start, window_end from alerts "
        "where model = :model and version = :version and segment is :segment "
        "and state = 'firing' and (window = :window and exists (select 1 from json_each(:causes) "
        "where json_extract(value, '$[0]') = metric and json_extract(value, '$[1]') is feature) "
        "or not (metric = :metric and feature is :feature) "
        "and exists (select 1 from json_each(related) where value = :feature) "
        "or window <> :window and feature = :feature "
        "and metric in (select value from json_each(:elsewhere)))",
        {
            **{name: row[name] for name in _SUBJECT},
            "causes": json.dumps(list(causes)),
            "elsewhere": json.dumps(list(elsewhere)),
        },
    )
    return [FiringCause(*cause) for cause in rows]


def reported_in_period(
    connection: sqlite3.Connection, series: Series, start: str, end: str
) -> frozenset[tuple[str, str]]:
    """Return metric and feature of the alerts that fired in the series' windows in a period."""
    rows = connection.execute(
        "select metric, feature from alerts where model = ? and version = ? and window = ? "
        "and feature not null and segment is null and state <> 'pending' and window_start < ? "
        "and (resolved_at is null or resolved_at > ?)",
        (series.model, series.version, series.window, end, start),
    )
    return frozenset((metric, feature) for metric, feature in rows)


def is_finding_firing(connection: sqlite3.Connection, row: Mapping[str, Any], related: str) -> bool:
    """Return True if another subject than `row` fired with a finding about the same features.

    An alert that only shows the finding in later windows does not count: its message did not.

    Args:
        row: a row of the table `metrics`.
        related: the features as JSON, as the table `alerts` has them.
    """
    firing = connection.execute(
        "select 1 from alerts a join metrics m on m.model = a.model and m.version = a.version "
        "and m.window = a.window and m.window_start = a.window_start and m.metric = a.metric "
        "and ifnull(m.feature, '') = ifnull(a.feature, '') "
        "and ifnull(m.segment, '') = ifnull(a.segment, '') where a.model = :model "
        "and a.version = :version and a.segment is :segment and a.state = 'firing' "
        "and a.related = :related and m.related = :related and not (a.window = :window "
        "and a.metric = :metric and a.feature is :feature)",
        {**{name: row[name] for name in _SUBJECT}, "related": related},
    ).fetchone()
    return firing is not None


def firing_about_metrics(connection: sqlite3.Connection) -> list[AlertRow]:
    """Return the firing alerts about windows of data, not those about missing data."""
    return connection.execute(
        "select * from alerts where state = 'firing' and metric <> rule order by started_at"
    ).fetchall()


def open_absences(
    connection: sqlite3.Connection, rules: Sequence[str]
) -> list[tuple[str, str, str, str | None]]:
    """Return rule, model, version and feature of the open alerts about missing data."""
    rows = connection.execute(
        "select rule, model, version, feature from alerts where state <> 'resolved' "
        f"and metric = rule and rule in ({', '.join('?' * len(rules))})",
        tuple(rules),
    )
    return [tuple(row) for row in rows]


def alerts_to_repeat(
    connection: sqlite3.Connection, model: str, *, now: str, before: str
) -> list[AlertRow]:
    """Return a model's alerts that are due for a first message or a reminder.

    Args:
        now: silences that end by then no longer apply.
        before: include only alerts whose last message was sent by then.
    """
    return connection.execute(
        f"select * from alerts where {_REMINDER_DUE} and model = :model order by started_at",
        {"now": now, "before": before, "model": model},
    ).fetchall()


def count_open(connection: sqlite3.Connection, alert: AlertRow) -> int:
    """Return the number of open alerts of the same rule, model and version, including this one."""
    return _scalar(
        connection,
        "select count(*) from alerts where rule = ? and model = ? and version = ? "
        "and state not in ('pending', 'resolved')",
        (alert["rule"], alert["model"], alert["version"]),
    )


def count_open_of(connection: sqlite3.Connection, model: str) -> int:
    """Return the number of open alerts of a model, including those in `no_data` or `error`."""
    return _scalar(
        connection, f"select count(*) from alerts where model = ? and {STILL_OPEN}", (model,)
    )


def count_firing_of(connection: sqlite3.Connection, model: str) -> int:
    """Return the number of firing alerts of a model."""
    return _scalar(
        connection, "select count(*) from alerts where model = ? and state = 'firing'", (model,)
    )


def open_subjects(connection: sqlite3.Connection, rule: str, model: str, version: str) -> list[str]:
    """Return the features for which a model's version has open alerts of `rule`."""
    rows = connection.execute(
        "select distinct feature from alerts where rule = ? and model = ? and version = ? "
        f"and {STILL_OPEN}",
        (rule, model, version),
    )
    return [feature for (feature,) in rows]


def count_started(connection: sqlite3.Connection, model: str, since: str) -> int:
    """Return the number of a model's alerts that started to fire at `since` or later."""
    return _scalar(
        connection,
        "select count(*) from alerts where model = ? and id in "
        "(select alert_id from alert_history where state = 'firing' and at >= ?)",
        (model, since),
    )


def most_severe_open(connection: sqlite3.Connection, model: str, limit: int) -> list[AlertRow]:
    """Return a model's open alerts, critical ones first, then by age."""
    return connection.execute(
        f"select model, feature, segment, summary from alerts where model = ? and {STILL_OPEN} "
        "order by severity = 'critical' desc, started_at limit ?",
        (model, limit),
    ).fetchall()


def models_with_alerts(connection: sqlite3.Connection) -> list[str]:
    """Return the models that have alerts, including resolved ones, in order."""
    rows = connection.execute("select distinct model from alerts where model <> '' order by model")
    return [model for (model,) in rows]


def acknowledge_alert(connection: sqlite3.Connection, alert_id: str) -> bool:
    """Acknowledge an alert, inside the transaction; return False if it is resolved."""
    moment = now()
    cursor = connection.execute(
        "update alerts set acknowledged_at = ?, updated_at = ? where id = ? "
        "and state <> 'resolved'",
        (moment, moment, alert_id),
    )
    return cursor.rowcount == 1


def alerts_with_prefix(connection: sqlite3.Connection, prefix: str) -> list[AlertRow]:
    """Return id and fingerprint of up to two alerts whose ids begin with `prefix`."""
    return connection.execute(
        "select id, fingerprint from alerts where substr(id, 1, ?) = ? limit 2",
        (len(prefix), prefix),
    ).fetchall()


def alert_with_id(connection: sqlite3.Connection, alert_id: str) -> AlertRow | None:
    """Return `ALERT_COLUMNS` of an alert; None if there is none."""
    row: AlertRow | None = connection.execute(
        f"select {', '.join(ALERT_COLUMNS)} from alerts where id = ?", (alert_id,)
    ).fetchone()
    return row


def list_alerts(
    connection: sqlite3.Connection, model: str | None, state: str | None
) -> list[dict[str, Any]]:
    """Return `ALERT_COLUMNS` of alerts in order of time.

    Args:
        state: return only alerts in this state; None returns all except pending ones.
    """
    rows = connection.execute(
        f"select {', '.join(ALERT_COLUMNS)} from alerts where (? is null or model = ?) "
        "and ifnull(state = ?, state <> 'pending') order by started_at, rule, feature",
        (model, model, state),
    )
    return [reported(dict(row)) for row in rows]


class RuleSummary(NamedTuple):
    """A summary of one rule's alerts."""

    rule: str
    first: str
    """The start of the first alert."""
    incidents: int
    about: str
    """Comma-separated features, or metrics where an alert has no feature."""


def alerts_by_rule(connection: sqlite3.Connection) -> list[RuleSummary]:
    """Return a summary of each rule that has alerts, ordered by its first alert."""
    rows = connection.execute(
        "select rule, min(started_at), count(*), "
        "group_concat(distinct ifnull(feature, metric)) from alerts group by rule order by 2"
    )
    return [RuleSummary(*row) for row in rows]


def _scalar(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> int:
    return int(connection.execute(query, values).fetchone()[0])
