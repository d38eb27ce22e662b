"""Operations: latency, errors, throughput."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from bad_columns import check_finite
from modeltap.analysis.counting.traffic import Traffic, count_latency, latency_quantile
from modeltap.analysis.detectors import latency_and_errors
from modeltap.analysis.detectors.latency_and_errors import TrafficContext
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric

rng = np.random.default_rng(4)


def traffic(n=1000, errors=0, scale=1.0):
    return Traffic(
        requests=n, errors=errors, latency=count_latency(scale * rng.lognormal(3, 0.5, n))
    )


def metrics_of(*said, **options):
    context = TrafficContext(*said, **options)
    return {m.metric: m for m in explained(latency_and_errors.evaluate(context))}


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_quantiles_from_bins_are_near_those_of_the_values(q):
    """Bins of 5 %: within 2.5 %, and the next bin's worth of luck."""
    values = rng.lognormal(3, 0.8, 20_000)
    found = latency_quantile(count_latency(values), q)
    assert found == pytest.approx(np.quantile(values, q), rel=0.05)


def test_traffic_adds():
    """Windows, workers and replicas merge."""
    both = traffic(10, 1) + traffic(20, 2)
    assert (both.requests, both.errors, both.latency.sum()) == (30, 3, 30)


def test_errors_alert_when_they_are_beyond_chance_and_a_point():
    """5 of 1,000 is none; 60 of 1,000 is one."""
    assert metrics_of(traffic(errors=5), 3600, {})["error_rate"].verdict == "ok"
    failing = metrics_of(traffic(errors=60), 3600, {})["error_rate"]
    assert failing.verdict == "alert"
    assert failing.explanation == "6 % of requests failed, 60 of 1,000; usual is 0 %"


def test_latency_alerts_against_what_is_usual():
    """Without a history there is no verdict; twice as slow is one."""
    usual = {"latency_p95_ms": metrics_of(traffic(), 60, {})["latency_p95_ms"].value}
    assert metrics_of(traffic(), 60, {})["latency_p95_ms"].verdict == "no_reference"
    assert metrics_of(traffic(), 60, usual)["latency_p95_ms"].verdict == "ok"
    assert metrics_of(traffic(scale=2.5), 60, usual)["latency_p95_ms"].verdict == "alert"


def test_no_traffic_and_little_traffic_give_no_verdict():
    """And no division by zero."""
    for n in (0, 5):
        found = metrics_of(traffic(n), 60, {})
        assert found["error_rate"].verdict == "not_enough_rows"
        assert found["throughput_rps"].value == n / 60


def test_a_usual_latency_of_zero_is_none():
    """Nothing is slower by half than nothing; and no division by zero."""
    judged = metrics_of(traffic(), 0, {"latency_p95_ms": 0.0})
    assert judged["latency_p95_ms"].verdict == "no_reference"
    assert judged["throughput_rps"].value is None


Found = Iterable[Metric]


def test_bad_durations_and_counts_are_survived():
    """NaN, infinite, negative, zero and huge ones; each that is known is counted once."""
    durations = np.array([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300, 5e-324] * 100)
    latency = count_latency(durations)
    assert latency.sum() == 600
    for requests, seconds, usual in (
        (700, 3600.0, {}),
        (700, 0.0, {"latency_p95_ms": 1e300}),
        (0, 60.0, {"error_rate": 1.0}),
    ):
        traffic = Traffic(requests=requests, errors=requests, latency=latency)
        check_finite(latency_and_errors.evaluate(TrafficContext(traffic, seconds, usual)))
    slow = count_latency(np.append(durations, np.full(5000, 300.0)))
    traffic = Traffic(requests=5700, errors=600, latency=slow)
    found = latency_and_errors.evaluate(
        TrafficContext(traffic, 3600.0, {"latency_p95_ms": 20.0, "error_rate": 0.0})
    )
    assert {m.metric for m in found if m.verdict == "alert"} == {"latency_p95_ms", "error_rate"}
