"""The subject of an alert: one rule about one metric, with its earlier windows and its alerts."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from modeltap.alerts.causes import causes
from modeltap.alerts.conditions import Evaluation, evaluate, needs_baseline
from modeltap.alerts.rules import Rule, fingerprint
from modeltap.store.alerts import (
    AlertRow,
    count_resolved_since,
    firing_since,
    open_alert,
    was_resolved_around,
)
from modeltap.store.metrics import MetricRow, metrics_before, subject_values

_BASELINE_WINDOWS = 28
"""Without windows of the reference, a change is against the median of so many windows before:
four weeks of days."""

_SKIPPED_WINDOWS = 200
"""So many windows without a verdict are passed over on the way back, and no more: a metric that
had none for so long has no recent past."""

_FOREVER = "9999"


class AlertSubject:
    """One rule about one metric, in the window that was evaluated now. Reads, writes nothing.

    Attributes:
        row: the metric's row of that window.
        alert: the subject's alert that is not resolved, pending ones too.
    """

    def __init__(
        self, connection: sqlite3.Connection, rule: Rule, row: MetricRow, rows: Sequence[MetricRow]
    ) -> None:
        self.rule = rule
        self.row = row
        self.fingerprint = fingerprint(
            rule.key, row["model"], row["version"], row["metric"], row["feature"], row["segment"]
        )
        self.alert: AlertRow | None = open_alert(connection, self.fingerprint)
        self._connection = connection
        self._rows = rows

    @property
    def start(self) -> str:
        """The start of the window."""
        start: str = self.row["window_start"]
        return start

    def evaluation(self) -> Evaluation | None:
        """Return the evaluation of the window; None where it has no verdict."""
        return self._evaluate(self.row)

    def before(self, start: str, count: int) -> list[Evaluation]:
        """Return the last `count` windows with a verdict before `start`, newest first."""
        rows = metrics_before(self._connection, self.row, start, count + _SKIPPED_WINDOWS)
        evaluations = (self._evaluate(row) for row in rows)
        return list(islice((one for one in evaluations if one is not None), count))

    def run_before(self, start: str) -> list[Evaluation]:
        """Return the unbroken run of alerting windows that ends before `start`, oldest first."""
        run: list[Evaluation] = []
        for row in metrics_before(self._connection, self.row, start):
            evaluation = self._evaluate(row)
            if evaluation is not None and not evaluation.alert:
                break
            if evaluation is not None:
                run.append(evaluation)
        return run[::-1]

    def last_rows_without_verdict(self, count: int, after: str) -> bool:
        """Return whether the last `count` windows all lie after `after` and have no verdict."""
        rows = metrics_before(self._connection, self.row, _FOREVER, count)
        newer = [row for row in rows if row["window_start"] > after]
        return len(newer) >= count and all(self._evaluate(row) is None for row in newer)

    def resolved_since(self, start: str) -> int:
        """Return how many of the subject's alerts were resolved after `start`."""
        return count_resolved_since(self._connection, self.fingerprint, start)

    def was_resolved(self) -> bool:
        """Return whether an incident that is resolved lasted beyond the window.

        Labels that come late have an old window evaluated again; the incident stays resolved.
        The window that ended the incident is not meant: if that one alerts now, it is news.
        """
        end = self.row["window_end"]
        return was_resolved_around(self._connection, self.fingerprint, self.start, end)

    def firing_causes(self) -> list[str]:
        """Return the first windows' starts of alerts that fire and explain this window."""
        if self.row["related"]:
            return []
        return firing_since(self._connection, self.row, causes(self.row, self._rows))

    def _evaluate(self, row: MetricRow) -> Evaluation | None:
        return evaluate(self.rule, row, self._baseline if needs_baseline(self.rule) else None)

    @cached_property
    def _baseline(self) -> float | None:
        """The metric's median in the reference's windows, or else in those before this one."""
        values = subject_values(
            self._connection, self.row, _FOREVER, _BASELINE_WINDOWS, in_reference=True
        ) or subject_values(
            self._connection, self.row, self.start, _BASELINE_WINDOWS, in_reference=False
        )
        return statistics.median(values) if values else None
