"""The facts of a store for other tools, and their bounds."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.models import record_model
from modeltap.summaries.exported_metrics import (
    MOST_FEATURES,
    MOST_SEGMENTS,
    MOST_VERSIONS,
    exported_families,
)

START, END = "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"


def row(metric, value, **columns):
    """Return a row of the table `metrics`."""
    known = {
        "model": "m",
        "version": "",
        "window": "1h",
        "window_start": START,
        "window_end": END,
        "rows": 100,
        "metric": metric,
        "value": value,
        "at_once": 0,
        "in_reference": 0,
        "computed_at": END,
        **columns,
    }
    return {name: known.get(name) for name in METRIC_COLUMNS}


@pytest.fixture
def filled(tmp_path):
    """Return a function that stores metrics and returns the families by name."""

    def families(rows, versions=("",)):
        with closing(connect(tmp_path / "taps.db")) as connection:
            with writing(connection):
                for version in versions:
                    record_model(connection, "m", version)
                save_metrics(connection, rows)
            return {family.name: family for family in exported_families(connection)}

    return families


def test_times_are_in_seconds_and_fractions_keep_their_values(filled):
    found = filled([row("latency_p95_ms", 250.0), row("error_rate", 0.5)])
    (latency,), (errors,) = (found[name].measurements for name in ("latency_p95", "error_rate"))
    assert (latency.value, errors.value) == (0.25, 0.5)
    assert latency.at == errors.at == 1767229200.0


def test_the_last_window_with_a_value_counts(filled):
    later = {"window_start": END, "window_end": "2026-01-01T02:00:00.000Z"}
    found = filled([row("mae", 1.0), row("mae", 2.0, **later)])
    assert [one.value for one in found["mae"].measurements] == [2.0]
    empty = {"window_start": "2026-01-01T02:00:00.000Z", "window_end": "2026-01-01T03:00:00.000Z"}
    found = filled([row("mae", None, **empty)])
    assert [one.value for one in found["mae"].measurements] == [2.0]


def test_segments_and_features_are_labels(filled):
    found = filled(
        [
            row("demographic_parity_difference", 0.2, segment="sex"),
            row("drift", 0.3, feature="age"),
            row("confusion_rate", 0.3, segment="label=a,predicted=b"),
            row("psi", 0.3, feature="age"),
        ]
    )
    (gap,) = found["demographic_parity_difference"].measurements
    assert gap.labels["segment"] == "sex"
    assert found["drift"].measurements[0].labels["feature"] == "age"
    assert "confusion_rate" not in found and found.get("psi") is None


def test_2000_features_are_bounded_and_those_that_alert_stay(filled):
    rows = [
        row("drift", 0.1, feature=f"f{n:04}", verdict="alert" if n == 1999 else "ok")
        for n in range(2000)
    ]
    rows += [row("evaluator_pass_rate", 0.5, segment=f"evaluator={n}") for n in range(300)]
    found = filled(rows)
    features = [one.labels["feature"] for one in found["drift"].measurements]
    assert len(features) == MOST_FEATURES and features[0] == "f1999" and features[1] == "f0000"
    assert len(found["evaluator_pass_rate"].measurements) == MOST_SEGMENTS
    left_out = {one.labels["metric"]: one.value for one in found["series_left_out"].measurements}
    assert left_out == {"drift": 2000 - MOST_FEATURES, "evaluator_pass_rate": 300 - MOST_SEGMENTS}


def test_versions_are_bounded(filled):
    found = filled([], versions=[f"v{n}" for n in range(MOST_VERSIONS + 50)])
    assert len(found["requests"].measurements) == MOST_VERSIONS
    assert [one.value for one in found["versions_left_out"].measurements] == [50.0]


def test_metrics_of_ones_own_have_their_name_in_a_label(filled):
    found = filled([row('"loss" in €\n', 3.5), row("other", 4.5)])
    assert {one.labels["metric"]: one.value for one in found["own_metric"].measurements} == {
        '"loss" in €\\n': 3.5,
        "other": 4.5,
    }
