"""Alerts fire at once only if chance does so once in a hundred weeks; others wait."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import poisson

from incidents import metric_row
from modeltap.alerts.lifecycle import update
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.clock import iso
from modeltap.config.settings import FeatureSettings
from modeltap.store.connection import connect, writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.windows import CountedWindow, PackedTally, Series, put_window

HOURLY = 168.0


@cache
def known(blocks=4, limit=None):
    declared = {"x": FeatureSettings(max=limit)} if limit else None
    reference = fit({"x": np.arange(99.0)}, 99, model="m", declared=declared)
    return replace(reference, blocks=blocks)


def drift(p, verdict="alert", strength=3.0, **more):
    facts = {"metric": "drift", "rows": 500, "feature": "x", "low": None, "threshold": 0.1}
    return Metric(**facts | more, p_value=p, verdict=verdict, strength=strength)


def at_once(*metrics, reference=None, weekly=HOURLY):
    return urgent(metrics, weekly, reference or known())[0].at_once


def test_the_level_is_per_week_and_shared_by_tests_of_a_kind():
    """.01 / 168 is 6.0e-5; three tests share it, and row windows are counted."""
    assert at_once(drift(5.9e-5)) and not at_once(drift(6.1e-5))
    calm = [drift(0.4, "ok", feature=name) for name in ("y", "z")]
    assert not at_once(drift(5.9e-5), *calm) and at_once(drift(1.9e-5), *calm)
    others = [drift(0.4, "ok", metric="missing_rate"), drift(0.4, "ok", metric="accuracy")]
    assert at_once(drift(5.9e-5), *others)
    assert at_once(drift(0.0009), weekly=10.0) and not at_once(drift(0.0011), weekly=10.0)


@pytest.mark.parametrize(
    "metric, reference",
    [
        (drift(1e-12, strength=1.9), known()),
        (drift(1e-12), known(blocks=3)),
        (drift(1e-12, verdict="ok"), known()),
        # The interval is known, but not the probability that chance reaches the threshold.
        (drift(None, metric="latency_p95_ms", feature=None, low=80.0), None),
    ],
)
def test_uncertain_alerts_wait_for_a_second_window(metric, reference):
    assert not urgent([metric], HOURLY, reference)[0].at_once


def test_declared_faults_absent_from_the_reference_are_certain():
    broken = drift(0.2, metric="out_of_range_rate")
    for before, certain in ((0.0, True), (0.01, False)):
        metric = replace(broken, evidence=Grown(before, None))
        assert at_once(metric, reference=known(0, limit=100.0)) == certain
        assert not at_once(metric, reference=known(0))


@pytest.mark.parametrize("metric", ["schema_change", "gap_seconds", "a_metric_of_ones_own"])
def test_metrics_without_sampling_error_need_no_second_window(metric):
    assert at_once(drift(None, metric=metric), reference=known(blocks=0))


@pytest.mark.parametrize("failed, sure", [(50, True), (7, True), (2, False)])
def test_failing_requests_are_tested_against_their_threshold(failed, sure):
    """At a rate of 1 %, 2 of 50 requests fail in one window of ten, 7 in 1 of 2,000,000."""
    rate = drift(None, metric="error_rate", feature=None, threshold=0.01, rows=50, low=0.0)
    rate = replace(rate, count=failed)
    assert urgent([rate], HOURLY)[0].at_once == sure


def test_row_windows_are_counted_in_the_last_week(tmp_path):
    connection = connect(tmp_path / "taps.db")
    series = Series("m", "", "r", "500 rows")
    with writing(connection):
        for day in range(20):
            start, end = iso(day * 86_400.0), iso((day + 1) * 86_400.0)
            tally = PackedTally(500, b"", b"", "{}", b"")
            put_window(connection, series, CountedWindow(start, end, start, end, tally))
    assert windows_a_week(connection, series, iso(20 * 86_400.0)) == 7
    assert windows_a_week(connection, series, iso(3 * 86_400.0)) == 3
    assert windows_a_week(connection, series, iso(-86_400.0)) == 1
    assert windows_a_week(connection, Series("m", "", "r", "1d"), iso(0.0)) == 7


TESTS = {
    "drift": 25,
    "missing_rate": 25,
    "out_of_range_rate": 20,
    "outlier_rate": 20,
    "accuracy": 1,
}
"""The number of tests of each kind per window."""

LEVEL = {
    "drift": ALPHA["normal"] / 25,
    "missing_rate": ALPHA["normal"] / 250,
    "out_of_range_rate": ALPHA["normal"] / 250,
    "outlier_rate": ALPHA["normal"] / 250,
    "accuracy": 0.01,
}
"""The level of each kind's verdicts, at least as high as in any detector."""

SUBJECTS = [
    (name, None if name == "accuracy" else f"f{place}")
    for name, tests in TESTS.items()
    for place in range(tests)
]

WEEKS = 400


def test_chance_causes_few_incidents_a_week(tmp_path):
    """Null p-values with effects of twice their floors cause at most .08 incidents a week.

    The bound is exact: at a rate of .08, one in a thousand runs exceeds it. If strong effects fired
    at once regardless of their p-values, there would be more than one incident a week.
    """
    rng = np.random.default_rng(3)
    connection = connect(tmp_path / "taps.db")
    levels = np.array([LEVEL[name] for name, _ in SUBJECTS])
    fired, before = 0, np.zeros(len(levels), dtype=bool)
    for window in range(round(WEEKS * HOURLY)):
        p = rng.random(len(levels))
        raised = p < levels
        # Subjects without an alert in two windows in a row are not written.
        written, before = raised | before, raised
        if written.any():
            metrics = urgent(_metrics(p, raised), HOURLY, known())
            rows = [_row(metrics[place], window) for place in np.flatnonzero(written)]
            with writing(connection):
                save_metrics(connection, rows)
                fired += sum(
                    transition.event == "alert.firing" for transition in update(connection, rows)
                )
    assert fired <= poisson.isf(0.001, 0.08 * WEEKS)


def _metrics(p_values, raised):
    parts = zip(SUBJECTS, p_values.tolist(), raised, strict=True)
    return [
        drift(p, "alert" if alert else "ok", metric=name, feature=feature)
        for (name, feature), p, alert in parts
    ]


def _row(metric, window):
    start, end = iso(3600.0 * window), iso(3600.0 * (window + 1))
    row = metric_row(0, metric.verdict, metric=metric.metric, feature=metric.feature)
    row |= {"window": "1h", "window_start": start, "window_end": end, "p_value": metric.p_value}
    row |= {"at_once": int(metric.at_once), "strength": metric.strength}
    return dict.fromkeys(METRIC_COLUMNS) | row | {"computed_at": end}
