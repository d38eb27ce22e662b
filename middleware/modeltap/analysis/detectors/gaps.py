"""Gaps: the longest time without a row up to a window's rows, and from the last to its end."""

from __future__ import annotations

import math

import numpy as np

from modeltap import clock
from modeltap.analysis.detectors.context import MIN_BLOCKS, Context
from modeltap.analysis.model.metric import AT_ONCE, Evidence, Metric, crossable, no_room, verdict
from modeltap.analysis.model.reference import Reference

_FLOOR = 2.0
"""A pause twice as long as the reference's longest is news."""

_MIN_SPAN_SECONDS = 86_400.0
"""A reference of less than a day knows of no night."""


class Pause(Evidence, frozen=True):
    """When a pause was, in Unix seconds, and how long the reference's longest one was."""

    start: float
    end: float
    baseline_seconds: float


def evaluate(context: Context) -> list[Metric]:
    """Return `gap_seconds` and, of a window that is over, `freshness_seconds`.

    They have a verdict where the reference spans four windows, and a day: only then its longest
    pause (a night, a weekend) is known. A feed that stopped within the window shows as freshness,
    one that stopped between two windows of rows as the pause before the second. A window that the
    usual pause nearly fills has no room for a longer one.
    """
    if len(context.times) < 2:
        return []
    ordered = np.sort(context.times)
    if context.before is not None and context.before < ordered[0]:
        ordered = np.insert(ordered, 0, context.before)
    pauses = np.diff(ordered)
    at = int(np.argmax(pauses))
    longest, last = float(pauses.max()), float(ordered[-1])
    metrics = [
        _evaluate("gap_seconds", longest, ordered[at], ordered[at + 1], context),
    ]
    if context.end is not None:
        length = max(0.0, context.end - last)
        metrics.append(_evaluate("freshness_seconds", length, last, context.end, context))
    return metrics


def _evaluate(metric: str, length: float, start: float, end: float, context: Context) -> Metric:
    """Compare one time without a row with the reference's longest."""
    baseline, rows = context.reference.gap_seconds, len(context.times)
    if baseline is None or rows < context.min_rows or not _knows_pauses(context.reference):
        return Metric(metric=metric, rows=rows, value=length)
    # Where rows are few a chance pause is long: of m exponential ones the longest is ln(m) means.
    mean = float(np.ptp(context.times)) / (rows - 1)
    usual, bound = max(baseline, mean * math.log(rows)), _bound(context)
    threshold = crossable(_FLOOR * usual, usual, bound)
    if threshold is None:
        return Metric(metric=metric, rows=rows, value=length, **no_room(usual, bound))
    return Metric(
        metric=metric,
        rows=rows,
        value=length,
        threshold=threshold,
        strength=length / (_FLOOR * usual) * AT_ONCE if usual else 0.0,
        verdict=verdict(length > threshold, rows),
        evidence=Pause(float(start), float(end), baseline),
    )


def _bound(context: Context) -> float:
    """Return the longest pause that the window has room for."""
    if context.start is None or context.end is None or context.before is not None:
        return math.inf
    return context.end - context.start


def _knows_pauses(reference: Reference) -> bool:
    first, last = (clock.parse(time or "") for time in (reference.from_time, reference.to_time))
    long_enough = first is None or last is None or last - first >= _MIN_SPAN_SECONDS
    return long_enough and reference.blocks >= MIN_BLOCKS
