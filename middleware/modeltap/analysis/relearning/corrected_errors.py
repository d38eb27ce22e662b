"""Estimates of a window of numbers, corrected by the part of its labels that has arrived."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modeltap.analysis.estimation.corrected_estimates import (
    Arrived,
    Corrected,
    all_alike,
    corrected_mean,
)
from modeltap.analysis.estimation.estimates import estimated_metric
from modeltap.analysis.estimation.gap_spread import GapSpread, combined
from modeltap.analysis.estimation.simulated_labels import Estimate
from modeltap.analysis.model.baseline import Baseline, number_of
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.relearning.corrected_windows import FEWEST, FEWEST_ARRIVED
from modeltap.analysis.relearning.label_history import FEWEST_OF_CELL
from modeltap.analysis.relearning.past_gaps import NEARLY_ALL, Spreads
from modeltap.analysis.relearning.periodic_history import ArrivalHistory, Curve
from modeltap.store.label_arrivals import LabelArrival
from modeltap.store.labelled_rows import LabelledPrediction

_SIZES = 8
"""Errors are divided by size into eighths; large ones may be reported sooner."""

_PREDICTIONS = 10
"""Bins of the prediction, each with its mean error."""


class _Errors(NamedTuple):
    """The (n,) predictions of rows, and their absolute errors, NaN where pending."""

    predictions: np.ndarray
    errors: np.ndarray


def corrected_error_estimates(
    rows: Sequence[LabelledPrediction],
    baseline: Baseline,
    history: ArrivalHistory,
    spreads: Spreads | None = None,
) -> list[Metric]:
    """Return `estimated_mae` and `estimated_rmse` of a window of which part of the labels arrived.

    A row is expected to have the mean error of earlier rows with a similar prediction. None if
    fewer than 30 rows or nearly all have labels, or if hardly any label of an eighth of the errors,
    by size, has arrived.

    Args:
        spreads: the gaps of earlier windows; see `spreads_of_window`.
    """
    if baseline.task != "regression":
        return []
    usable = [row for row in rows if math.isfinite(number_of(row.prediction))]
    own = _errors(usable)
    labelled = int(np.isfinite(own.errors).sum())
    if not FEWEST <= labelled < NEARLY_ALL * len(usable):
        return []
    arrival = _Arrival(history, baseline)
    ages = history.ages(usable)
    if arrival.hardly_any(ages):
        return []
    evidence = Corrected(labelled=labelled, rows=len(usable))
    spread = (spreads or {}).get("mae", GapSpread())
    error = _estimate(own, ages, arrival, 1, spread)
    square = _estimate(own, ages, arrival, 2, GapSpread())
    root = Estimate(*(math.sqrt(max(0.0, value)) for value in square))
    return [
        estimated_metric(name, estimate, len(usable), evidence)
        for name, estimate in (("mae", error), ("rmse", root))
    ]


def _errors(rows: Sequence[LabelledPrediction | LabelArrival]) -> _Errors:
    predictions = np.array([number_of(row.prediction) for row in rows], dtype=np.float64)
    labels = np.array([number_of(row.label) for row in rows], dtype=np.float64)
    errors = np.abs(predictions - labels)
    return _Errors(predictions, np.where(np.isfinite(errors), errors, np.nan))


def _estimate(
    own: _Errors, ages: np.ndarray, arrival: _Arrival, power: int, spread: GapSpread
) -> Estimate:
    measured = own.errors**power
    expected = arrival.expected(own.predictions, power)
    corrected = corrected_mean(measured, expected, arrival.arrived(own.errors, ages))
    pending = expected * arrival.pending_ratio(ages, power)
    is_pending = np.isnan(measured)
    plain = float(np.where(is_pending, pending, measured).mean())
    return combined(corrected, plain, float(is_pending.mean()), spread)


class _Arrival:
    """Errors of earlier rows, and the arrival of their labels by the size of the error."""

    def __init__(self, history: ArrivalHistory, baseline: Baseline) -> None:
        known = _errors(history.known.rows)
        usable = np.flatnonzero(np.isfinite(known.errors))
        self._baseline = baseline
        self._errors = known.errors[usable]
        self._predictions = known.predictions[usable]
        self._curves: list[Curve] = []
        curve = history.curve
        if curve is None or len(usable) < _SIZES * FEWEST_OF_CELL:
            return
        self._edges = _edges(self._errors, _SIZES)
        sizes = np.searchsorted(self._edges, self._errors, side="right")
        self._parts = [np.flatnonzero(sizes == size) for size in range(len(self._edges) + 1)]
        self._curves = [
            history.curve_of(usable[part]) if len(part) >= FEWEST_OF_CELL else curve
            for part in self._parts
        ]

    def hardly_any(self, ages: np.ndarray) -> bool:
        """Return whether hardly any label of one size has arrived for rows of these ages."""
        return any(curve.at(ages).mean() < FEWEST_ARRIVED for curve in self._curves)

    def arrived(self, errors: np.ndarray, ages: np.ndarray) -> Arrived:
        """Return the arrival of labels with these errors."""
        if not self._curves:
            return all_alike(len(errors))
        sizes = np.searchsorted(self._edges, np.nan_to_num(errors), side="right")
        by_size = np.stack([curve.at(ages) for curve in self._curves])
        return Arrived(
            np.maximum(FEWEST_ARRIVED, by_size[sizes, np.arange(len(errors))]),
            sizes,
            np.array([curve.relative_variance(ages) for curve in self._curves]),
        )

    def expected(self, predictions: np.ndarray, power: int) -> np.ndarray:
        """Return the mean power of the errors of earlier rows with similar predictions."""
        mean = self._baseline.mean if power == 1 else self._baseline.moments.second
        if not self._curves:
            return np.full(len(predictions), mean)
        edges = _edges(self._predictions, _PREDICTIONS)
        places = np.searchsorted(edges, self._predictions, side="right")
        rows = np.bincount(places, minlength=len(edges) + 1)
        sums = np.bincount(places, self._errors**power, minlength=len(edges) + 1)
        means = sums / np.maximum(rows, 1)
        return np.asarray(means[np.searchsorted(edges, predictions, side="right")])

    def pending_ratio(self, ages: np.ndarray, power: int) -> np.ndarray:
        """Return by how much the errors of pending rows of these ages are larger than of all."""
        if not self._curves:
            return np.ones(len(ages))
        values = self._errors**power
        late = np.stack([1 - curve.at(ages) for curve in self._curves])
        weights = np.array([len(part) for part in self._parts])[:, None] * late
        means = np.array([values[part].mean() if len(part) else 0.0 for part in self._parts])
        total = weights.sum(axis=0)
        ratio = means @ weights / np.maximum(total, 1e-12) / max(values.mean(), 1e-300)
        return np.where(total > 0, ratio, 1.0)


def _edges(values: np.ndarray, parts: int) -> np.ndarray:
    """Return the edges between parts with equally many values; fewer with equal values."""
    return np.unique(np.quantile(values, np.arange(1, parts) / parts))
