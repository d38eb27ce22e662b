"""The time that a page or a report shows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from modeltap import clock
from modeltap.config.windows import parse_seconds
from modeltap.store.metric_history import metric_span
from modeltap.store.models import ModelVersion


@dataclass(frozen=True)
class ShownPeriod:
    """A half-open period, in seconds since the epoch."""

    start: float
    end: float

    @property
    def start_text(self) -> str:
        """The start as text of the store."""
        return clock.iso(self.start)

    @property
    def end_text(self) -> str:
        """The end as text of the store."""
        return clock.iso(self.end)


def period_of(
    connection: sqlite3.Connection, of: ModelVersion, last: str | None = None
) -> ShownPeriod | None:
    """Return the period of a model's metrics, or its last part; None if there are no metrics.

    Args:
        last: such as ``90d``; None shows all.

    Raises:
        ConfigError: if `last` is not a duration.
    """
    span = metric_span(connection, of)
    if span is None:
        return None
    start, end = clock.parse(span.start), clock.parse(span.end)
    if start is None or end is None:
        return None
    if last:
        start = max(start, end - parse_seconds(last, "last"))
    return ShownPeriod(start, end)
