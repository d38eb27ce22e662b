"""Estimated performance of one reference's windows, by the method that fits the model.

Scores of two classes have a calibration, and so have the scores of the predicted one of several
classes. Numbers, and classes without scores, have a model of their errors.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from modeltap.analysis.counting.sample import Sample
from modeltap.analysis.estimation.error_model import FEWEST_LABELLED, ErrorModel
from modeltap.analysis.estimation.estimates import (
    Moved,
    can_estimate,
    estimated_metrics,
    expected_error,
    metrics_of_classes,
    metrics_of_errors,
    not_calibrated,
    not_estimated,
)
from modeltap.analysis.estimation.labelled_sample import (
    LabelledSample,
    inputs_of,
    labelled_sample,
)
from modeltap.analysis.estimation.unlabelled import Outputs
from modeltap.analysis.estimation.weighted_calibration import density_ratios, moved_calibration
from modeltap.analysis.model.baseline import Baseline, is_unknown, number_of
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.logs import logger


class SampledBatch(Protocol):
    """Decoded rows of a window."""

    @property
    def predictions(self) -> Sequence[Any]:
        """The (m,) predictions."""


class SampledWindow(Protocol):
    """A sample of a window's rows, decoded and coded on first access."""

    @property
    def batch(self) -> SampledBatch:
        """The rows, decoded."""

    @property
    def window(self) -> Sample:
        """The same rows, coded in the reference's bins."""


@dataclass
class Estimator:
    """Estimates for the windows of one reference; what it learns is kept for all of them.

    Args:
        settings: the model's own.
    """

    connection: sqlite3.Connection
    reference: Reference
    settings: Settings

    @property
    def has_estimates(self) -> bool:
        """True for a reference with labels and a single output."""
        return self.reference.performance is not None and not self.reference.output_performance

    def metrics(self, outputs: Outputs, sampled: SampledWindow, *, has_moved: bool) -> list[Metric]:
        """Return the estimates of a window; none if the reference does not allow any.

        An error is logged and costs only the estimates.

        Args:
            outputs: those of all rows of the window.
            sampled: at most 2,000 of these rows.
            has_moved: whether an input of the window drifted.
        """
        try:
            estimates = self._metrics(outputs, sampled, has_moved=has_moved)
            return [*estimates, *expected_error(estimates)]
        except Exception:
            logger.exception(
                "modeltap: %s: no estimates: the estimator failed", self.reference.model
            )
            return []

    def _metrics(
        self, outputs: Outputs, sampled: SampledWindow, *, has_moved: bool
    ) -> list[Metric]:
        known = self.reference.performance
        if known is None or self.reference.output_performance:
            return []
        if can_estimate(known):
            threshold, min_rows = self.settings.decision_threshold, self.settings.min_rows
            moved = self._moved(sampled) if has_moved else None
            return estimated_metrics(outputs, known, threshold, min_rows, moved)
        if known.scores is not None:
            total = len(outputs.predictions) - sum(map(is_unknown, outputs.predictions))
            return [not_calibrated(known, total, self.settings.min_rows)]
        if known.confidence is not None:
            return metrics_of_classes(outputs, known, self.settings.min_rows)
        return self._by_errors(outputs, sampled, known)

    def _moved(self, sampled: SampledWindow) -> Moved | None:
        """Return the calibration for the inputs of a window; None if it does not differ."""
        performance, sample = self.reference.performance, self._sample
        scores = None if performance is None else performance.scores
        known = None if scores is None else scores.calibration
        if known is None or sample.rows < FEWEST_LABELLED:
            return None
        weights = density_ratios(sample.inputs, inputs_of(sampled.window, self.reference))
        own = moved_calibration(known, sample.outputs, sample.labels == 1, weights)
        return None if own is known else Moved(own, sample.rows)

    def _by_errors(self, outputs: Outputs, sampled: SampledWindow, known: Baseline) -> list[Metric]:
        """Return the estimates of numbers, or of classes without scores."""
        total = int(np.isfinite(_usable(outputs.predictions, known)).sum())
        if self._error_model is None or total < max(2, self.settings.min_rows):
            return [not_estimated(known.task, total, self._sample.rows, self.settings.min_rows)]
        own = _usable(sampled.batch.predictions, known)
        rows = _with_outputs(inputs_of(sampled.window, self.reference), own, known)
        return metrics_of_errors(self._error_model, rows[np.isfinite(own)], total, known.task)

    @cached_property
    def _sample(self) -> LabelledSample:
        window = Window.parse(self.settings.window)
        return labelled_sample(self.connection, self.reference, window)

    @cached_property
    def _error_model(self) -> ErrorModel | None:
        """The model of errors; None if the reference has too few labelled rows for one."""
        sample, known = self._sample, self.reference.performance
        if known is None or sample.rows < FEWEST_LABELLED:
            return None
        of_numbers = known.task == "regression"
        errors = np.abs(sample.outputs - sample.labels) if of_numbers else 1 - sample.labels
        rows = _with_outputs(sample.inputs, sample.outputs, known)
        return ErrorModel(rows, errors, sample.windows)


def inputs_moved(metrics: Sequence[Metric]) -> bool:
    """Return whether an input of a window drifted, or all of them together."""
    return any(
        metric.verdict == ALERT
        and metric.metric in ("drift", "multivariate_drift")
        and not is_output(metric.feature)
        for metric in metrics
    )


def _usable(predictions: Sequence[Any], known: Baseline) -> np.ndarray:
    """Return the (n,) predictions as numbers, 0 for any class, NaN for those that are neither."""
    if known.task == "regression":
        return np.array(list(map(number_of, predictions)), dtype=np.float64)
    return np.array([math.nan if is_unknown(own) else 0.0 for own in predictions])


def _with_outputs(inputs: np.ndarray, outputs: np.ndarray, known: Baseline) -> np.ndarray:
    """Return (n, d) inputs, and predicted numbers as a further column."""
    return np.column_stack([inputs, outputs]) if known.task == "regression" else inputs
