"""Transitions: the changes of alerts that receivers are notified of."""

from __future__ import annotations

from dataclasses import dataclass

from modeltap.store.alerts import AlertRow

FIRING = "alert.firing"
RESOLVED = "alert.resolved"
NO_DATA = "alert.no_data"
ERROR = "alert.error"


@dataclass(frozen=True)
class Transition:
    """An alert that changed its state in one window; the outbox makes messages of these.

    `event` is one of the four above; `repeated` marks a reminder of an alert that still fires.
    """

    event: str
    alert: AlertRow
    strength: float
    window_start: str
    window_end: str
    repeated: bool = False
