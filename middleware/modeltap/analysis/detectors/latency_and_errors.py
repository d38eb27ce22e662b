"""Latency, throughput and errors of requests, by the wall clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace
from scipy.special import ndtri

from modeltap.analysis.counting.traffic import LONGEST_MS, Traffic, latency_quantile
from modeltap.analysis.model.metric import (
    NO_REFERENCE,
    Evidence,
    Metric,
    crossable,
    no_room,
    too_few,
    verdict,
)
from modeltap.analysis.statistics.rates import wilson

_ERROR_RATE_FLOOR = 0.01
"""One failing request of a hundred more than before is worth an alert; fewer come and go."""

_LATENCY_FLOOR = 0.5
"""Slower by half; what is less comes and goes with the machine."""

_CONFIDENCE = 0.99
"""Windows are many, and neither a rate nor a quantile of requests has a second test to pass."""


@dataclass(frozen=True)
class TrafficContext:
    """One window of requests to evaluate.

    Args:
        seconds: the window's length.
        baseline: by metric, the median of the model's earlier windows; may be empty.
    """

    traffic: Traffic
    seconds: float
    baseline: Mapping[str, float] = field(default_factory=dict)
    min_rows: int = 100


class Usual(Evidence, frozen=True):
    """The value of the model's earlier windows."""

    baseline: float


def evaluate(context: TrafficContext) -> list[Metric]:
    """Return the operational metrics of one window.

    `error_rate` alerts when the lower end of its 99 % interval is a point above the baseline,
    `latency_p95_ms` when that of its own is half above it.
    """
    traffic, baseline = context.traffic, context.baseline
    n, latency, seconds = traffic.requests, traffic.latency, context.seconds
    metrics = [
        _error_rate(traffic, baseline.get("error_rate", 0.0), context.min_rows),
        _p95(latency, baseline.get("latency_p95_ms"), context.min_rows),
        Metric(metric="latency_p50_ms", rows=n, value=latency_quantile(latency, 0.5)),
        Metric(metric="latency_p99_ms", rows=n, value=latency_quantile(latency, 0.99)),
        Metric(metric="throughput_rps", rows=n, value=n / seconds if seconds > 0 else None),
    ]
    if traffic.not_decoded:
        metrics.append(
            Metric(
                metric="not_decoded_rate",
                rows=n,
                count=traffic.not_decoded,
                value=traffic.not_decoded / n,
            )
        )
    return metrics


def _error_rate(traffic: Traffic, baseline: float, min_rows: int) -> Metric:
    n, errors = traffic.requests, traffic.errors
    low, high = wilson(errors, n, _CONFIDENCE)
    value = errors / n if n else 0.0
    threshold = crossable(baseline + _ERROR_RATE_FLOOR, baseline)
    facts: dict[str, Any] = {
        "metric": "error_rate",
        "rows": n,
        "count": errors,
        "value": value,
        "low": low,
        "high": high,
    }
    if threshold is None:
        return Metric(**facts, **no_room(baseline, enough=n >= min_rows))
    return Metric(
        **facts,
        threshold=threshold,
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(low > threshold, n, min_rows),
        evidence=Usual(baseline),
    )


def _p95(latency: np.ndarray, baseline: float | None, min_rows: int) -> Metric:
    n = int(latency.sum())
    value = latency_quantile(latency, 0.95)
    if n < min_rows or value is None:
        return replace(too_few("latency_p95_ms", n), value=value)
    # Order statistics: the true quantile lies between these ranks in 99 of 100 windows.
    reach = float(ndtri(0.5 + _CONFIDENCE / 2)) * np.sqrt(0.95 * 0.05 / n)
    low, high = (
        latency_quantile(latency, 0.95 - reach),
        latency_quantile(latency, min(1.0, 0.95 + reach)),
    )
    facts: dict[str, Any] = {
        "metric": "latency_p95_ms",
        "rows": n,
        "value": value,
        "low": low,
        "high": high,
    }
    if not baseline or low is None:
        return Metric(**facts, verdict=NO_REFERENCE)
    threshold = crossable(baseline * (1 + _LATENCY_FLOOR), baseline, LONGEST_MS)
    if threshold is None:
        return Metric(**facts, **no_room(baseline, LONGEST_MS))
    return Metric(
        **facts,
        threshold=threshold,
        strength=max(0.0, (value - baseline) / (threshold - baseline)),
        verdict=verdict(low > threshold, n),
        evidence=Usual(baseline),
    )
