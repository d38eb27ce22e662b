"""Latency, throughput and errors of requests, by the wall clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace
from scipy.special import bdtrc, bdtrik, betainc

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
"""An exact interval holds for any number; of fewer than five requests one failure may be half."""

_ERROR_RATE_FLOOR = 0.01
"""One failing request of a hundred more than before is worth an alert; fewer come and go."""

_LATENCY_FLOOR = 0.5
"""Slower by half; what is less comes and goes with the machine."""

_CONFIDENCE = 0.99
"""Windows are many, and neither a rate nor a quantile of requests has a second test to pass."""

_ALPHA = (1 - _CONFIDENCE) / 2
"""The level of one end of the interval: only worse is an alert."""

_SLOW = 0.05
"""The fraction of requests beyond the quantile `latency_p95_ms`."""


@dataclass(frozen=True)
class TrafficContext:
    """One window of requests to evaluate.

    Args:
        seconds: the window's length.
        baseline: by metric, the model's usual value; may be empty.
        min_rows: the requests that a verdict on latency takes.
    """

    traffic: Traffic
    seconds: float
    baseline: Mapping[str, float] = field(default_factory=dict)
    min_rows: int = 100


class Usual(Evidence, frozen=True):
    """The model's usual value; None while it is not known."""

    baseline: float | None


def evaluate(context: TrafficContext) -> list[Metric]:
    """Return the operational metrics of one window."""
    return [*evaluate_errors(context), *evaluate_latency(context)]


def evaluate_errors(context: TrafficContext) -> list[Metric]:
    """Return how many requests came, and how many failed or could not be read.

    `error_rate` alerts, of 5 requests and more, where the lower end of its exact 99 % interval
    is a point above the usual rate. Before that is known it is taken to be none, for a request
    with an answer of 500 is meant to be a failure, and a model that fails from its first hour on
    is news; `analysis/verdicts` learns what is usual from those hours, too.
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

    `latency_p95_ms` alerts where more than 5 % of requests took half longer than the usual value,
    beyond chance: where the lower end of its exact 99 % interval lies there.
    """
    n, latency = context.traffic.requests, context.traffic.latency
    return [
        _p95(latency, context.baseline.get("latency_p95_ms"), context.min_rows),
        Metric(metric="latency_p50_ms", rows=n, value=latency_quantile(latency, 0.5)),
        Metric(metric="latency_p99_ms", rows=n, value=latency_quantile(latency, 0.99)),
    ]


def _error_rate(traffic: Traffic, usual: float | None) -> Metric:
    n, value = traffic.requests, traffic.error_rate
    trials, baseline = traffic.effective_requests, usual or 0.0
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
        p_value=_as_many(value * trials, trials, threshold),
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(low > threshold, n, MIN_REQUESTS),
        evidence=Usual(usual),
    )


def _as_many(count: float, trials: float, rate: float) -> float:
    """Return the binomial probability of `count` or more, of which the interval's end is one."""
    return float(betainc(count, trials - count + 1, rate)) if count > 0 else 1.0


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
    p = float(bdtrc(slow - 1, n, _SLOW)) if slow else 1.0
    return Metric(
        **facts,
        threshold=threshold,
        p_value=p,
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(p < _ALPHA and value > threshold, n),
        evidence=Usual(baseline),
    )


def _interval(latency: np.ndarray, n: int) -> tuple[float | None, float | None]:
    """Return the order statistics between which the true quantile lies in 99 of 100 windows.

    How many of n requests are faster than it is binomial (Thompson, 1936).
    """
    first, last = (bdtrik(q, n, 1 - _SLOW) for q in (_ALPHA, 1 - _ALPHA))
    return (
        latency_quantile(latency, max(1, math.floor(first)) / n),
        latency_quantile(latency, min(n, math.floor(last) + 2) / n),
    )
