"""Quantiles in a response have a loss, a coverage, and a median that is compared."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest
from scipy.special import ndtri
from sklearn.metrics import mean_pinball_loss

from modeltap.analysis.row_metrics.quantile_loss import quantile_metrics, quantile_sets
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import analyze, every, put, read

DAY = 300
LEVELS = (0.1, 0.5, 0.9)


def test_losses_equal_scikit_learns():
    rng = np.random.default_rng(0)
    labels = rng.normal(10, 2, 400)
    sets = quantile_sets([{"q10": 7.4, "q50": 10.0, "q90": 12.6}] * 400)
    metrics = {(own.metric, own.segment): own for own in quantile_metrics(sets, labels, 100)}
    expected = [
        mean_pinball_loss(labels, np.full(400, value), alpha=level)
        for level, value in zip(LEVELS, (7.4, 10.0, 12.6), strict=True)
    ]
    own = [metrics["quantile_loss", f"quantile={level}"].value for level in LEVELS]
    assert own == pytest.approx(expected)
    assert metrics["quantile_loss", None].value == pytest.approx(np.mean(expected))
    coverage = metrics["interval_coverage", None]
    assert coverage.value == np.mean((labels >= 7.4) & (labels <= 12.6))
    assert coverage.low < 0.8 < coverage.high


@pytest.mark.parametrize(
    "predictions",
    [[1.5, 2.5], [{"price": 1, "risk": 2}], [[1.5, 2.5]], ["a"], [None], [], [{"q10": 3}]],
)
def test_other_outputs_are_not_quantiles(predictions):
    assert quantile_sets(predictions) is None


def test_unknown_labels_and_quantiles_are_left_out():
    sets = quantile_sets([{"q10": 1, "q90": 3}, {"q10": None, "q90": 3}, None] * 100)
    metrics = quantile_metrics(sets, [2.0, 2.0, 2.0] * 100, 50)
    assert {own.rows for own in metrics} == {100}
    assert quantile_metrics(sets, [None] * 300, 50) == []


@pytest.mark.parametrize("names", [("q10", "q50", "q90"), ("0.1", "0.5", "0.9")])
def test_the_median_is_compared_with_the_reference(store, names):
    """On the last two days all forecasts are too low."""
    for day in range(6):
        rng = np.random.default_rng(day)
        middle = rng.uniform(10, 20, DAY)
        labels = (middle + rng.normal(0, 1, DAY) + (3 if day >= 4 else 0)).round(3)
        responses = [
            json.dumps(
                {name: own + ndtri(level) for name, level in zip(names, LEVELS, strict=True)}
            )
            for own in middle.tolist()
        ]
        rows = [{"x": float(n % 7)} for n in range(DAY)]
        put(store, every(4, DAY, first=day * 1440), rows, prefix=f"d{day}-", responses=responses)
        with closing(connect(store)) as connection, writing(connection):
            own = [(f"d{day}-{n}", 0, label) for n, label in enumerate(labels.tolist())]
            insert_labels(connection, own, source="test")
    analyze(store, {"window": "1d", "reference": "first 600 rows", "multivariate": False})
    query = "select * from metrics where metric = ? and segment is null order by window_start"
    assert [row["verdict"] for row in read(store, query, "mae")][2:] == ["ok", "ok", "alert"]
    coverage = [row["value"] for row in read(store, query, "interval_coverage")]
    assert min(coverage[:4]) > 0.7 and coverage[4] < 0.2
    assert read(store, "select * from metrics where segment = 'quantile=0.9'")
