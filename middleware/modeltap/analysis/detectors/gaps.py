"""Gaps: the longest pause before or between a window's rows, and from the last row to its end."""

from __future__ import annotations

import math

import numpy as np

from modeltap import clock
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.metric import AT_ONCE, Evidence, Metric, crossable, no_room, verdict
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference

_FLOOR = 2.0
"""A pause alerts if it is twice as long as the longest in the reference."""

_MIN_SPAN_SECONDS = 86_400.0
"""A reference of less than a day does not include a night."""


class Pause(Evidence, frozen=True):
    """Start and end of a pause in Unix seconds, and the length of the longest in the reference."""

    start: float
    end: float
    baseline_seconds: float


def evaluate(context: Context) -> list[Metric]:
    """Return `gap_seconds` and, for a window that is over, `freshness_seconds`.

    They have a verdict if the reference spans at least four windows and a day: only then is its
    longest pause (a night, a weekend) known. A feed that stops within the window shows in
    `freshness_seconds`, a feed that stops between two row windows in the pause before the second.
    If a normal pause nearly fills the window, a longer one cannot occur and nothing is compared.
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
    """Compare a pause with the longest in the reference."""
    baseline, rows = context.reference.gap_seconds, len(context.times)
    if baseline is None or rows < context.min_rows or not _knows_pauses(context.reference):
        return Metric(metric=metric, rows=rows, value=length)
    # With few rows, pauses are long by chance: the longest of m exponential ones is ln(m) means.
    mean = float(np.ptp(context.times)) / (rows - 1)
    longest, bound = max(baseline, mean * math.log(rows)), _bound(context)
    threshold = crossable(_FLOOR * longest, longest, bound)
    if threshold is None:
        return Metric(metric=metric, rows=rows, value=length, **no_room(longest, bound))
    return Metric(
        metric=metric,
        rows=rows,
        value=length,
        threshold=threshold,
        strength=length / (_FLOOR * longest) * AT_ONCE if longest else 0.0,
        verdict=verdict(length > threshold, rows),
        evidence=Pause(float(start), float(end), baseline),
    )


def _bound(context: Context) -> float:
    """Return the longest pause that fits into the window."""
    if context.start is None or context.end is None or context.before is not None:
        return math.inf
    return context.end - context.start


def _knows_pauses(reference: Reference) -> bool:
    first, last = (clock.parse(time or "") for time in (reference.from_time, reference.to_time))
    long_enough = first is None or last is None or last - first >= _MIN_SPAN_SECONDS
    return long_enough and reference.blocks >= MIN_BLOCKS
