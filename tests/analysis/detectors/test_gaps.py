"""Gaps: the longest pause within a window, and the pause at its end."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import gaps
from modeltap.analysis.references.fit import fit

HOUR = 3600.0
REFERENCE = replace(
    fit({"x": [1.0, 2.0] * 100}, 200, model="m"),
    gap_seconds=HOUR,
    blocks=4,
    from_time="2024-01-01T00:00:00Z",
    to_time="2024-01-08T00:00:00Z",
)


def found(times, reference=REFERENCE, **options):
    times = np.asarray(times, dtype=float)
    window = tally({"x": [1.0] * len(times)}, len(times), reference)
    metrics = evaluated(reference, window, [gaps], times=times, **options)
    return {metric.metric: metric for metric in metrics}


def test_a_pause_twice_as_long_as_the_longest_alerts():
    regular = np.arange(200) * 600.0
    late = np.where(np.arange(200) >= 100, regular + 6 * HOUR, regular)
    assert found(regular)["gap_seconds"].verdict == "ok"
    metric = found(np.random.default_rng(0).permutation(late))["gap_seconds"]
    assert (metric.verdict, metric.value) == ("alert", 6 * HOUR + 600)
    assert (metric.evidence.start, metric.evidence.end) == (late[99], late[100])
    assert metric.strength > 2


def test_a_stopped_feed_shows_in_freshness():
    times = np.arange(200) * 60.0
    end = times[-1] + 5 * HOUR
    metrics = found(times, end=end)
    assert metrics["freshness_seconds"].verdict == "alert"
    assert metrics["freshness_seconds"].value == 5 * HOUR
    assert metrics["gap_seconds"].verdict == "ok"
    assert "freshness_seconds" not in found(times), "a window without an end has none"
    assert found(times, end=times[-1] - 1)["freshness_seconds"].value == 0


def test_without_known_pauses_there_is_no_verdict():
    times = np.arange(200) * 60.0
    short = replace(REFERENCE, to_time="2024-01-01T05:00:00Z")
    for reference in (replace(REFERENCE, gap_seconds=None), replace(REFERENCE, blocks=3), short):
        assert found(times, reference)["gap_seconds"].verdict is None
    assert found(times[:50])["gap_seconds"].verdict is None
    assert found(times[:1]) == found([]) == {}


def test_few_rows_have_long_pauses_by_chance():
    """Of 120 exponential pauses with a mean of an hour, the longest has about five hours."""
    for seed in range(20):
        times = np.cumsum(np.random.default_rng(seed).exponential(HOUR, size=120))
        assert found(times)["gap_seconds"].verdict == "ok"
