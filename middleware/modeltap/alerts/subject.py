"""The subject of an alert: a rule and a metric, with earlier windows and alerts."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from modeltap.alerts.causes import causes, finding_about
from modeltap.alerts.conditions import Evaluation, evaluate, needs_baseline
from modeltap.alerts.rules import Rule, fingerprint
from modeltap.config.metrics import explains
from modeltap.store.alerts import (
    AlertRow,
    FiringCause,
    count_resolved_since,
    firing_causes,
    is_finding_firing,
    open_alert,
    was_resolved_around,
)
from modeltap.store.metrics import MetricRow, metrics_before, subject_values

_BASELINE_WINDOWS = 28
"""Number of earlier windows whose median is the baseline of a change, if the reference has no
windows: four weeks of daily windows."""

_SKIPPED_WINDOWS = 200
"""Maximum number of windows without a verdict to skip when looking back. A metric without a
verdict for that long has no recent history."""

_FOREVER = "9999"


class AlertSubject:
    """A rule and a metric in the current window, with read access to their history.

    Attributes:
        row: the metric's row of the window.
        alert: the subject's unresolved alert, which may be pending.
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
        """Return the evaluation of the window; None if it has no verdict."""
        return self._evaluate(self.row)

    def before(self, start: str, count: int) -> list[Evaluation]:
        """Return the last `count` windows with a verdict before `start`, newest first."""
        rows = metrics_before(self._connection, self.row, start, count + _SKIPPED_WINDOWS)
        evaluations = (self._evaluate(row) for row in rows)
        return list(islice((e for e in evaluations if e is not None), count))

    def run_before(self, start: str) -> list[Evaluation]:
        """Return the consecutive alerting windows directly before `start`, oldest first."""
        run: list[Evaluation] = []
        for row in metrics_before(self._connection, self.row, start):
            evaluation = self._evaluate(row)
            if evaluation is not None and not evaluation.alert:
                break
            if evaluation is not None:
                run.append(evaluation)
        return run[::-1]

    def last_rows_without_verdict(self, count: int, after: str) -> bool:
        """Return True if the last `count` windows are later than `after` and have no verdict."""
        rows = metrics_before(self._connection, self.row, _FOREVER, count)
        newer = [row for row in rows if row["window_start"] > after]
        return len(newer) >= count and all(self._evaluate(row) is None for row in newer)

    def resolved_since(self, start: str) -> int:
        """Return the number of the subject's alerts that were resolved after `start`."""
        return count_resolved_since(self._connection, self.fingerprint, start)

    def was_resolved(self) -> bool:
        """Return True if a resolved incident lasted beyond the window.

        Late labels cause an old window to be evaluated again, and its incident stays resolved.
        The window that ended the incident is excluded: an alert in it is a new incident.
        """
        end = self.row["window_end"]
        return was_resolved_around(self._connection, self.fingerprint, self.start, end)

    @cached_property
    def finding(self) -> str | None:
        """The features of this window's finding about the metric's column, as JSON, or None."""
        return finding_about(self.row, self._rows)

    def is_finding_firing(self) -> bool:
        """Return True if another alert already reports this window's finding."""
        related = self.finding
        return related is not None and is_finding_firing(self._connection, self.row, related)

    def firing_causes(self) -> list[FiringCause]:
        """Return the firing alerts that explain this window.

        The alert of a finding has none, except that the column's drift explains its outliers.
        """
        metric, feature = self.row["metric"], self.row["feature"]
        drift = {("drift", feature)} if metric == "outlier_rate" else set()
        if self.row["related"] and not drift:
            return []
        own = {*causes(self.row, self._rows), *drift}
        # Of an hour and a day, either can alert first; `analysis` compares a day with its hours.
        return firing_causes(self._connection, self.row, own, explains(metric))

    def _evaluate(self, row: MetricRow) -> Evaluation | None:
        return evaluate(self.rule, row, self._baseline if needs_baseline(self.rule) else None)

    @cached_property
    def _baseline(self) -> float | None:
        """The metric's median in the reference's windows, or in the windows before this one."""
        values = subject_values(
            self._connection, self.row, _FOREVER, _BASELINE_WINDOWS, in_reference=True
        ) or subject_values(
            self._connection, self.row, self.start, _BASELINE_WINDOWS, in_reference=False
        )
        return statistics.median(values) if values else None
