"""Detectors, one a file: each evaluates a context and returns metrics with their evidence.

    context             what a detector may know of a window and its reference
    drift               each column against the reference's counts
    quality             missing, mistyped, unseen, out of range and far-out values
    schema_change       fields that come or go
    duplicate_rate      rows that repeat
    constant_feed       features that have one value alone
    gaps                times without a row
    multivariate        rows as wholes, by a classifier and by principal components
    text_and_vector     texts and vectors as wholes
    row_outliers        rows unlike any of the reference
    unit_change         half of the values far outside all before, while a reference is learnt
    latency_and_errors  latency, errors, throughput

A new detector of inputs is a file here and its name in one of the tuples below.
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
    """A module of this package, or anything with its one function."""

    def evaluate(self, context: Context, /) -> list[Metric]:
        """Return the metrics of one window."""


COLUMN_DETECTORS: tuple[Detector, ...] = (drift, quality)
"""Those that return metrics of features one by one."""

ROW_DETECTORS: tuple[Detector, ...] = (multivariate, text_and_vector, row_outliers)
"""Those that compare samples of rows."""

DETECTORS: tuple[Detector, ...] = (
    *COLUMN_DETECTORS,
    schema_change,
    duplicate_rate,
    constant_feed,
    gaps,
    *ROW_DETECTORS,
)
"""All detectors of a window's inputs, in the order in which they run."""

DAILY_DETECTORS: tuple[Detector, ...] = (drift, *ROW_DETECTORS)
"""Those that need many rows: where an hour has few, they are evaluated by the day."""


def hourly_detectors() -> tuple[Detector, ...]:
    """Return the others."""
    return tuple(detector for detector in DETECTORS if detector not in DAILY_DETECTORS)


def evaluate(context: Context, detectors: Sequence[Detector] | None = None) -> list[Metric]:
    """Return the metrics of one window by `detectors`, or all; each knows the alerts before it.

    A detector that raises costs only its own metrics, and is logged.
    """
    columns: list[Metric] = []
    others: list[Metric] = []
    for detector in DETECTORS if detectors is None else detectors:
        try:
            found = detector.evaluate(context)
        except Exception:
            name = getattr(detector, "__name__", str(detector)).rpartition(".")[2]
            logger.exception(
                "modeltap: %s: no metrics of %s: the detector failed",
                context.reference.model,
                name,
            )
            continue
        context = context.after(found)
        (columns if detector in COLUMN_DETECTORS else others).extend(found)
    # Drift and quality of one feature stand side by side.
    places = {name: place for place, name in enumerate(context.reference.by_name)}
    columns.sort(key=lambda metric: places.get(metric.feature or "", len(places)))
    return columns + others
