"""Triggers of a run: the schedule, new labels, and alerts that no run has followed yet."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from modeltap import clock
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.store.retrainings import (
    RUNNING,
    count_all_labels,
    labels_at_last_success,
    last_runs,
    unanswered_alert,
)
from modeltap.wording import plural

BY_HAND = "by hand"
SCHEDULED = "schedule"


@dataclass(frozen=True)
class Trigger:
    """The reason of a run, and the alert that started it."""

    reason: str
    alert_id: str | None = None


def due_trigger(
    connection: sqlite3.Connection,
    model: str,
    policy: RetrainSettings,
    now: float,
    *,
    scheduled: bool = False,
) -> Trigger | None:
    """Return why a run is due at `now` (Unix seconds), or None if none is.

    None is due within the policy's cooldown after the start of the last run, whatever its end, so
    that a training which fails is not repeated at once. A few indexed queries.

    Args:
        scheduled: the time of the policy's schedule has come.
    """
    if _is_cooling(connection, model, policy, now):
        return None
    if scheduled:
        return Trigger(SCHEDULED)
    alert = unanswered_alert(connection, model, policy.rules_that_trigger)
    if alert is not None:
        return Trigger(f"alert of the rule {alert.rule}", alert.id)
    new = count_new_labels(connection, model)
    if policy.labels_that_trigger and new >= policy.labels_that_trigger:
        return Trigger(f"{plural(new, 'new label')}")
    return None


def count_new_labels(connection: sqlite3.Connection, model: str) -> int:
    """Return how many labels arrived since the last successful run started; all before the first.

    Labels count once they are analysed.
    """
    return count_all_labels(connection, model) - labels_at_last_success(connection, model)


def _is_cooling(
    connection: sqlite3.Connection, model: str, policy: RetrainSettings, now: float
) -> bool:
    for last in last_runs(connection, model, 1):
        started = clock.parse(last.started_at) or 0.0
        # A start in the future means that the clock was set back.
        return last.state == RUNNING or started <= now < started + policy.cooldown_seconds
    return False
