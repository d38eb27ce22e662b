"""Transitions: changes of alerts that receivers are notified of."""

from __future__ import annotations

from dataclasses import dataclass

from modeltap.store.alerts import AlertRow

FIRING = "alert.firing"
RESOLVED = "alert.resolved"
NO_DATA = "alert.no_data"
ERROR = "alert.error"


@dataclass(frozen=True)
class Transition:
    """A change of an alert's state, from which the outbox creates messages.

    `event` is one of the constants above; `repeated` marks a reminder of a firing alert. `note` is
    why an incident ended, if its windows did not recover.
    """

    event: str
    alert: AlertRow
    strength: float
    window_start: str
    window_end: str
    repeated: bool = False
    note: str | None = None
