"""Performance of a window's rows: classes, outputs and quantiles; coverage and arrival."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.labelling.window_performance import (
    arrivals_of,
    coverage_metric,
    hours_of,
    window_performance,
)
from modeltap.analysis.relearning.label_progress import LabelProgress
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows

ROWS = 120
SETTINGS = Settings(min_rows=50)


def rows_of(outputs, labels, **facts):
    return LabelledRows(
        LabelledPrediction(output, label, "2024-05-01T00:00:00.000Z", **facts)
        for output, label in zip(outputs, labels, strict=True)
    )


def performance(outputs, labels):
    rows = rows_of(outputs, labels)
    metrics = window_performance(rows, LabelProgress(None), SETTINGS, frozenset())
    return {(own.metric, own.segment): own.value for own in metrics}


def test_a_single_output():
    labels = ["late", "in time"] * (ROWS // 2)
    assert performance(["late"] * ROWS, labels)["accuracy", None] == 0.5


def test_each_of_several_outputs_is_a_segment():
    outputs, labels = ['{"price": 1.5, "risk": "a"}'] * ROWS, ['{"price": 2.0, "risk": "a"}'] * ROWS
    own = performance(outputs, labels)
    assert own["mae", "output=price"] == 0.5 and own["accuracy", "output=risk"] == 1.0


def test_quantiles_have_one_label():
    own = performance(['{"q10": 1.0, "q50": 2.0, "q90": 4.0}'] * ROWS, [3.5] * ROWS)
    assert own["mae", None] == 1.5 and own["interval_coverage", None] == 1.0


@pytest.mark.parametrize("labelled", [0, 49, 50])
def test_rows_without_labels_are_unknown_not_wrong(labelled):
    labels = [7.0] * labelled + [None] * (ROWS - labelled)
    own = performance([7.5] * ROWS, labels)
    assert own.get(("mae", None)) == (0.5 if labelled >= SETTINGS.min_rows else None)
    coverage = coverage_metric(rows_of([7.5] * ROWS, labels))
    assert (coverage.count, coverage.value) == (labelled, labelled / ROWS)


def test_the_coverage_of_no_rows_is_zero():
    assert coverage_metric(LabelledRows()).value == 0.0


def test_arrivals_count_from_the_request_if_its_time_differs():
    rows = rows_of([1.0] * 3, [1.0, None, 1.0], delay=60.0)
    rows[1] = rows[1]._replace(predicted_at="2024-05-02T00:00:00.000Z", delay=None)
    rows[2] = rows[2]._replace(delay=None)
    own = arrivals_of(rows)
    assert own.unknown == 1 and own.delays.tolist() == [60.0, np.inf]
    assert np.diff(own.times).tolist() == [86_400.0]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2024-05-01T03:00:00.000Z", "2024-05-01T05:00:00.000Z", {3, 4}),
        ("2024-05-01T23:59:00.000Z", "2024-05-02T00:01:00.000Z", {23, 0}),
        ("2024-05-01T00:00:00.000Z", "2024-05-02T00:00:00.000Z", set()),
    ],
)
def test_hours(start, end, hours):
    assert hours_of(start, end) == hours
