"""Odds in sentences: they are for any column, because a window has a test per column."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.sentence import odds
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit


@pytest.mark.parametrize(
    "columns, text",
    [
        (1, "chance of this without drift: 1 in 10,000 windows"),
        (25, "chance of this without drift: 1 in 400 windows, corrected for 25 columns"),
    ],
)
def test_odds_are_for_any_column(columns, text):
    values = {f"x{i}": np.arange(200.0) for i in range(columns)}
    reference = fit(values, 200, model="m")
    context = Context(reference, tally(values, 200, reference))
    metric = Metric(metric="drift", feature="x0", rows=200, p_value=1e-4)
    assert odds(metric, context) == text


def test_metrics_without_a_feature_are_one_test():
    metric = Metric(metric="mae", rows=200, p_value=0.002)
    assert odds(metric, None) == "chance of this without a change: 1 in 500 windows"
