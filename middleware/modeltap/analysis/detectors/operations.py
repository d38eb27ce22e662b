"""Latency, throughput and errors, by the wall clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from scipy.special import ndtri

from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, NOT_ENOUGH_ROWS, OK, Metric, share
from modeltap.analysis.model.metric import number as say
from modeltap.analysis.statistics.rates import wilson

LATENCY_EDGES = 0.01 * 1.05 ** np.arange(368)
"""Bins of 5 % from .01 ms to 10 minutes: any quantile is known to 2.5 %."""

METRICS = (
    "error_rate",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "throughput_rps",
    "not_decoded_rate",
)
ERROR_RATE_FLOOR = 0.01
LATENCY_FLOOR = 0.5
"""Slower by half; what is less comes and goes with the machine."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one window; they add."""

    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    aborted: int = 0
    not_decoded: int = 0
    latency: np.ndarray = msgspec.field(
        default_factory=lambda: np.zeros(len(LATENCY_EDGES) + 1, dtype=np.int64)
    )

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )


def count_latency(durations_ms: np.ndarray) -> np.ndarray:
    """Count (n,) milliseconds into logarithmic bins; NaN is left out."""
    known = durations_ms[~np.isnan(durations_ms)]
    below = np.searchsorted(np.sort(known), LATENCY_EDGES, side="left")
    return np.diff(below, prepend=0, append=len(known)).astype(np.int64)


def quantile(latency: np.ndarray, q: float) -> float | None:
    """Return the latency in ms below which a share `q` of the counted requests lies.

    >>> round(quantile(count_latency(np.array([10.0] * 99 + [1000.0])), 0.5), 0)
    10.0
    """
    total = int(latency.sum())
    if not total:
        return None
    position = int(np.searchsorted(np.cumsum(latency), q * total, side="left"))
    edges = LATENCY_EDGES
    if position == 0:
        return float(edges[0])
    if position >= len(edges):
        return float(edges[-1])
    return float(np.sqrt(edges[position - 1] * edges[position]))


def judge(
    traffic: Traffic, seconds: float, usual: Mapping[str, float], *, min_rows: int = 100
) -> list[Metric]:
    """Return the operational metrics of one window of `seconds`.

    Args:
        usual: by metric, the median of the model's earlier windows; may be empty.

    `error_rate` alerts when the lower end of its 99 % interval is a point above the usual,
    `latency_p95_ms` when that of its own is half above it.
    """
    n = traffic.requests
    latency = traffic.latency
    metrics = [
        _error_rate(traffic, usual.get("error_rate", 0.0), min_rows),
        _p95(latency, usual.get("latency_p95_ms"), min_rows),
        Metric(metric="latency_p50_ms", rows=n, value=quantile(latency, 0.5)),
        Metric(metric="latency_p99_ms", rows=n, value=quantile(latency, 0.99)),
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


def _error_rate(traffic: Traffic, usual: float, min_rows: int) -> Metric:
    n, errors = traffic.requests, traffic.errors
    low, high = wilson(errors, n, 0.99)
    value = errors / n if n else 0.0
    threshold = usual + ERROR_RATE_FLOOR
    alert = n >= min_rows and low > threshold
    return Metric(
        metric="error_rate",
        rows=n,
        count=errors,
        value=value,
        low=low,
        high=high,
        threshold=threshold,
        strength=max(0.0, (value - usual) / ERROR_RATE_FLOOR),
        verdict=NOT_ENOUGH_ROWS if n < min_rows else ALERT if alert else OK,
        explanation=f"{share(value)} of requests failed, {errors:,} of {n:,}; usual is "
        f"{share(usual)}"
        if alert
        else None,
    )


def _p95(latency: np.ndarray, usual: float | None, min_rows: int) -> Metric:
    n = int(latency.sum())
    value = quantile(latency, 0.95)
    if n < min_rows or value is None:
        return Metric(metric="latency_p95_ms", rows=n, value=value, verdict=NOT_ENOUGH_ROWS)
    # Order statistics: the true quantile lies between these ranks in 99 of 100 windows.
    reach = float(ndtri(0.995)) * np.sqrt(0.95 * 0.05 / n)
    low, high = quantile(latency, 0.95 - reach), quantile(latency, min(1.0, 0.95 + reach))
    facts: dict[str, Any] = {
        "metric": "latency_p95_ms",
        "rows": n,
        "value": value,
        "low": low,
        "high": high,
    }
    if not usual or low is None:
        return Metric(**facts, verdict=NO_REFERENCE)
    threshold = usual * (1 + LATENCY_FLOOR)
    alert = low > threshold
    return Metric(
        **facts,
        threshold=threshold,
        strength=max(0.0, (value / usual - 1) / LATENCY_FLOOR),
        verdict=ALERT if alert else OK,
        explanation=f"95 % of requests took up to {say(value)} ms; usual is {say(usual)} ms"
        if alert
        else None,
    )
