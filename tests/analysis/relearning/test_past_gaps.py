"""The gaps of earlier windows, in a store's metrics and after analyses of late labels."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.estimation.gap_spread import GapSpread
from modeltap.analysis.model.metric import NORMAL_95, Metric
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.relearning.past_gaps import (
    spreads_before,
    spreads_of_window,
    widened_estimates,
)
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from modeltap.store.windows import Series
from stores import analyze, every, put, read

SERIES = Series("m", "", "ref", "1d")
NUMBERS = learn_baseline([1.5, 2.5] * 100, [1.0, 3.5] * 100)
CLASSES = learn_baseline(["a", "b"] * 100, ["a", "a"] * 100)


def row(day, metric, value, error=0.01, **values):
    known = {
        "model": "m",
        "version": "",
        "window": "1d",
        "window_start": f"2024-01-{day:02}",
        "window_end": f"2024-01-{day + 1:02}",
        "rows": 100,
        "metric": metric,
        "value": value,
        "low": value - NORMAL_95 * error,
        "high": value + NORMAL_95 * error,
        "at_once": 0,
        "in_reference": 0,
        "reference_id": "ref",
        "computed_at": "2024-02-01",
    }
    return {name: (known | values).get(name) for name in METRIC_COLUMNS}


def spread(store, rows, known=CLASSES):
    with closing(connect(store)) as connection:
        with writing(connection):
            save_metrics(connection, rows)
        return spreads_before(connection, SERIES, "2024-01-20", known)


def test_the_measured_performance_counts_where_nearly_all_labels_arrived(store):
    rows = [
        row(1, "expected_error", 0.1),
        row(1, "estimated_accuracy", 0.9),
        row(1, "accuracy", 0.85, rows=95),
        row(2, "expected_error", 0.1),
        row(2, "accuracy", 0.5, rows=94),
        row(3, "accuracy", 0.5),
        row(21, "expected_error", 0.1),
        row(21, "accuracy", 0.5),
    ]
    own = spread(store, rows)["accuracy"]
    assert own.windows == 1
    assert own.excess == pytest.approx(0.05**2 - 0.01**2)


def test_an_estimate_counts_only_if_labels_corrected_it(store):
    rows = [
        row(1, "expected_error", 0.1),
        row(1, "estimated_accuracy", 0.9),
        row(2, "expected_error", 0.1),
        row(2, "estimated_accuracy", 0.85, count=40),
        row(2, "accuracy", 0.5, rows=40),
    ]
    own = spread(store, rows)["accuracy"]
    assert own.windows == pytest.approx(0.5)
    assert own.excess == pytest.approx(0.05**2)


def test_errors_of_numbers_have_gaps(store):
    rows = [row(1, "expected_error", 3.0, 0.1), row(1, "mae", 5.0, 0.2)]
    own = spread(store, rows, NUMBERS)
    assert own["mae"].excess == pytest.approx(2**2 - 0.1**2)


@pytest.mark.parametrize("known", [None, CLASSES, NUMBERS])
def test_a_store_without_earlier_windows_has_no_spread(store, known):
    assert all(own == GapSpread() for own in spread(store, [], known).values())


def test_a_window_without_an_estimate_is_not_compared(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            save_metrics(connection, [row(1, "expected_error", 0.1), row(1, "accuracy", 0.8)])
        none = spreads_of_window(connection, SERIES, "2024-01-02", "2024-01-03", CLASSES)
        with writing(connection):
            save_metrics(connection, [row(2, "expected_error", 0.1, 0.02)])
        own = spreads_of_window(connection, SERIES, "2024-01-02", "2024-01-03", CLASSES)
    assert none == {}
    assert own["accuracy"].chance == pytest.approx(0.02)


def test_only_estimates_of_a_known_metric_are_widened():
    metrics = [
        Metric(metric="estimated_accuracy", rows=100, value=0.97, low=0.95, high=0.99),
        Metric(metric="estimated_brier", rows=100, value=0.1, low=0.09, high=0.11),
        Metric(metric="expected_error", rows=100, value=0.03, low=0.01, high=0.05),
        Metric(metric="estimated_accuracy", rows=1),
    ]
    own = widened_estimates(metrics, {"accuracy": GapSpread(0.01, 50.0)})
    assert own[1:] == metrics[1:]
    assert own[0].value == 0.97
    assert own[0].low < 0.8
    assert own[0].high == 1.0


ROWS, REFERENCE, WINDOW = 4000, 1600, 400


def test_estimates_allow_for_the_gaps_of_labelled_windows(store):
    """Every other window has wrong labels; those of all but the last two have arrived."""
    rng = np.random.default_rng(0)
    scores = rng.beta(0.5, 0.5, ROWS)
    labels = rng.random(ROWS) < scores
    windows = np.arange(ROWS) // WINDOW
    wrong = (windows >= REFERENCE // WINDOW) & (windows % 2 == 1)
    labels ^= wrong & (rng.random(ROWS) < 0.15)
    outputs = [json.dumps({"prediction": float(score)}) for score in scores]
    put(store, every(7, ROWS), [{"x": 1.0}] * ROWS, responses=outputs)
    settings = {
        "window": f"{WINDOW} rows",
        "reference": f"first {REFERENCE} rows",
        "multivariate": False,
    }
    with closing(connect(store)) as connection, writing(connection):
        known = range(ROWS - 2 * WINDOW)
        insert_labels(connection, [(f"r{n}", 0, int(labels[n])) for n in known], source="test")
    analyze(store, settings)
    first = estimates(store)
    analyze(store, settings, again=True)
    second = estimates(store)
    for number, begin in ((-2, ROWS - 2 * WINDOW), (-1, ROWS - WINDOW)):
        part = slice(begin, begin + WINDOW)
        truth = np.mean((scores[part] >= 0.5) == labels[part])
        before, after = first[number], second[number]
        assert after["value"] == before["value"]
        assert after["low"] <= truth <= after["high"]
        assert after["high"] - after["low"] > 1.3 * (before["high"] - before["low"])


def estimates(store):
    return read(
        store,
        "select value, low, high from metrics where metric = 'estimated_accuracy' "
        "and in_reference = 0 order by window_start",
    )
