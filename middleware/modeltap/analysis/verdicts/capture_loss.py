"""Capture loss: an hour with lost exchanges alerts, two hours without any resolve the alert."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace

from modeltap import clock
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.analysis.verdicts.results import LossesRead, Period, WindowResult
from modeltap.config.windows import Window
from modeltap.environments import with_environment
from modeltap.store.dropped import (
    DROPPED,
    LossesOfReason,
    losses_after,
    losses_by_reason,
    newest_dropped,
    recovered_incidents,
)
from modeltap.store.settings import common_environment
from modeltap.store.watermarks import watermark
from modeltap.wording import plural

CAPTURE_LOSS = "capture_loss"

_WINDOW = Window("seconds", 3600)

_NAMED = 5
"""More reasons would not fit into one line of a message."""


def results(connection: sqlite3.Connection, now: float) -> list[WindowResult]:
    """Return the results of hours with new losses, and of hours that resolve an alert.

    Only the last result moves the watermark: if an earlier one fails, all are evaluated again.

    Args:
        now: Unix seconds.
    """
    before = watermark(connection, DROPPED)
    newest = newest_dropped(connection)
    hours = [*_lossy(connection, before), *_recovered(connection, now)]
    if hours:
        hours[-1] = replace(hours[-1], done=LossesRead(before, max(newest, before)))
    return hours


def _lossy(connection: sqlite3.Connection, before: int) -> Iterator[WindowResult]:
    """Yield the result of each model, environment and hour with losses numbered above `before`."""
    unknown = common_environment(connection) or ""
    hours = {
        (loss.model, loss.environment, _WINDOW.start(clock.parse(loss.at) or 0.0))
        for loss in losses_after(connection, before, unknown=unknown)
    }
    for model, environment, hour in sorted(hours):
        start, end = clock.iso(hour), clock.iso(hour + clock.HOUR)
        reasons = losses_by_reason(connection, model, environment, start, end, unknown=unknown)
        yield _result(model, with_environment("", environment), hour, _lost(reasons))


def _recovered(connection: sqlite3.Connection, now: float) -> Iterator[WindowResult]:
    """Yield the results of the two hours after each open incident's last loss, once over."""
    for alert in recovered_incidents(connection, now):
        last = clock.parse(alert["last_window_start"]) or 0.0
        for hour in (last + clock.HOUR, last + 2 * clock.HOUR):
            none = Metric(metric=CAPTURE_LOSS, rows=0, count=0, value=0.0, verdict=OK)
            yield _result(alert["model"], alert["version"], hour, none)


def _lost(reasons: Sequence[LossesOfReason]) -> Metric:
    total = sum(reason.exchanges for reason in reasons)
    counted = [f"{reason.exchanges:,} ({reason.reason})" for reason in reasons if reason.exchanges]
    verb = "was" if total == 1 else "were"
    parts = [f"{plural(total, 'exchange')} {verb} not recorded: {', '.join(counted[:_NAMED])}"]
    events = [reason.reason for reason in reasons if not reason.exchanges]
    return Metric(
        metric=CAPTURE_LOSS,
        rows=total,
        count=total,
        value=float(total),
        threshold=0.0,
        # Capture loss is certain, so one window is enough to fire.
        strength=AT_ONCE,
        at_once=True,
        verdict=ALERT,
        explanation="; ".join((parts if counted else []) + events[:_NAMED]),
    )


def _result(model: str, version: str, hour: float, metric: Metric) -> WindowResult:
    period = Period(model, version, _WINDOW.text, clock.iso(hour), clock.iso(hour + clock.HOUR))
    return WindowResult(period, [metric])
