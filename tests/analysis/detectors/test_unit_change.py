"""Changes of unit: half of the values more than a full range outside the range so far."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.detectors.unit_change import evaluate


@pytest.mark.parametrize("factor", [1000.0, 100.0, -3.0, 2.54])
@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_half_of_the_rows_far_outside_the_range_alert(factor, share):
    values = np.full(100, 10.0)
    values[: round(share * 100)] *= factor
    metric = evaluate("x", values, 8.0, 12.0)
    assert (metric.verdict, metric.count, metric.value) == ("alert", round(share * 100), share)
    assert metric.evidence.low == 8.0 and metric.strength >= 2


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([10.0] * 51 + [99.0] * 49, 8.0, 12.0),  # fewer than half
        ([15.9] * 100, 8.0, 12.0),  # outside, but by less than a full range
        ([4.1] * 100, 8.0, 12.0),
        ([99.0] * 100, 10.0, 10.0),  # the range is empty
        ([float("nan")] * 100, 8.0, 12.0),
        ([], 8.0, 12.0),
    ],
)
def test_other_values_do_not_alert(values, low, high):
    metric = evaluate("x", np.array(values), low, high)
    assert metric.verdict == "ok" and metric.evidence is None
    assert metric.rows == np.sum(~np.isnan(np.array(values)))
