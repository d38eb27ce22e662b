"""Context of a detector: one window, its reference, and the significance levels.

Detectors of requests and of labels have their own contexts, because their windows are not counted
in the bins of a reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from modeltap.analysis.counting.sample import Sample
from modeltap.analysis.counting.tally import Tally
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, Metric, verdict
from modeltap.analysis.model.reference import Reference, layout

Sensitivity = Literal["low", "normal", "high"]

ALPHA: dict[Sensitivity, float] = {"low": 0.001, "normal": 0.009, "high": 0.05}
"""False alarms per window at each sensitivity, over all features and checks together. The normal
level keeps the measured rate below .01."""

COLUMNS_SHARE = 0.85
"""Drift's part of the level, divided among the columns. With the rest, too, the power for a shift
of a tenth of a standard deviation would only be one percentage point higher."""

ROWS_SHARE = 0.05
"""The part of row comparisons: with 2,000 rows, effects above their floors are significant."""

STRICTER = 0.1
"""Tests for faults in data are run in addition to those for drift. Faults are large, so a tenth of
the level costs no power for them, and little for drift."""

PERFORMANCE_SHARE = 0.1
"""The part of a window's level for the checks of its labels. A loss of performance that matters is
found at this level, too, and the inputs have many more tests to share the rest."""

DRIFT_FLOOR: dict[Sensitivity, float] = {"low": 0.06, "normal": 0.03, "high": 0.02}
"""The smallest Jensen-Shannon distance (base 2, less the one expected by chance) worth an alert: a
shift of a tenth of a standard deviation is .04, one of a hundredth .004."""

RATE_FLOOR = 0.02
"""A rate that grew by less than two percentage points is not worth an alert."""


class Samples(Protocol):
    """Samples of rows of the window and the reference, built on first access in half a second."""

    @property
    def reference(self) -> Sample:
        """Rows of the reference."""

    @property
    def window(self) -> Sample:
        """Rows of the window."""


class Baselines(Protocol):
    """The values of row comparisons in windows without an incident."""

    def highest(self, metric: str, feature: str | None) -> float | None:
        """Return the largest value of a feature's metric; None if too few are known."""


@dataclass(frozen=True)
class BothSamples:
    """Samples that have been built already."""

    reference: Sample
    window: Sample


@dataclass(frozen=True)
class LearntBaselines:
    """Baselines learnt when the reference was frozen, by `baseline_key`."""

    values: Mapping[str, float] = field(default_factory=dict)

    def highest(self, metric: str, feature: str | None) -> float | None:
        """Return the largest value of a feature's metric; None if none was learnt."""
        return self.values.get(baseline_key(metric, feature))


def baseline_key(metric: str, feature: str | None) -> str:
    """Return the key of a feature's metric among the learnt baselines."""
    return f"{metric} {feature}" if feature else metric


@dataclass(frozen=True)
class Context:
    """One window to evaluate.

    Args:
        alpha: the rate of false alarms per window, over all features together.
        drift_floor: the smallest distance that is a drift.
        times: (n,) Unix seconds of the window's rows.
        start: the window's start in Unix seconds; None if it has none.
        end: the window's end in Unix seconds; None if it is in the future or defined by a row.
        before: the time of the row before the window in Unix seconds; None if it is not used.
        samples: rows of both sides; None if this window's rows are not compared.
        alerts: the alerts of the detectors that ran before.
        reported: metric and feature of the alerts that fired in shorter windows of the same time.
        whole: the reference with the counts of all hours, if `reference` only has those of the
            window's own hours; by default `reference`.
        covered: the hours of the week from which the reference has rows, 0 to 167 from Monday in
            its time zone; None if only its first and last time are known.
    """

    reference: Reference
    window: Tally
    alpha: float = ALPHA["normal"]
    drift_floor: float = DRIFT_FLOOR["normal"]
    min_rows: int = 100
    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    start: float | None = None
    end: float | None = None
    before: float | None = None
    samples: Samples | None = None
    baselines: Baselines = field(default_factory=LearntBaselines)
    alerts: tuple[Metric, ...] = ()
    reported: frozenset[tuple[str, str]] = frozenset()
    whole: Reference | None = None
    covered: frozenset[int] | None = None

    @property
    def all_hours(self) -> Reference:
        """The reference with the counts of all hours."""
        return self.whole or self.reference

    @cached_property
    def _layout(self) -> dict[str, slice]:
        return layout(self.reference)

    def counts(self, feature: Feature) -> np.ndarray:
        """Return the window's counts of a feature, the special bins included."""
        return self.window.counts[self._layout[feature.name]]

    @cached_property
    def alpha_per_test(self) -> float:
        """The level of each feature that is tested for drift (Bonferroni)."""
        kinds = ("text", "vector")
        tested = sum(f.is_tested or f.kind in kinds for f in self.reference.features)
        return COLUMNS_SHARE * self.alpha / max(1, tested)

    @property
    def alpha_per_fault(self) -> float:
        """The level of one test for faults in a feature's data."""
        return STRICTER * self.alpha_per_test

    @property
    def alpha_of_rows(self) -> float:
        """The level of each of the two row comparisons."""
        return ROWS_SHARE / 2 * self.alpha

    def after(self, metrics: Sequence[Metric]) -> Context:
        """Return the context of the next detector, with the alerts among `metrics`."""
        alerts = tuple(metric for metric in metrics if metric.verdict == ALERT)
        return replace(self, alerts=(*self.alerts, *alerts)) if alerts else self

    def alert(self, metric: str, feature: str) -> Metric | None:
        """Return a feature's alert by metric, if an earlier detector raised one."""
        return self._alerts_by_subject.get((metric, feature))

    @cached_property
    def _alerts_by_subject(self) -> dict[tuple[str, str | None], Metric]:
        # The first of two alerts about the same subject counts.
        return {(alert.metric, alert.feature): alert for alert in reversed(self.alerts)}

    @property
    def alerted(self) -> frozenset[str]:
        """The features that already have an alert, which row comparisons must not repeat."""
        own = (alert.feature for alert in self.alerts if alert.feature is not None)
        return frozenset((*own, *(feature for _, feature in self.reported)))

    def row_verdict(self, metric: str, feature: str | None, alert: bool) -> str:
        """Return the verdict of a comparison of rows.

        With a rolling reference there is none until the baseline is known: in weekly windows of
        seasonal data, a classifier can always separate this week from the last ones.
        """
        if self.reference.rolling and self.baselines.highest(metric, feature) is None:
            return NO_REFERENCE
        return verdict(alert, rows=1)
