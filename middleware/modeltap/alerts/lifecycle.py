"""The state machine of alerts: when one is pending, fires, is resolved, or becomes unknown.

    (none) -> pending -> firing -> resolved
    (none) ------------> firing -> no_data | error -> firing | resolved

`update` goes through the metrics of one window; `next_change` decides; `changes` writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import Enum, auto

from modeltap.alerts import changes
from modeltap.alerts.causes import causes_first
from modeltap.alerts.conditions import Evaluation
from modeltap.alerts.rules import MIN_WINDOWS, rules_for
from modeltap.alerts.subject import AlertSubject
from modeltap.alerts.transitions import Transition
from modeltap.analysis.model.metric import LEARNING
from modeltap.config.rule_settings import RuleSettings
from modeltap.store.alerts import AlertRow
from modeltap.store.metrics import MetricRow

RECOVERY_WINDOWS = 2
"""So many recovered windows in a row end an incident; one alone is a pause in it."""

_QUIET_WINDOWS = 8
"""So many windows in a row without an alert end an incident even where each is doubtful: in data
that always differs somewhat from its reference, no window equals the reference."""

_FLAPPING_WINDOWS = 24
"""An incident that comes back within a day of hourly windows flaps: it needs twice as many
recovered windows each time."""

_MAX_RECOVERY_WINDOWS = 16
"""The doubling ends here: an incident must not stay open for days after its last alert."""

_NO_DATA_WINDOWS = 3
"""One or two windows with too few rows are a quiet night; after three the state is unknown."""


class Change(Enum):
    """The change of a subject's alert by one evaluated window."""

    SUSPECT = auto()
    """A pending alert begins, or lasts until this window."""

    FORGET = auto()
    """A pending alert was not confirmed: it is deleted."""

    FIRE = auto()
    """An incident begins."""

    CONTINUE = auto()
    """An incident goes on; one in an unknown state fires again."""

    RESOLVE = auto()
    """An incident ends."""

    NO_DATA = auto()
    """The state of an incident becomes unknown, for lack of verdicts."""


def update(
    connection: sqlite3.Connection,
    rows: Sequence[MetricRow],
    rules: Sequence[RuleSettings] = (),
    *,
    learning: bool = False,
    recovery_windows: int = RECOVERY_WINDOWS,
) -> list[Transition]:
    """Bring the alerts up to date with one window's metric rows; return the transitions.

    Runs inside the caller's transaction, after the rows went into `metrics`; begins and commits
    nothing. Rows in the reference, or with too few rows, change nothing.

    Args:
        rows: rows of `metrics`, all of one window of one model.
        rules: the model's rules from the settings.
        learning: whether the rows are of a window that the reference is learnt from, in which
            some metrics may alert already.
        recovery_windows: how many recovered windows in a row end an incident.
    """
    transitions = []
    for row in causes_first(rows):
        if (row["in_reference"] and not learning) or row["verdict"] == LEARNING:
            continue
        for rule in rules_for(row, rules):
            subject = AlertSubject(connection, rule, row, rows)
            transition = _apply(connection, subject, recovery_windows)
            if transition is not None:
                transitions.append(transition)
    return transitions


def next_change(
    subject: AlertSubject, evaluation: Evaluation | None, recovery_windows: int
) -> Change | None:
    """Return what the window changes about the subject's alert; None for nothing."""
    if evaluation is None:
        return _without_verdict(subject)
    if evaluation.alert:
        return _on_alert(subject, evaluation)
    return _on_quiet(subject, evaluation, recovery_windows)


def _on_alert(subject: AlertSubject, evaluation: Evaluation) -> Change | None:
    """An alerting window goes on with an incident, or fires, or is a suspicion at first."""
    if subject.alert is not None and subject.alert["state"] != "pending":
        return Change.CONTINUE
    if subject.was_resolved() or _is_explained(subject):
        return None
    return Change.FIRE if _fires(subject, evaluation) else Change.SUSPECT


def _on_quiet(
    subject: AlertSubject, evaluation: Evaluation, recovery_windows: int
) -> Change | None:
    """A quiet window ends a suspicion at once, and an incident after some of its kind."""
    alert = subject.alert
    if alert is None or subject.start < alert["last_window_start"]:
        return None
    if alert["state"] == "pending":
        return Change.FORGET
    # The last alerting window, evaluated again with more rows, needs no others to confirm it.
    is_later = subject.start > alert["last_window_start"]
    if is_later and not _has_recovered(subject, evaluation, alert, recovery_windows):
        return None
    return Change.RESOLVE


def _without_verdict(subject: AlertSubject) -> Change | None:
    """A subject without verdicts neither recovers nor goes on: its state becomes unknown."""
    alert = subject.alert
    if alert is None or alert["state"] != "firing":
        return None
    unknown = subject.last_rows_without_verdict(_NO_DATA_WINDOWS, alert["last_window_start"])
    return Change.NO_DATA if unknown else None


def _fires(subject: AlertSubject, evaluation: Evaluation) -> bool:
    """Return whether an alert fires now: a strong effect, or enough alerting windows in a row."""
    if evaluation.at_once and not subject.rule.strict:
        return True
    needed = subject.rule.min_windows - 1
    before = subject.before(subject.start, needed) if needed > 0 else []
    return len(before) >= needed and all(one.alert for one in before)


def _has_recovered(
    subject: AlertSubject, evaluation: Evaluation, alert: AlertRow, recovery_windows: int
) -> bool:
    """Return whether enough windows up to this one have recovered, or more were quiet."""
    needed = _recovery_windows(subject, alert, recovery_windows)
    before = subject.before(subject.start, max(needed, _QUIET_WINDOWS) - 1)
    recent = [evaluation, *before][:needed]
    if len(recent) >= needed and all(one.recovered for one in recent):
        return True
    return len(before) + 1 >= max(needed, _QUIET_WINDOWS) and all(one.quiet for one in before)


def _recovery_windows(subject: AlertSubject, alert: AlertRow, least: int) -> int:
    """Return how many windows have to recover: twice as many for each recent incident."""
    recent = subject.before(alert["window_start"], _FLAPPING_WINDOWS)
    ended = subject.resolved_since(recent[-1].row["window_start"] if recent else "")
    return max(least, min(least << ended, _MAX_RECOVERY_WINDOWS))


def _is_explained(subject: AlertSubject) -> bool:
    """Return whether this began with an incident of the same column that is its cause.

    A later beginning is news, though the column drifts: a sensor that breaks after it moved.
    A limit from the settings is an alert of its own.
    """
    settings = subject.rule.settings
    if settings is not None and settings.condition is not None:
        return False
    causing = subject.firing_causes()
    if not causing:
        return False
    run = subject.run_before(subject.start)
    began = run[0].row["window_start"] if run else subject.start
    before = [one.row["window_start"] for one in subject.before(began, MIN_WINDOWS)]
    return any(sum(start >= cause for start in before) < MIN_WINDOWS for cause in causing)


def _beginning(subject: AlertSubject) -> Evaluation | None:
    """Return the window before the incident's first one in which it would have fired."""
    alert = subject.alert
    if alert is None or subject.start >= alert["window_start"]:
        return None
    for position, one in enumerate(subject.run_before(alert["window_start"])):
        if (one.at_once and not subject.rule.strict) or position >= subject.rule.min_windows - 1:
            return one
    return None


def _apply(
    connection: sqlite3.Connection, subject: AlertSubject, recovery_windows: int
) -> Transition | None:
    """Evaluate the window, and write what it changes."""
    evaluation = subject.evaluation()
    change = next_change(subject, evaluation, recovery_windows)
    alert = subject.alert
    if change is Change.NO_DATA and alert is not None:
        return changes.lose_data(connection, alert, subject.row, _NO_DATA_WINDOWS)
    if evaluation is None:
        return None
    if change is Change.FIRE:
        return changes.fire(connection, subject, evaluation)
    if change is Change.SUSPECT:
        changes.suspect(connection, subject, evaluation)
    elif change is Change.CONTINUE and alert is not None:
        severity = subject.rule.severity_of(evaluation.strength)
        beginning = _beginning(subject)
        changes.go_on(connection, alert, evaluation, beginning=beginning, severity=severity)
    elif change is Change.FORGET and alert is not None:
        changes.forget(connection, alert)
    elif change is Change.RESOLVE and alert is not None:
        return changes.resolve(connection, alert, subject.row)
    return None
