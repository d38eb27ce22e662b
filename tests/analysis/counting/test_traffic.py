"""Additive counts of requests, and latency quantiles accurate to two and a half percent."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from modeltap.analysis.counting.traffic import (
    LATENCY_EDGES,
    Traffic,
    count_latency,
    count_requests,
    is_traffic,
    latency_quantile,
)


@pytest.mark.parametrize("q", [0.01, 0.5, 0.95, 0.999])
def test_quantiles_are_close_to_the_exact_ones(q):
    durations = np.random.default_rng(0).lognormal(3, 1.5, size=20_000)
    result = latency_quantile(count_latency(durations), q)
    assert result == pytest.approx(np.quantile(durations, q), rel=0.05)


def test_every_known_duration_is_in_one_bin():
    durations = np.array([0.0, 0.01, 5.0, 5.0, 1e9, np.inf, np.nan])
    counted = count_latency(durations)
    assert counted.sum() == 6 and counted[-1] == 2 and (counted >= 0).all()
    assert latency_quantile(counted, 1.0) == LATENCY_EDGES[-1]
    assert latency_quantile(count_latency(np.array([0.001])), 0.5) == LATENCY_EDGES[0]
    assert latency_quantile(count_latency(np.array([])), 0.5) is None


def exchange(seq, status=200, duration=5.0, rate=1.0, aborted=None, error=None):
    return SimpleNamespace(
        seq=seq,
        status=status,
        duration_ms=duration,
        sample_rate=rate,
        aborted=aborted,
        error_type=error,
    )


def test_requests_are_counted_by_status_and_parts_add():
    exchanges = [
        exchange(1),
        exchange(2, status=503, duration=None),
        exchange(3, status=404),
        exchange(4, status=None, aborted=1),
        exchange(5, status=500, rate=0),
    ]
    notes = {n: SimpleNamespace(rows=int(n == 1)) for n in range(1, 6)}
    batch = SimpleNamespace(notes=notes)
    whole = count_requests(exchanges, batch)
    counts = (whole.requests, whole.errors, whole.client_errors, whole.aborted, whole.not_decoded)
    assert counts == (4, 1, 1, 1, 1), "one kept only because it failed stands for no others"
    assert whole.latency.sum() == 3
    parts = count_requests(exchanges[:2], batch) + count_requests(exchanges[2:], batch)
    assert (parts.latency == whole.latency).all() and parts.requests == whole.requests
    nothing = count_requests([], batch)
    assert nothing.requests == Traffic().requests == 0 and not nothing.latency.any()


def counted(*exchanges):
    notes = {member.seq: SimpleNamespace(rows=1) for member in exchanges}
    return count_requests(list(exchanges), SimpleNamespace(notes=notes))


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (None, 0),
        ("ValueError", 1),
        ("CUDAOutOfMemory", 1),
        ("CancelledError", 0),
        ("ClientDisconnect", 0),
        ("GeneratorExit", 0),
        ("BrokenPipeError", 0),
    ],
)
def test_a_stream_that_raises_after_its_status_failed_unless_its_client_went(error, failed):
    assert counted(exchange(1, aborted=1, error=error)).errors == failed


def test_sampled_exchanges_are_weighted():
    """One in ten, one in four, or all are kept; an exchange without a rate was not sampled."""
    some = counted(
        exchange(1, rate=0.1),
        exchange(2, status=500, rate=0.25),
        exchange(3),
        exchange(4, rate=None),
    )
    assert some.all_requests == pytest.approx(10 + 4 + 1 + 1)
    assert some.error_rate == pytest.approx(4 / 16)
    assert some.effective_requests == pytest.approx(16**2 / (100 + 16 + 1 + 1))


def test_the_rate_of_a_sample_is_unbiased():
    """Also if failed exchanges are kept more often: those have a weight of one."""
    rng = np.random.default_rng(5)
    statuses = np.where(rng.random(20_000) < 0.03, 500, 200)
    sampled = rng.random(20_000) < 0.1
    kept = [
        exchange(n, status=int(status), rate=0.1 if chosen else 0)
        for n, (status, chosen) in enumerate(zip(statuses, sampled, strict=True))
        if chosen or status == 500
    ]
    result = counted(*kept)
    error = np.sqrt(0.03 * 0.97 / sampled.sum())
    assert abs(result.error_rate - 0.03) < 4 * error
    assert result.all_requests == pytest.approx(20_000, rel=4 * np.sqrt(0.9 / sampled.sum()))


@pytest.mark.parametrize("status", [404, 405])
def test_requests_for_unknown_paths_do_not_count_as_traffic(status):
    """Scanners would hide that a model has no traffic; other failures do count."""
    assert not is_traffic(exchange(1, status=status))
    assert all(is_traffic(exchange(1, status=other)) for other in (200, 400, 422, 500, None))
