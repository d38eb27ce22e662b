"""Detectors, one per file: each evaluates a context and returns metrics with their evidence.

context             the window and the reference that a detector evaluates
drift               drift of single columns
quality             missing, mistyped, unseen, out-of-range and outlying values
schema_change       new and missing fields
duplicate_rate      duplicate rows
constant_feed       features stuck at one value
gaps                pauses without rows
multivariate        multivariate drift, by a classifier and by principal components
text_and_vector     drift of texts and vectors
row_outliers        outlying rows
unit_change         changes of unit while the reference is being learnt
latency_and_errors  latency, errors and throughput

To add a detector of inputs, add a file here and its name to one of the tuples below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from modeltap.analysis.detectors import (
    constant_feed,
    drift,
    duplicate_rate,
    gaps,
    multivariate,
    quality,
    row_outliers,
    schema_change,
    text_and_vector,
)
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.model.metric import Metric
from modeltap.logs import logger


class Detector(Protocol):
    """A module of this package, or any object with the same function."""

    def evaluate(self, context: Context, /) -> list[Metric]:
        """Return the metrics of one window."""


COLUMN_DETECTORS: tuple[Detector, ...] = (drift, quality)
"""Detectors that return metrics of single features."""

ROW_DETECTORS: tuple[Detector, ...] = (multivariate, text_and_vector, row_outliers)
"""Detectors that compare samples of rows."""

DETECTORS: tuple[Detector, ...] = (
    *COLUMN_DETECTORS,
    schema_change,
    duplicate_rate,
    constant_feed,
    gaps,
    *ROW_DETECTORS,
)
"""All detectors of a window's inputs, in the order of execution."""

DAILY_DETECTORS: tuple[Detector, ...] = (drift, *ROW_DETECTORS)
"""Detectors that require many rows: if hours have few rows, these run on whole days."""


def hourly_detectors() -> tuple[Detector, ...]:
    """Return the detectors that run on hours even if these have few rows."""
    return tuple(detector for detector in DETECTORS if detector not in DAILY_DETECTORS)


def evaluate(context: Context, detectors: Sequence[Detector] | None = None) -> list[Metric]:
    """Return the metrics of one window from `detectors`, by default all.

    Each detector sees the alerts of the previous ones. If a detector raises, the error is logged
    and only its own metrics are missing.
    """
    columns: list[Metric] = []
    others: list[Metric] = []
    for detector in DETECTORS if detectors is None else detectors:
        try:
            metrics = detector.evaluate(context)
        except Exception:
            name = getattr(detector, "__name__", str(detector)).rpartition(".")[2]
            logger.exception(
                "modeltap: %s: no metrics of %s: the detector failed",
                context.reference.model,
                name,
            )
            continue
        context = context.after(metrics)
        (columns if detector in COLUMN_DETECTORS else others).extend(metrics)
    # Drift and quality of the same feature are next to each other.
    places = {name: place for place, name in enumerate(context.reference.by_name)}
    columns.sort(key=lambda metric: places.get(metric.feature or "", len(places)))
    return columns + others
