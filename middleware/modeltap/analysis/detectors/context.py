"""Context of a detector: one window, its reference, and how strict to be.

Detectors of requests and of labels, whose windows have no reference's bins, have contexts of
their own beside them.
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
"""False alarms a window that each sensitivity allows, over all features and checks together. The
normal one is to stay below .01 as measured."""

COLUMNS_SHARE = 0.85
"""Drift's part of the level: each column's test has it by the number of columns. That of a shift of
a tenth of a deviation would gain one point of a hundred in power from the rest."""

ROWS_SHARE = 0.05
"""That of comparisons of rows: of 2,000 rows their floors are beyond chance anyway."""

STRICTER = 0.1
"""Faults in data are gross, and their tests come on top of those for drift: a tenth of the level
takes nothing from the first and little from the second."""

PERFORMANCE_SHARE = 0.1
"""Of the level of a window, the part of the checks of its labels: a model that got worse by a floor
that matters is found at this level, too, and inputs have many more tests to share the rest."""

DRIFT_FLOOR: dict[Sensitivity, float] = {"low": 0.06, "normal": 0.03, "high": 0.02}
"""The least Jensen-Shannon distance (base 2, less the one expected by chance) worth an alert: a
shift of a tenth of a standard deviation is .04, one of a hundredth .004."""

RATE_FLOOR = 0.02
"""A rate that grew by less than two points of a hundred is nobody's concern."""

MIN_BLOCKS = 4
"""The largest of fewer values says too little about the next one."""


class Samples(Protocol):
    """Rows of both sides; each is built when it is first read, which takes half a second."""

    @property
    def reference(self) -> Sample:
        """Rows of the reference."""

    @property
    def window(self) -> Sample:
        """Rows of the window."""


class Baselines(Protocol):
    """The values that comparisons of rows had where nothing was wrong."""

    def highest(self, metric: str, feature: str | None) -> float | None:
        """Return the largest value of a metric of a feature; None where too few are known."""


@dataclass(frozen=True)
class BothSamples:
    """Samples that are there already."""

    reference: Sample
    window: Sample


@dataclass(frozen=True)
class LearntBaselines:
    """Baselines that were learnt when the reference was frozen, by `baseline_key`."""

    values: Mapping[str, float] = field(default_factory=dict)

    def highest(self, metric: str, feature: str | None) -> float | None:
        """Return the largest value of a metric of a feature; None where none was learnt."""
        return self.values.get(baseline_key(metric, feature))


def baseline_key(metric: str, feature: str | None) -> str:
    """Return the name of a metric of a feature among the learnt baselines."""
    return f"{metric} {feature}" if feature else metric


@dataclass(frozen=True)
class Context:
    """One window to evaluate.

    Args:
        alpha: false alarms a window, over all features together.
        drift_floor: the least distance that is a drift.
        times: (n,) Unix seconds of the window's rows.
        start: the window's start in Unix seconds; None where it has none.
        end: the window's end in Unix seconds; None while it has not come, or where a row is it.
        before: when the row before the window came, in Unix seconds; None where it does not count.
        samples: rows of both sides; None where this window's rows are not compared.
        alerts: the alerts of the detectors that ran before.
        whole: the reference with the counts of all hours, where `reference` has those of the
            window's own; by default `reference`.
        covered: the hours of the week, 0 to 167 from Monday by the reference's clock, that it has
            rows of; None where only its first and its last time are known.
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
        """The level of one of the features that are tested for drift, by their bins or as wholes
        (Bonferroni)."""
        kinds = ("text", "vector")
        tested = sum(one.is_tested or one.kind in kinds for one in self.reference.features)
        return COLUMNS_SHARE * self.alpha / max(1, tested)

    @property
    def alpha_per_fault(self) -> float:
        """The level of one test for faults in a feature's data."""
        return STRICTER * self.alpha_per_test

    @property
    def alpha_of_rows(self) -> float:
        """The level of one of the two comparisons of whole rows."""
        return ROWS_SHARE / 2 * self.alpha

    def after(self, metrics: Sequence[Metric]) -> Context:
        """Return the context of the next detector, which knows the alerts among `metrics`."""
        found = tuple(metric for metric in metrics if metric.verdict == ALERT)
        return replace(self, alerts=(*self.alerts, *found)) if found else self

    def alert(self, metric: str, feature: str) -> Metric | None:
        """Return the alert of a metric of a feature, if an earlier detector raised it."""
        return self._alerts_by_subject.get((metric, feature))

    @cached_property
    def _alerts_by_subject(self) -> dict[tuple[str, str | None], Metric]:
        # Of two about one subject the first counts.
        return {(one.metric, one.feature): one for one in reversed(self.alerts)}

    @property
    def alerted(self) -> frozenset[str]:
        """The features with an alert already: comparisons of rows would repeat it."""
        return frozenset(alert.feature for alert in self.alerts if alert.feature is not None)

    def row_verdict(self, metric: str, feature: str | None, alert: bool) -> str:
        """Return the verdict of a comparison of rows.

        A rolling reference has none until its baseline is known: in weekly windows of data with
        seasons a classifier always tells this week from the last ones.
        """
        if self.reference.rolling and self.baselines.highest(metric, feature) is None:
            return NO_REFERENCE
        return verdict(alert, rows=1)
