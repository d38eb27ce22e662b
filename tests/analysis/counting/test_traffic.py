"""Counts of requests add, and quantiles of latency are known to two and a half percent."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from modeltap.analysis.counting.traffic import (
    LATENCY_EDGES,
    Traffic,
    count_latency,
    count_requests,
    latency_quantile,
)


@pytest.mark.parametrize("q", [0.01, 0.5, 0.95, 0.999])
def test_quantiles_are_close_to_the_exact_ones(q):
    durations = np.random.default_rng(0).lognormal(3, 1.5, size=20_000)
    found = latency_quantile(count_latency(durations), q)
    assert found == pytest.approx(np.quantile(durations, q), rel=0.05)


def test_every_known_duration_is_in_one_bin():
    durations = np.array([0.0, 0.01, 5.0, 5.0, 1e9, np.inf, np.nan])
    counted = count_latency(durations)
    assert counted.sum() == 6 and counted[-1] == 2 and (counted >= 0).all()
    assert latency_quantile(counted, 1.0) == LATENCY_EDGES[-1]
    assert latency_quantile(count_latency(np.array([0.001])), 0.5) == LATENCY_EDGES[0]
    assert latency_quantile(count_latency(np.array([])), 0.5) is None


def exchange(seq, status=200, duration=5.0, rate=1.0, aborted=None):
    return SimpleNamespace(
        seq=seq, status=status, duration_ms=duration, sample_rate=rate, aborted=aborted
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
