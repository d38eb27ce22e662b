"""Latency, throughput and errors of requests in wall-clock windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap.analysis.counting.traffic import (
    LONGEST_MS,
    Traffic,
    latency_quantile,
    slower_than,
)
from modeltap.analysis.model.metric import (
    NO_REFERENCE,
    Evidence,
    Metric,
    crossable,
    no_room,
    too_few,
    verdict,
)
from modeltap.analysis.statistics.rates import clopper_pearson

MIN_REQUESTS = 5
"""Exact intervals hold for any number, but a single failure dominates fewer than five requests."""

_ERROR_RATE_FLOOR = 0.01
"""One more failure per hundred requests is worth an alert; smaller changes are normal."""

_LATENCY_FLOOR = 0.5
"""Latency must grow by half; smaller changes come from the machine."""

_CONFIDENCE = 0.99
"""There are many windows, and the interval is the only test that a rate or quantile has to pass."""

_ALPHA = (1 - _CONFIDENCE) / 2
"""The level of one end of the interval: only a change for the worse alerts."""

_SLOW = 0.05
"""The fraction of requests beyond the quantile `latency_p95_ms`."""


@dataclass(frozen=True)
class TrafficContext:
    """One window of requests to evaluate.

    Args:
        seconds: the window's length.
        baseline: the model's normal value of each metric; may be empty.
        min_rows: the number of requests required for a verdict on latency.
    """

    traffic: Traffic
    seconds: float
    baseline: Mapping[str, float] = field(default_factory=dict)
    min_rows: int = 100


class TrafficBaseline(Evidence, frozen=True):
    """The model's normal value; None while it is unknown."""

    baseline: float | None


def evaluate(context: TrafficContext) -> list[Metric]:
    """Return the operational metrics of one window."""
    return [*evaluate_errors(context), *evaluate_latency(context)]


def evaluate_errors(context: TrafficContext) -> list[Metric]:
    """Return the rates of requests, of failures, and of bodies that could not be decoded.

    `error_rate` alerts from 5 requests on if the lower end of its exact 99 % interval is one
    percentage point above the baseline. Until a baseline is known it counts as zero: a model that
    fails from its first hour on must be reported. `analysis/verdicts` learns the baseline from
    these hours, too.
    """
    traffic, seconds = context.traffic, context.seconds
    n = traffic.requests
    rate = traffic.all_requests / seconds if seconds > 0 else None
    metrics = [
        _error_rate(traffic, context.baseline.get("error_rate")),
        Metric(metric="throughput_rps", rows=n, value=rate),
    ]
    if traffic.not_decoded:
        value = traffic.not_decoded / n
        count = traffic.not_decoded
        metrics.append(Metric(metric="not_decoded_rate", rows=n, count=count, value=value))
    return metrics


def evaluate_latency(context: TrafficContext) -> list[Metric]:
    """Return the quantiles of latency.

    `latency_p95_ms` alerts if the lower end of its exact 99 % interval is more than half above the
    baseline: significantly more than 5 % of the requests were slower than that.
    """
    n, latency = context.traffic.requests, context.traffic.latency
    return [
        _p95(latency, context.baseline.get("latency_p95_ms"), context.min_rows),
        Metric(metric="latency_p50_ms", rows=n, value=latency_quantile(latency, 0.5)),
        Metric(metric="latency_p99_ms", rows=n, value=latency_quantile(latency, 0.99)),
    ]


def _error_rate(traffic: Traffic, known: float | None) -> Metric:
    n, value = traffic.requests, traffic.error_rate
    trials, baseline = traffic.effective_requests, known or 0.0
    low, high = clopper_pearson(value * trials, trials, _CONFIDENCE)
    threshold = crossable(baseline + _ERROR_RATE_FLOOR, baseline)
    facts: dict[str, Any] = {
        "metric": "error_rate",
        "rows": n,
        "count": traffic.errors,
        "value": value,
        "low": low,
        "high": high,
    }
    if threshold is None:
        return Metric(**facts, **no_room(baseline, enough=n >= MIN_REQUESTS))
    return Metric(
        **facts,
        threshold=threshold,
        p_value=_upper_tail(value * trials, trials, threshold),
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(low > threshold, n, MIN_REQUESTS),
        evidence=TrafficBaseline(known),
    )


def _upper_tail(count: float, trials: float, rate: float) -> float:
    """Return the binomial probability of `count` or more, consistent with the interval."""
    return float(scipy.special.betainc(count, trials - count + 1, rate)) if count > 0 else 1.0


def _p95(latency: np.ndarray, baseline: float | None, min_rows: int) -> Metric:
    n = int(latency.sum())
    value = latency_quantile(latency, 1 - _SLOW)
    if n < min_rows or value is None:
        return replace(too_few("latency_p95_ms", n), value=value)
    low, high = _interval(latency, n)
    facts: dict[str, Any] = {
        "metric": "latency_p95_ms",
        "rows": n,
        "value": value,
        "low": low,
        "high": high,
    }
    if not baseline:
        return Metric(**facts, verdict=NO_REFERENCE)
    threshold = crossable(baseline * (1 + _LATENCY_FLOOR), baseline, LONGEST_MS)
    if threshold is None:
        return Metric(**facts, **no_room(baseline, LONGEST_MS))
    slow = slower_than(latency, threshold)
    p = float(scipy.special.bdtrc(slow - 1, n, _SLOW)) if slow else 1.0
    return Metric(
        **facts,
        threshold=threshold,
        p_value=p,
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(p < _ALPHA and value > threshold, n),
        evidence=TrafficBaseline(baseline),
    )


def _interval(latency: np.ndarray, n: int) -> tuple[float | None, float | None]:
    """Return the order statistics that enclose the true quantile in 99 of 100 windows.

    The number of n requests that are faster than the quantile is binomial (Thompson, 1936).
    """
    first, last = (scipy.special.bdtrik(q, n, 1 - _SLOW) for q in (_ALPHA, 1 - _ALPHA))
    return (
        latency_quantile(latency, max(1, math.floor(first)) / n),
        latency_quantile(latency, min(n, math.floor(last) + 2) / n),
    )
