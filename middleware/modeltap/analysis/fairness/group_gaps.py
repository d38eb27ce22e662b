"""The gaps of a grouping, compared with the reference.

The gap of a rate is its largest less its smallest value among the groups with enough rows. It is
an alert if it exceeds the reference's gap by a floor and the variation of the reference, and if
`widened` shows for two groups that this is not chance. All pairs, gaps and groupings share one
level (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.fairness.simultaneous import IntervalEnds
from modeltap.analysis.fairness.widened import RateChange, means_widened, rates_widened
from modeltap.analysis.model.baseline import GroupBaseline
from modeltap.analysis.model.metric import (
    NO_REFERENCE,
    NOT_COMPARABLE,
    Evidence,
    Metric,
    crossable,
    no_room,
    verdict,
)
from modeltap.analysis.model.moments import Moments

GAP_FLOOR = 0.05
"""The least growth of a gap that is worth an alert: five percentage points, half of the difference
of .1 that audits commonly allow."""

MEAN_FLOOR = 0.10
"""The same for mean errors, relative to the mean error of the reference's groups."""

_DEFINED_FOR = {
    "tpr": "with a positive label",
    "fpr": "with a negative label",
    "precision": "with a positive prediction",
    "mae": "with a label",
    "misclassification_rate": "with a label",
    "selection_rate": "with a prediction",
}
"""The rows of each rate, in sentences."""


class NotCompared(Evidence, frozen=True):
    """The reason why groups are not compared."""

    reason: str


class GapGrowth(Evidence, frozen=True):
    """The gap in the reference, and the two groups of the window that show the growth."""

    before: float
    rate: str
    high: str
    low: str
    rates: tuple[float, float]
    rows: tuple[int, int]


@dataclass(frozen=True)
class RateOfGroups:
    """A rate of all groups of a grouping.

    Args:
        compared: the positions of the groups that have enough rows.
        intervals: simultaneous intervals of these, by position.
    """

    rate: str
    grouping: Grouping
    values: Sequence[Moments]
    compared: Sequence[int]
    intervals: dict[int, IntervalEnds]
    binary: bool = True

    @property
    def gap(self) -> float:
        """The largest less the smallest value."""
        means = [self.values[place].mean for place in self.compared]
        return max(means) - min(means)

    @property
    def rows(self) -> int:
        """The rows of the groups that are compared."""
        return sum(self.values[place].rows for place in self.compared)

    def ends(self) -> IntervalEnds:
        """Return the interval of the gap, which follows from those of all groups."""
        lows, highs = zip(*(self.intervals[place] for place in self.compared), strict=True)
        return IntervalEnds(max(0.0, max(lows) - min(highs)), max(highs) - min(lows))


class _Known(NamedTuple):
    """The reference's side of a gap: the gap, how much it varies, and the rate by segment."""

    gap: float
    varies: float
    rates: dict[str, Moments]


class _Pair(NamedTuple):
    """Two groups, the part of the gap they show, and the p-value, corrected for all pairs."""

    part: RateOfGroups
    high: int
    low: int
    p_value: float


def gap_metric(
    metric: str, parts: Sequence[RateOfGroups], baseline: GroupBaseline | None, level: float
) -> Metric:
    """Return the largest gap of one or several rates, with its verdict.

    Args:
        baseline: that of the reference; None if there is none.
        level: the false-alarm rate of this gap.
    """
    grouping = parts[0].grouping
    problem = next((why for part in parts if (why := _too_small(part))), None)
    if problem is not None:
        return not_compared(metric, grouping, problem)
    value = max(part.gap for part in parts)
    facts: dict[str, Any] = {
        "metric": metric,
        "segment": grouping.name,
        "rows": sum(part.rows for part in parts),
        "value": value,
    }
    if len(parts) == 1:
        # Those of several rates do not hold together.
        facts["low"], facts["high"] = parts[0].ends()
    known = [_known(part, baseline) for part in parts]
    if baseline is None or any(own is None for own in known):
        return Metric(**facts, verdict=NO_REFERENCE)
    return _compared(facts, parts, [own for own in known if own is not None], level)


def ratio_metric(metric: str, part: RateOfGroups) -> Metric:
    """Return the smallest rate divided by the largest, without a verdict; 1 if all are 0."""
    problem = _too_small(part)
    if problem is not None:
        return not_compared(metric, part.grouping, problem)
    means = [part.values[place].mean for place in part.compared]
    lows, highs = zip(*(part.intervals[place] for place in part.compared), strict=True)
    return Metric(
        metric=metric,
        segment=part.grouping.name,
        rows=part.rows,
        value=_ratio(min(means), max(means)),
        low=_ratio(min(lows), max(highs)),
        high=min(1.0, _ratio(min(highs), max(lows))),
    )


def not_compared(metric: str, grouping: Grouping, reason: str) -> Metric:
    """Return a gap that cannot be computed, with the reason."""
    return Metric(
        metric=metric,
        segment=grouping.name,
        rows=int(np.count_nonzero(grouping.members >= 0)),
        verdict=NOT_COMPARABLE,
        evidence=NotCompared(reason),
    )


def _compared(
    facts: dict[str, Any], parts: Sequence[RateOfGroups], known: Sequence[_Known], level: float
) -> Metric:
    before = max(own.gap for own in known)
    normal = before + max(own.varies for own in known)
    binary = parts[0].binary
    threshold = crossable(normal + _floor(parts, known), normal, 1.0 if binary else math.inf)
    if threshold is None:
        return Metric(**facts, **no_room(normal))
    pair = _surest(parts, known, threshold)
    value = facts["value"]
    high, low = pair.part.values[pair.high], pair.part.values[pair.low]
    return Metric(
        **facts,
        threshold=threshold,
        p_value=pair.p_value,
        strength=max(0.0, (value - before) / (threshold - before)) if threshold > before else 0.0,
        verdict=verdict(pair.p_value < level and value > threshold, facts["rows"]),
        evidence=GapGrowth(
            before,
            pair.part.rate,
            _name(pair.part.grouping, pair.high),
            _name(pair.part.grouping, pair.low),
            (high.mean, low.mean),
            (high.rows, low.rows),
        ),
    )


def _known(part: RateOfGroups, baseline: GroupBaseline | None) -> _Known | None:
    """Return the reference's gap among the window's groups; None if it knows fewer than two."""
    if baseline is None:
        return None
    rates = baseline.of(part.grouping.name, part.rate)
    means = [
        rates[segment].mean
        for place in part.compared
        if (segment := part.grouping.segments[place]) in rates
    ]
    if len(means) < 2:
        return None
    varies = baseline.variation.get(part.grouping.name, {}).get(part.rate, 0.0)
    return _Known(max(means) - min(means), varies, rates)


def _floor(parts: Sequence[RateOfGroups], known: Sequence[_Known]) -> float:
    if parts[0].binary:
        return GAP_FLOOR
    rates = [rate for own in known for rate in own.rates.values()]
    return MEAN_FLOOR * sum(r.rows * r.mean for r in rates) / sum(r.rows for r in rates)


def _surest(parts: Sequence[RateOfGroups], known: Sequence[_Known], threshold: float) -> _Pair:
    """Return the pair beyond the threshold with the smallest p-value; else the widest pair."""
    pairs: list[_Pair] = []
    tests = sum(len(part.compared) * (len(part.compared) - 1) for part in parts)
    for part, own in zip(parts, known, strict=True):
        changes = {
            place: RateChange(part.values[place], own.rates.get(part.grouping.segments[place]))
            for place in part.compared
        }
        widest = _widest(part)
        test = rates_widened if part.binary else means_widened
        for high, low in product(part.compared, repeat=2):
            beyond = part.values[high].mean - part.values[low].mean > threshold
            if beyond or (high, low) == widest:
                p = min(1.0, tests * test(changes[high], changes[low]))
                pairs.append(_Pair(part, high, low, p))
    return min(pairs, key=lambda pair: (pair.p_value, -pair.part.gap))


def _widest(part: RateOfGroups) -> tuple[int, int]:
    def mean(place: int) -> float:
        return part.values[place].mean

    return max(part.compared, key=mean), min(part.compared, key=mean)


def _too_small(part: RateOfGroups) -> str | None:
    if part.grouping.problem is not None:
        return part.grouping.problem
    if len(part.compared) >= 2:
        return None
    count = "only one group has" if part.compared else "no group has"
    return f"{count} {part.grouping.min_rows} rows {_DEFINED_FOR[part.rate]}"


def _name(grouping: Grouping, place: int) -> str:
    """Return the name of a group; of an intersection its segment, `sex=Female,race=2`."""
    segment = grouping.segments[place]
    return segment if grouping.crossed else segment.partition("=")[2]


def _ratio(smaller: float, larger: float) -> float:
    return smaller / larger if larger > 0 else 1.0
