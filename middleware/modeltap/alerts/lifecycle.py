"""The state machine of alerts.

    (none) -> pending -> firing -> resolved
    (none) ------------> firing -> no_data | error -> firing | resolved

`update` processes the metrics of a window, `next_change` decides, `changes` writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence, Set
from enum import Enum, auto

from modeltap import clock
from modeltap.alerts import changes
from modeltap.alerts.causes import causes_first
from modeltap.alerts.conditions import Evaluation
from modeltap.alerts.rules import MIN_WINDOWS, rules_for
from modeltap.alerts.subject import AlertSubject
from modeltap.alerts.transitions import Transition
from modeltap.analysis.model.metric import LEARNING
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.windows import Window
from modeltap.store.alerts import AlertRow, FiringCause, unresolved_alerts
from modeltap.store.metrics import MetricRow

RECOVERY_WINDOWS = 2
"""Consecutive recovered windows that resolve an incident. One could be a pause in it."""

_QUIET_WINDOWS = 8
"""Consecutive windows without an alert that resolve an incident even if all are doubtful. In data
that always differs slightly from its reference, no window matches the reference exactly."""

_FLAPPING_WINDOWS = 24
"""Number of windows (a day of hourly ones) in which a recurring incident counts as flapping. Each
recurrence doubles the number of recovered windows it needs."""

_MAX_RECOVERY_WINDOWS = 16
"""Limit of the doubling, so that an incident does not stay open for days after its last alert."""

_NO_DATA_WINDOWS = 3
"""Windows without a verdict after which the state is unknown. One or two are a quiet night."""


_NO_RULE = "no longer watched, because its rule was removed or disabled"


class Change(Enum):
    """The effect of an evaluated window on a subject's alert."""

    SUSPECT = auto()
    """Create a pending alert, or extend it to this window."""

    FORGET = auto()
    """Delete a pending alert that was not confirmed."""

    FIRE = auto()
    """Begin an incident."""

    CONTINUE = auto()
    """Extend an incident; an incident in an unknown state fires again."""

    RESOLVE = auto()
    """Resolve an incident."""

    NO_DATA = auto()
    """Set an incident to `no_data`, for lack of verdicts."""


def update(
    connection: sqlite3.Connection,
    rows: Sequence[MetricRow],
    rules: Sequence[RuleSettings] = (),
    *,
    learning: bool = False,
    recovery_windows: int = RECOVERY_WINDOWS,
) -> list[Transition]:
    """Update the alerts with the metric rows of a window; return the transitions.

    Runs inside the caller's transaction, after the rows were written to `metrics`. Rows in the
    reference, or with too few rows, change nothing. Alerts whose rule the settings no longer have,
    or disable, end: no later window could resolve them.

    Args:
        rows: rows of `metrics`, all of the same window and model.
        rules: the model's rules from the settings.
        learning: whether the window is part of a reference that is being learnt, in which some
            metrics may already alert.
        recovery_windows: the number of consecutive recovered windows that resolve an incident.
    """
    transitions = []
    evaluated: list[MetricRow] = []
    known: set[str] = set()
    for row in causes_first(rows):
        if (row["in_reference"] and not learning) or row["verdict"] == LEARNING:
            continue
        evaluated.append(row)
        for rule in rules_for(row, rules):
            subject = AlertSubject(connection, rule, row, rows)
            known.add(subject.fingerprint)
            transition = _apply(connection, subject, recovery_windows)
            if transition is not None:
                transitions.append(transition)
    return [*transitions, *_without_rule(connection, evaluated, known)]


def next_change(
    subject: AlertSubject, evaluation: Evaluation | None, recovery_windows: int
) -> Change | None:
    """Return the effect of the window on the subject's alert, or None."""
    if evaluation is None:
        return _without_verdict(subject)
    if evaluation.alert:
        return _on_alert(subject, evaluation)
    return _on_quiet(subject, evaluation, recovery_windows)


def _on_alert(subject: AlertSubject, evaluation: Evaluation) -> Change | None:
    """Return the effect of an alerting window: it extends, begins or suspects an incident."""
    if subject.alert is not None and subject.alert["state"] != "pending":
        return Change.CONTINUE
    if subject.was_resolved() or _is_explained(subject):
        return None
    return Change.FIRE if _fires(subject, evaluation) else Change.SUSPECT


def _on_quiet(
    subject: AlertSubject, evaluation: Evaluation, recovery_windows: int
) -> Change | None:
    """Return the effect of a quiet window: it deletes a pending alert or may end an incident."""
    alert = subject.alert
    if alert is None or subject.start < alert["last_window_start"]:
        return None
    if alert["state"] == "pending":
        return Change.FORGET
    # If the last alerting window, re-evaluated with more rows, is quiet, no others are needed.
    is_later = subject.start > alert["last_window_start"]
    if is_later and not _has_recovered(subject, evaluation, alert, recovery_windows):
        return None
    return Change.RESOLVE


def _without_verdict(subject: AlertSubject) -> Change | None:
    """Return the effect of a window without a verdict: the state may become unknown."""
    alert = subject.alert
    if alert is None or alert["state"] != "firing":
        return None
    unknown = subject.last_rows_without_verdict(_NO_DATA_WINDOWS, alert["last_window_start"])
    return Change.NO_DATA if unknown else None


def _fires(subject: AlertSubject, evaluation: Evaluation) -> bool:
    """Return True for a strong effect, or enough consecutive alerting windows."""
    if evaluation.at_once and not subject.rule.strict:
        return True
    needed = subject.rule.min_windows - 1
    before = subject.before(subject.start, needed) if needed > 0 else []
    return len(before) >= needed and all(earlier.alert for earlier in before)


def _has_recovered(
    subject: AlertSubject, evaluation: Evaluation, alert: AlertRow, recovery_windows: int
) -> bool:
    """Return True if enough windows up to this one have recovered, or enough were quiet."""
    needed = _recovery_windows(subject, alert, recovery_windows)
    before = subject.before(subject.start, max(needed, _QUIET_WINDOWS) - 1)
    recent = [evaluation, *before][:needed]
    if len(recent) >= needed and all(window.recovered for window in recent):
        return True
    return len(before) + 1 >= max(needed, _QUIET_WINDOWS) and all(window.quiet for window in before)


def _recovery_windows(subject: AlertSubject, alert: AlertRow, least: int) -> int:
    """Return the number of windows that have to recover, doubled for each recent incident."""
    recent = subject.before(alert["window_start"], _FLAPPING_WINDOWS)
    incidents = subject.resolved_since(recent[-1].row["window_start"] if recent else "")
    return max(least, min(least << incidents, _MAX_RECOVERY_WINDOWS))


def _is_explained(subject: AlertSubject) -> bool:
    """Return True if an alert about the same column reports this, and began together with it.

    A later beginning is a new incident, even in a drifting column, such as a sensor that breaks
    after it moved. Thresholds from the settings always raise their own alert. A finding that
    already fires, such as swapped columns, is one incident, whichever metric shows it first.
    """
    settings = subject.rule.settings
    if settings is not None and settings.condition is not None:
        return False
    if subject.is_finding_firing():
        return True
    causing = subject.firing_causes()
    if not causing:
        return False
    run = subject.run_before(subject.start)
    began = run[0].row["window_start"] if run else subject.start
    before = [earlier.row["window_start"] for earlier in subject.before(began, MIN_WINDOWS)]
    return any(
        sum(start >= cause.window_start for start in before) < MIN_WINDOWS
        or _lasts_with(subject.row, began, cause)
        for cause in causing
    )


def _lasts_with(row: MetricRow, began: str, cause: FiringCause) -> bool:
    """Return True if an alert follows from its cause, although it began more than a window later.

    Rates of outliers mean nothing while the column's drift lasts. A cause in longer windows, such
    as drift by the day, explains what began before the end of its second window.
    """
    if (row["metric"], cause.metric) == ("outlier_rate", "drift"):
        return True
    a_week, other = Window.parse(row["window"]).a_week, Window.parse(cause.window).a_week
    if a_week is None or other is None or a_week <= other:
        return False
    start, end = clock.parse(cause.window_start) or 0.0, clock.parse(cause.window_end) or 0.0
    return began < clock.iso(end + (end - start))


def _beginning(subject: AlertSubject) -> Evaluation | None:
    """Return an earlier window in which the incident would have fired, or None."""
    alert = subject.alert
    if alert is None or subject.start >= alert["window_start"]:
        return None
    rule = subject.rule
    for position, window in enumerate(subject.run_before(alert["window_start"])):
        if (window.at_once and not rule.strict) or position >= rule.min_windows - 1:
            return window
    return None


def _without_rule(
    connection: sqlite3.Connection, rows: Sequence[MetricRow], known: Set[str]
) -> list[Transition]:
    """End the alerts about evaluated rows to which no rule applies now.

    Args:
        known: the fingerprints of the subjects to which rules apply.
    """
    names = ("window", "metric", "feature", "segment")
    own = {tuple(row[name] for name in names): row for row in rows}
    series = {(row["model"], row["version"]) for row in rows}
    transitions = []
    for alert in [alert for of in series for alert in unresolved_alerts(connection, *of)]:
        row = own.get(tuple(alert[name] for name in names))
        if row is None or alert["fingerprint"] in known:
            continue
        if alert["state"] == "pending":
            changes.forget(connection, alert)
        elif row["window_start"] >= alert["last_window_start"]:
            transitions.append(changes.resolve(connection, alert, row, note=_NO_RULE))
    return transitions


def _apply(
    connection: sqlite3.Connection, subject: AlertSubject, recovery_windows: int
) -> Transition | None:
    """Evaluate the window and write the resulting change."""
    evaluation = subject.evaluation()
    change = next_change(subject, evaluation, recovery_windows)
    alert = subject.alert
    if change is Change.NO_DATA and alert is not None:
        return changes.mark_no_data(connection, alert, subject.row, _NO_DATA_WINDOWS)
    if evaluation is None:
        return None
    if change is Change.FIRE:
        return changes.fire(connection, subject, evaluation)
    if change is Change.SUSPECT:
        changes.suspect(connection, subject, evaluation)
    elif change is Change.CONTINUE and alert is not None:
        severity = subject.rule.severity_of(evaluation.strength)
        beginning = _beginning(subject)
        changes.extend_incident(
            connection, alert, evaluation, beginning=beginning, severity=severity
        )
    elif change is Change.FORGET and alert is not None:
        changes.forget(connection, alert)
    elif change is Change.RESOLVE and alert is not None:
        return changes.resolve(connection, alert, subject.row)
    return None
