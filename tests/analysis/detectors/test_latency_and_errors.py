"""Latency, errors and throughput of requests."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

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


def metrics_of(*args, **options):
    context = TrafficContext(*args, **options)
    return {m.metric: m for m in explained(latency_and_errors.evaluate(context))}


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_quantiles_from_bins_are_accurate(q):
    """Bins are 5 % wide, so the error is 2.5 %, plus one bin by chance."""
    values = rng.lognormal(3, 0.8, 20_000)
    quantile = latency_quantile(count_latency(values), q)
    assert quantile == pytest.approx(np.quantile(values, q), rel=0.05)


def test_traffic_adds():
    """The counts of windows, workers and replicas can be merged."""
    both = traffic(10, 1) + traffic(20, 2)
    assert (both.requests, both.errors, both.latency.sum()) == (30, 3, 30)


def test_errors_alert_beyond_chance_and_one_point():
    """5 errors in 1,000 requests do not alert, 60 do."""
    assert metrics_of(traffic(errors=5), 3600, {})["error_rate"].verdict == "ok"
    failing = metrics_of(traffic(errors=60), 3600, {})["error_rate"]
    assert failing.verdict == "alert"
    assert (
        failing.explanation == "error rate is 6 % (60 of 1,000 requests); no baseline is known yet"
    )
    failing = metrics_of(traffic(errors=60), 3600, {"error_rate": 0.0})["error_rate"]
    assert failing.explanation == "error rate went from 0 % to 6 % (60 of 1,000 requests)"


@pytest.mark.parametrize(
    ("requests", "errors", "normal", "expected"),
    [
        (4, 4, 0.0, "not_enough_rows"),
        (5, 5, None, "alert"),
        (5, 1, 0.0, "ok"),
        (50, 50, None, "alert"),
        (50, 4, 0.01, "ok"),
        (50, 6, 0.01, "alert"),
        (50, 12, 0.2, "ok"),
    ],
)
def test_few_requests_alert_by_their_exact_interval(requests, errors, normal, expected):
    """From five requests on; the interval is the one of SciPy."""
    baseline = {} if normal is None else {"error_rate": normal}
    metric = metrics_of(traffic(requests, errors), 3600, baseline)["error_rate"]
    exact = binomtest(errors, requests).proportion_ci(0.99, method="exact")
    assert (metric.low, metric.high) == pytest.approx((exact.low, exact.high), abs=1e-12)
    assert metric.verdict == expected
    assert (exact.low > (normal or 0.0) + 0.01) == (expected == "alert" or requests < 5)


@pytest.mark.parametrize("requests", [5, 20, 100, 1000])
@pytest.mark.parametrize("normal", [0.0, 0.01, 0.05, 0.3])
def test_a_normal_error_rate_rarely_alerts(requests, normal):
    """At most one in 200 windows alerts, by the binomial distribution, without the floor."""
    alerts = [
        metrics_of(traffic(requests, errors), 60, {"error_rate": normal})["error_rate"].verdict
        == "alert"
        for errors in range(requests + 1)
    ]
    assert binom.pmf(np.arange(requests + 1), requests, normal)[alerts].sum() <= 0.005


@pytest.mark.parametrize("requests", [100, 300, 2000])
def test_a_normal_latency_rarely_alerts(requests):
    """At most one in 200 windows, with the true quantile at the limit; slower ones mostly alert."""
    rng = np.random.default_rng(requests)
    limit = float(np.exp(3 + 0.5 * norm.ppf(0.95)))

    def alerts(scale):
        normal = {"latency_p95_ms": limit / 1.5}
        counts = (count_latency(scale * rng.lognormal(3, 0.5, requests)) for _ in range(400))
        metrics = (
            metrics_of(Traffic(requests=requests, latency=bins), 60, normal)["latency_p95_ms"]
            for bins in counts
        )
        return sum(metric.verdict == "alert" for metric in metrics)

    assert binomtest(alerts(1.0), 400, 0.005, alternative="greater").pvalue > 0.01
    assert alerts(1.5) > {100: 150, 300: 390, 2000: 399}[requests]


def test_sampled_requests_represent_all_requests():
    """With one in ten recorded, throughput is tenfold, and the interval is that of the sample."""
    whole = Traffic(requests=100, errors=8, latency=traffic(100).latency)
    sample = Traffic(
        requests=100,
        errors=8,
        unkept=900.0,
        unkept_errors=72.0,
        unkept_squares=9900.0,
        latency=whole.latency,
    )
    (all_rate, first), (sample_rate, second) = (
        (metrics["error_rate"], metrics["throughput_rps"].value)
        for metrics in (metrics_of(each, 50, {}) for each in (whole, sample))
    )
    assert (first, second) == (2, 20)
    assert (sample_rate.value, sample_rate.low, sample_rate.high) == pytest.approx(
        (all_rate.value, all_rate.low, all_rate.high)
    )


def test_samples_with_two_rates_are_weighted():
    """A tenth of 1,000 successful and all of 100 failed requests: an error rate of 1 in 11."""
    both = Traffic(requests=200, errors=100, unkept=900.0, unkept_squares=100 * 99.0)
    metrics = metrics_of(both, 100, {})
    assert metrics["error_rate"].value == pytest.approx(100 / 1100)
    assert metrics["throughput_rps"].value == 11
    assert both.effective_requests == pytest.approx(1100**2 / (100 * 100 + 100))


def test_latency_alerts_against_its_baseline():
    """Without a baseline there is no verdict; twice the baseline alerts."""
    normal = {"latency_p95_ms": metrics_of(traffic(), 60, {})["latency_p95_ms"].value}
    assert metrics_of(traffic(), 60, {})["latency_p95_ms"].verdict == "no_reference"
    assert metrics_of(traffic(), 60, normal)["latency_p95_ms"].verdict == "ok"
    assert metrics_of(traffic(scale=2.5), 60, normal)["latency_p95_ms"].verdict == "alert"


def test_no_traffic_and_little_traffic_give_no_verdict():
    """Nothing divides by zero."""
    for n in (0, 5):
        metrics = metrics_of(traffic(n), 60, {})
        assert metrics["error_rate"].verdict == ("ok" if n else "not_enough_rows")
        assert metrics["latency_p95_ms"].verdict == "not_enough_rows"
        assert metrics["throughput_rps"].value == n / 60


def test_a_latency_baseline_of_zero_is_ignored():
    """No latency is half above zero, and nothing divides by zero."""
    metrics = metrics_of(traffic(), 0, {"latency_p95_ms": 0.0})
    assert metrics["latency_p95_ms"].verdict == "no_reference"
    assert metrics["throughput_rps"].value is None


Found = Iterable[Metric]


def test_bad_durations_and_counts_raise_nothing():
    """NaN, infinite, negative, zero and huge durations; each known one is counted once."""
    durations = np.array([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300, 5e-324] * 100)
    latency = count_latency(durations)
    assert latency.sum() == 600
    for requests, seconds, normal in (
        (700, 3600.0, {}),
        (700, 0.0, {"latency_p95_ms": 1e300}),
        (0, 60.0, {"error_rate": 1.0}),
    ):
        traffic = Traffic(requests=requests, errors=requests, latency=latency)
        check_finite(latency_and_errors.evaluate(TrafficContext(traffic, seconds, normal)))
    slow = count_latency(np.append(durations, np.full(5000, 300.0)))
    traffic = Traffic(requests=5700, errors=600, latency=slow)
    metrics = latency_and_errors.evaluate(
        TrafficContext(traffic, 3600.0, {"latency_p95_ms": 20.0, "error_rate": 0.0})
    )
    assert {m.metric for m in metrics if m.verdict == "alert"} == {"latency_p95_ms", "error_rate"}
