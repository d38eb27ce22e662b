"""One row of the `metrics` table, without its model and window."""

from __future__ import annotations

import math
from typing import Any

import msgspec

OK = "ok"
ALERT = "alert"
NOT_ENOUGH_ROWS = "not_enough_rows"
NO_REFERENCE = "no_reference"
NOT_COMPARABLE = "not_comparable"
LEARNING = "learning"
"""The verdicts.

`no_reference` if there is no reference to compare with, `not_comparable` if the baseline leaves no
room for an alert, `learning` until the reference is frozen.
"""

AT_ONCE = 2.0
"""The `strength` of an effect that may fire without a second window: twice its floor."""


NORMAL_95 = 1.959963984540054
"""Standard errors on each side of a 95 % interval."""


class Evidence(msgspec.Struct, frozen=True):
    """Facts in addition to a metric's numbers, from which explanations are made."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one window; see docs/reference/metrics.md for the names.

    `count` is a rate's numerator, `strength` the effect divided by its floor. `at_once` is True if
    an alert needs no second window to confirm it. `verdict` is None for a metric that only
    describes. No value is NaN or infinite.
    """

    metric: str
    rows: int
    feature: str | None = None
    segment: str | None = None
    count: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    strength: float | None = None
    at_once: bool = False
    verdict: str | None = None
    evidence: Evidence | None = None
    """Not stored."""
    explanation: str | None = None
    examples: str | None = None
    """JSON: the ids of a few exchanges that show it."""
    related: str | None = None
    """JSON: the features of a finding, in the metric that is its alert."""


def verdict(alert: bool, rows: int, min_rows: int = 0) -> str:
    """Return the verdict of a comparison over `rows` rows, which must be at least `min_rows`.

    >>> verdict(True, 500, 100), verdict(False, 500, 100), verdict(True, 50, 100)
    ('alert', 'ok', 'not_enough_rows')
    """
    if rows < min_rows:
        return NOT_ENOUGH_ROWS
    return ALERT if alert else OK


_OF_BOUND = 0.9
"""A threshold within a tenth of the metric's bound could hardly be crossed."""


class NoRoom(Evidence, frozen=True):
    """A baseline at or near the metric's bound, which leaves no room for an alert."""

    baseline: float
    bound: float


def crossable(threshold: float, baseline: float, bound: float = 1.0) -> float | None:
    """Return a threshold that a metric can cross; None if the baseline leaves no room for one.

    Args:
        baseline: the largest value without drift.
        bound: the metric's largest value.

    >>> crossable(0.05, 0.0), crossable(1.02, 0.85), crossable(1.02, 1.0)
    (0.05, 0.9, None)
    """
    limit = _OF_BOUND * bound
    return None if baseline >= limit else min(threshold, limit)


def no_room(baseline: float, bound: float = 1.0, *, enough: bool = True) -> dict[str, Any]:
    """Return the fields of a metric without a threshold; `enough` is True if it has enough rows."""
    return {
        "verdict": NOT_COMPARABLE if enough else NOT_ENOUGH_ROWS,
        "evidence": NoRoom(baseline, bound),
    }


def too_few(metric: str, rows: int, feature: str | None = None) -> Metric:
    """Return a metric without a value, for a window with too few rows."""
    return Metric(metric=metric, feature=feature, rows=rows, verdict=NOT_ENOUGH_ROWS)


def finite(value: float) -> float | None:
    """Return `value` as a float, or None if it is NaN or infinite, which JSON cannot represent.

    >>> finite(1.5), finite(float("nan"))
    (1.5, None)
    """
    return float(value) if math.isfinite(value) else None
