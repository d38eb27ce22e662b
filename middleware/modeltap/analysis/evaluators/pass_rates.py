"""Counts of outputs that pass an evaluator, and their comparison with those of the reference."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap.analysis.detectors.context import RATE_FLOOR
from modeltap.analysis.evaluators.evaluator_values import EvaluatorValues
from modeltap.analysis.model.baseline import PassRate
from modeltap.analysis.model.metric import (
    AT_ONCE,
    LEARNING,
    NO_REFERENCE,
    NOT_COMPARABLE,
    NOT_ENOUGH_ROWS,
    Evidence,
    Metric,
    crossable,
    no_room,
    verdict,
)
from modeltap.analysis.statistics.hypothesis_tests import fisher
from modeltap.analysis.statistics.means import mean_interval
from modeltap.analysis.statistics.rates import grew, wilson
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.config.metrics import EVALUATOR_SEGMENT
from modeltap.payload import EvaluatedOutput

_EXACT_BELOW = 1000
"""Up to this many failures the exact test is cheap, and the normal approximation inaccurate."""

_SHOWN = 5
"""Ids of failing exchanges: enough to investigate, few enough for a message."""


class EvaluatorFailed(Evidence, frozen=True):
    """The reason why an evaluator has no values."""

    evaluator: str
    reason: str


class PassRateFell(Evidence, frozen=True):
    """The fraction that fails in the reference, and its most in a window if that is higher."""

    evaluator: str
    before: float
    most: float | None


class PassTargetMissed(Evidence, frozen=True):
    """The fraction of outputs that should pass."""

    evaluator: str
    target: float


def evaluator_metrics(
    evaluator: EvaluatorSettings,
    values: EvaluatorValues,
    outputs: Sequence[EvaluatedOutput],
    before: PassRate | None,
    *,
    level: float,
    min_rows: int,
    learning: bool = False,
) -> list[Metric]:
    """Return `evaluator_pass_rate` of n outputs, and `evaluator_score` if there are numbers.

    Args:
        before: the counts of the reference; None if they are unknown.
        level: the significance level of this evaluator's tests.
        learning: whether the reference is still being learnt.
    """
    segment = f"{EVALUATOR_SEGMENT}{evaluator.name}"
    if values.problem is not None:
        why = EvaluatorFailed(evaluator.name, values.problem)
        return [_metric(segment, rows=len(outputs), verdict=NOT_COMPARABLE, evidence=why)]
    metrics = []
    counted = ~np.isnan(values.passes)
    if counted.any() or not values.graded:
        rate = PassRate(rows=int(counted.sum()), passed=int(np.nansum(values.passes)))
        metric = compared_rate(
            rate, before, evaluator.name, evaluator.target, level, min_rows, learning=learning
        )
        failing = np.flatnonzero(values.passes == 0).tolist()
        ids = list(dict.fromkeys(outputs[place].id for place in failing))[:_SHOWN]
        metrics.append(replace(metric, segment=segment, examples=json.dumps(ids) if ids else None))
    if values.graded:
        metrics.append(_score(segment, values.numbers[~np.isnan(values.numbers)]))
    return metrics


def _metric(segment: str | None, **fields: Any) -> Metric:
    return Metric(metric="evaluator_pass_rate", segment=segment, **fields)


def _score(segment: str, numbers: np.ndarray) -> Metric:
    if len(numbers) < 2:
        return Metric(metric="evaluator_score", segment=segment, rows=len(numbers))
    own = mean_interval(numbers)
    return Metric(
        metric="evaluator_score",
        segment=segment,
        rows=len(numbers),
        value=own.value,
        low=own.low,
        high=own.high,
    )


def compared_rate(
    rate: PassRate,
    before: PassRate | None,
    name: str,
    target: float | None,
    level: float,
    min_rows: int,
    *,
    learning: bool = False,
) -> Metric:
    """Return a pass rate with the verdict of its target, or of a comparison with `before`."""
    described = _described(rate)
    if rate.rows < min_rows:
        return replace(described, verdict=NOT_ENOUGH_ROWS)
    if target is not None:
        return _against_target(described, name, rate, target, level)
    if before is None or not before.rows:
        return replace(described, verdict=LEARNING if learning else NO_REFERENCE)
    return _against_reference(described, name, rate, before, level)


def _described(rate: PassRate) -> Metric:
    if not rate.rows:
        return _metric(None, rows=0)
    low, high = wilson(rate.passed, rate.rows)
    return _metric(
        None, rows=rate.rows, count=rate.passed, value=rate.passed / rate.rows, low=low, high=high
    )


def _against_target(
    described: Metric, name: str, rate: PassRate, target: float, level: float
) -> Metric:
    """Return the metric with the verdict of an exact one-sided binomial test of the target."""
    p = float(scipy.special.bdtr(rate.passed, rate.rows, target))
    missed = rate.passed / rate.rows < target
    return replace(
        described,
        threshold=target,
        p_value=p,
        strength=AT_ONCE if missed else 0.0,
        verdict=verdict(missed and p < level, rate.rows),
        evidence=PassTargetMissed(name, target),
    )


def _against_reference(
    described: Metric,
    name: str,
    rate: PassRate,
    before: PassRate,
    level: float,
) -> Metric:
    """Return the metric with a verdict: more failures than the reference, its floor, and chance."""
    failed, fraction = rate.failed, rate.failed / rate.rows
    usual = before.failed / before.rows
    most = usual + before.excess
    p = fails_more(rate, before)
    threshold = crossable(most + RATE_FLOOR, most)
    if threshold is None:
        return replace(described, p_value=p, **no_room(1 - most, 0.0))
    growth, floor = fraction - most, threshold - most
    largest = most if before.excess > RATE_FLOOR else None
    return replace(
        described,
        threshold=1 - threshold,
        p_value=p,
        strength=max(0.0, growth / floor),
        verdict=verdict(growth > floor and p < level and failed > 1, rate.rows),
        evidence=PassRateFell(name, usual, largest),
    )


def fails_more(rate: PassRate, before: PassRate) -> float:
    """Return the one-sided p-value that outputs do not fail more often, exact for few failures.

    >>> fails_more(PassRate(rows=100, passed=90), PassRate(rows=1000, passed=990)) < 1e-5
    True
    """
    if rate.failed + before.failed < _EXACT_BELOW:
        return float(fisher(before.failed, before.rows, rate.failed, rate.rows)[1])
    return grew(rate.failed, rate.rows, before.failed, before.rows)


def excess_of(blocks: Sequence[PassRate], whole: PassRate) -> float:
    """Return how much more outputs fail in the worst block than in all, beyond sampling.

    The lower end of the block's 95 % interval, less the fraction of all; at least 0.

    >>> excess_of([PassRate(rows=100, passed=100)], PassRate(rows=400, passed=396))
    0.0
    """
    lows = [wilson(block.failed, block.rows)[0] for block in blocks if block.rows]
    worst = max(lows, default=0.0) - (whole.failed / whole.rows if whole.rows else math.inf)
    return max(0.0, worst)
