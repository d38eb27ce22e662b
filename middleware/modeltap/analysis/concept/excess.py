"""The error of a window beyond the one that its inputs lead to expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import NORMAL_95, Metric


class Expected(NamedTuple):
    """The error expected in a window, its standard error, and the rows it is expected of.

    Its standard error includes that of the labels of these rows. `by_inputs` is False if it is the
    reference's mean error, whatever the inputs are.
    """

    error: float
    deviation: float
    rows: int
    by_inputs: bool = True


class Excess(NamedTuple):
    """A window's error beyond the expected one, and its standard error."""

    value: float
    deviation: float


def error_of(metric: Metric) -> float:
    """Return a window's mean error: for accuracy, the fraction of wrong predictions."""
    value = metric.value or 0.0
    return 1 - value if metric.metric == "accuracy" else value


def expected_of(estimates: Sequence[Metric]) -> Expected | None:
    """Return the error that the estimates of a window's parts lead to expect; None without them.

    The parts share the error of the reference, so their standard errors are added.
    """
    known = [own for own in estimates if own.value is not None and own.rows]
    rows = sum(own.rows for own in known)
    if not rows:
        return None
    error = sum(own.rows * error_of(own) for own in known) / rows
    halves = sum(own.rows * ((own.high or 0.0) - (own.low or 0.0)) / 2 for own in known)
    return Expected(error, halves / rows / NORMAL_95, rows)


def expected_without_inputs(baseline: Baseline, rows: int) -> Expected:
    """Return the reference's mean error as the expected one of `rows` rows."""
    error = baseline.mean if baseline.task == "regression" else 1 - baseline.mean
    deviation = math.sqrt(baseline.variance * (1 / rows + 1 / baseline.rows))
    return Expected(error, deviation, rows, by_inputs=False)


def excess(measured: Metric, expected: Expected) -> Excess:
    """Return a window's excess; if only some rows have labels, its standard error is larger.

    >>> mae = Metric(metric="mae", rows=500, value=3.0, low=2.8, high=3.2)
    >>> excess(mae, Expected(2.0, 0.125, 500))
    Excess(value=1.0, deviation=0.125)
    """
    own = ((measured.high or 0.0) - (measured.low or 0.0)) / 2 / NORMAL_95
    unlabelled = max(0.0, 1 - measured.rows / expected.rows)
    deviation = math.sqrt(expected.deviation**2 + unlabelled * own**2)
    return Excess(error_of(measured) - expected.error, deviation)
