"""Operations: latency, errors, throughput."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.traffic import Traffic, count_latency, latency_quantile
from modeltap.analysis.detectors.operations import TrafficContext, evaluate
from modeltap.analysis.explanations.explain import explained

rng = np.random.default_rng(4)


def traffic(n=1000, errors=0, scale=1.0):
    return Traffic(
        requests=n, errors=errors, latency=count_latency(scale * rng.lognormal(3, 0.5, n))
    )


def metrics_of(*said, **options):
    return {m.metric: m for m in explained(evaluate(TrafficContext(*said, **options)))}


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_quantiles_from_bins_are_near_those_of_the_values(q):
    """Bins of 5 %: within 2.5 %, and the next bin's worth of luck."""
    values = rng.lognormal(3, 0.8, 20_000)
    assert latency_quantile(count_latency(values), q) == pytest.approx(
        np.quantile(values, q), rel=0.05
    )


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
