"""Alerts about the absence of requests, labels, analyses and deliveries.

Uses a few indexed queries and no NumPy, because the app's process polls for changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.alerts.lifecycle import update as update_alerts
from modeltap.alerts.rules import rules_for
from modeltap.alerts.transitions import FIRING, Transition
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import SettingsByModel
from modeltap.config.windows import Window, parse_seconds
from modeltap.environments import with_environment
from modeltap.store.alerts import open_absences
from modeltap.store.child_runs import last_child_runs
from modeltap.store.deliveries import undelivered
from modeltap.store.labels import label_days_since
from modeltap.store.metrics import METRIC_COLUMNS, MetricRow, save_metrics
from modeltap.store.request_days import RequestSpan, has_requests_since, request_spans
from modeltap.store.settings import common_environment
from modeltap.wording import plural

ABSENCE_RULES = ("no_traffic", "no_labels", "analysis_failed", "delivery_failed")

_WINDOW = Window("seconds", 3600)
"""The window of the alert's metric row. Absence itself is measured by the clock."""

_PAUSES = 2.0
"""Multiple of the longest known pause that raises an alert."""

_SHORTEST_PAUSE = 1200.0
"""Minimum pause that raises an alert: 20 minutes allow for a deployment or a restart."""

_GONE_SECONDS = 30 * clock.DAY
"""A model without requests for a month was taken out of service, so its alert ends."""

_LABEL_HISTORY_SECONDS = 60 * clock.DAY
"""History of labels to read. It contains two pauses of monthly labels."""

_MIN_LABEL_DAYS = 3
"""Days with labels that are needed to estimate the longest pause (from two pauses)."""

_FAILED_RUNS = 3
"""Consecutive failures that raise an alert. A single one may be a restart of the machine."""

_WAITED_SECONDS = clock.HOUR
"""Age at which the first three attempts have failed: immediate, after 5 s, after 5 min."""


class AbsenceSubject(NamedTuple):
    """The identity of an alert: rule, model, environment as an analysed version, and webhook."""

    rule: str
    model: str
    version: str
    feature: str | None


@dataclass(frozen=True)
class Missing:
    """An absence; `length` is in seconds, or a count."""

    subject: AbsenceSubject
    length: float
    threshold: float
    explanation: str


def missing(connection: sqlite3.Connection, settings: SettingsByModel, now: float) -> list[Missing]:
    """Return all absences at `now`, in Unix seconds."""
    absences = [
        *_no_traffic(connection, settings, now),
        *_no_labels(connection, settings, now),
        *_analysis_failed(connection),
        *_delivery_failed(connection, now),
    ]
    return [absence for absence in absences if _is_watched(absence, settings)]


def has_news(connection: sqlite3.Connection, settings: SettingsByModel, now: float) -> bool:
    """Return True if `update` would change an alert."""
    subjects = {absence.subject for absence in missing(connection, settings, now)}
    return subjects != set(_open(connection))


def update(
    connection: sqlite3.Connection, settings: SettingsByModel, now: float
) -> list[Transition]:
    """Update the alerts about absence, inside the caller's transaction."""
    absences = {absence.subject: absence for absence in missing(connection, settings, now)}
    transitions = []
    for subject in dict.fromkeys([*absences, *_open(connection)]):
        row = _row(subject, absences.get(subject), now)
        save_metrics(connection, [row])
        rules = settings.for_model(subject.model).rules
        # Absence is certain, so one window without it is enough to resolve the alert.
        transitions += update_alerts(connection, [row], rules, recovery_windows=1)
    return transitions


def is_failed_analysis(transition: Transition) -> bool:
    """Return True if a transition is a new `analysis_failed` alert."""
    return (transition.event, transition.alert["rule"]) == (FIRING, "analysis_failed")


def _is_watched(absence: Missing, settings: SettingsByModel) -> bool:
    subject = absence.subject
    row = {
        "model": subject.model,
        "version": subject.version,
        "metric": subject.rule,
        "feature": subject.feature,
        "segment": None,
    }
    return bool(rules_for(row, settings.for_model(subject.model).rules))


def _open(connection: sqlite3.Connection) -> list[AbsenceSubject]:
    return [AbsenceSubject(*subject) for subject in open_absences(connection, ABSENCE_RULES)]


def _row(subject: AbsenceSubject, absence: Missing | None, now: float) -> MetricRow:
    start = _WINDOW.start(now)
    row: dict[str, Any] = dict.fromkeys(METRIC_COLUMNS)
    row |= {
        "model": subject.model,
        "version": subject.version,
        "window": _WINDOW.text,
        "window_start": clock.iso(start),
        "window_end": clock.iso(start + _WINDOW.size),
        "rows": 0,
        "metric": subject.rule,
        "feature": subject.feature,
        "in_reference": 0,
        "at_once": 1,
        "verdict": OK,
        "computed_at": clock.now(),
    }
    if absence is not None:
        row |= {
            "verdict": ALERT,
            "value": absence.length,
            "threshold": absence.threshold,
            "strength": AT_ONCE,
            "explanation": absence.explanation,
        }
    return row


def _no_traffic(
    connection: sqlite3.Connection, settings: SettingsByModel, now: float
) -> Iterator[Missing]:
    for span in request_spans(connection, clock.iso(now - clock.WEEK)[:10]):
        allowed, reason = _allowed_pause(span, settings.for_model(span.model).rules, now)
        silent = now - (clock.parse(span.last_at) or 0.0)
        if allowed < silent < max(_GONE_SECONDS, 2 * allowed):
            last = f"no requests for {clock.length(silent)}, since {clock.short(span.last_at)}"
            yield Missing(_traffic_of(span), silent, allowed, f"{last}; {reason}")


def _traffic_of(span: RequestSpan) -> AbsenceSubject:
    return AbsenceSubject("no_traffic", span.model, with_environment("", span.environment), None)


def _allowed_pause(
    span: RequestSpan, rules: Sequence[RuleSettings], now: float
) -> tuple[float, str]:
    """Return the allowed pause between requests in seconds, and its reason."""
    configured = _configured_pause(rules, _traffic_of(span))
    if configured is not None:
        return configured
    allowed = max(_PAUSES * span.longest_pause, _SHORTEST_PAUSE)
    if now - (clock.parse(span.first_at) or 0.0) < clock.WEEK:
        allowed = max(allowed, clock.DAY)  # the rhythm of nights and weekends is still unknown
    return allowed, f"the longest earlier pause was {clock.length(span.longest_pause)}"


def _no_labels(
    connection: sqlite3.Connection, settings: SettingsByModel, now: float
) -> Iterator[Missing]:
    days = label_days_since(connection, clock.iso(now - _LABEL_HISTORY_SECONDS)[:10])
    for model, environment in dict.fromkeys((day.model, day.environment) for day in days):
        subject = AbsenceSubject("no_labels", model, with_environment("", environment), None)
        times = [
            clock.parse(day.last_at) or 0.0
            for day in days
            if (day.model, day.environment) == (model, environment)
        ]
        pause = _allowed_label_pause(times, settings.for_model(model).rules, subject)
        if pause is None:
            continue
        allowed, reason = pause
        silent = now - times[-1]
        # Without requests there is nothing to label.
        since = clock.iso(now - allowed)
        if silent > allowed and has_requests_since(connection, model, environment, since):
            last = clock.short(clock.iso(times[-1]))
            explanation = f"no labels for {clock.length(silent)}, since {last}; {reason}"
            yield Missing(subject, silent, allowed, explanation)


def _allowed_label_pause(
    times: Sequence[float], rules: Sequence[RuleSettings], subject: AbsenceSubject
) -> tuple[float, str] | None:
    """Return the allowed pause between labels in seconds, and its reason; None if unknown.

    Args:
        times: the last label of each day, in Unix seconds.
    """
    configured = _configured_pause(rules, subject)
    if configured is not None or len(times) < _MIN_LABEL_DAYS:
        return configured
    longest = max(later - earlier for earlier, later in pairwise(times))
    reason = f"the longest earlier pause was {clock.length(longest)}"
    return max(_PAUSES * longest, 2 * clock.DAY), reason


def _analysis_failed(connection: sqlite3.Connection) -> Iterator[Missing]:
    runs = last_child_runs(connection, "analyze", _FAILED_RUNS)
    if len(runs) == _FAILED_RUNS and all(run.exit for run in runs):
        last = ([line for line in runs[0].log.splitlines() if line.strip()] or [""])[-1]
        explanation = f"the last {_FAILED_RUNS} analyses failed: {last[:300] or 'no message'}"
        subject = AbsenceSubject("analysis_failed", "", _whole_store(connection), None)
        yield Missing(subject, float(_FAILED_RUNS), 0.0, explanation)


def _delivery_failed(connection: sqlite3.Connection, now: float) -> Iterator[Missing]:
    failed = undelivered(
        connection,
        _FAILED_RUNS,
        waiting_since=clock.iso(now - _WAITED_SECONDS),
        dead_since=clock.iso(now - clock.DAY),
    )
    for webhook, count, error in failed:
        explanation = (
            f"{plural(count, 'message')} could not be delivered to {webhook}: "
            f"{error or 'no response'}"
        )
        subject = AbsenceSubject("delivery_failed", "", _whole_store(connection), webhook)
        yield Missing(subject, float(count), 0.0, explanation)


def _whole_store(connection: sqlite3.Connection) -> str:
    """Return the version of alerts about the store in general, or about labels.

    The stores of two environments may share a receiver, so their incidents must differ.
    """
    return with_environment("", common_environment(connection))


def _configured_pause(
    rules: Sequence[RuleSettings], subject: AbsenceSubject
) -> tuple[float, str] | None:
    """Return the configured pause (`after`) and its reason, or None."""
    row = {"model": subject.model, "version": subject.version}
    configured = [
        entry
        for entry in rules
        if entry.rule == subject.rule and entry.after and entry.is_about(row)
    ]
    if not configured:
        return None
    after = configured[-1].after
    return parse_seconds(str(after), "after"), f'the rule allows {after} (after = "{after}")'
