"""Many, uniform or rare categories: no false alarms, and new ones are detected."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import COLUMN_DETECTORS, evaluate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.references.fit import fit

KINDS = {
    "500 even": np.ones(500),
    "900 even": np.ones(900),
    "100 even": np.ones(100),
    "Zipf of 500": 1 / np.arange(1, 501),
    "Zipf of 2,000": 1 / np.arange(1, 2001),
    "few": np.array([0.5, 0.3, 0.15, 0.05]),
}


def drawn(rng, shares, rows):
    names = np.array([f"w{place}" for place in range(len(shares))])
    return {"c": rng.choice(names, p=shares / shares.sum(), size=rows).tolist()}


def alerts(reference, columns, rows):
    metrics = evaluate(Context(reference, tally(columns, rows, reference)), COLUMN_DETECTORS)
    return {metric.metric: metric for metric in metrics if metric.verdict == "alert"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [100, 500, 2000])
def test_without_a_change_nothing_alerts(kind, rows):
    """At a level of .009, two alerts in 20 windows occur by chance in one of seventy runs."""
    rng = np.random.default_rng([rows, len(kind)])
    reference = fit(drawn(rng, KINDS[kind], 2000), 2000, model="m")
    raised = sum(bool(alerts(reference, drawn(rng, KINDS[kind], rows), rows)) for _ in range(20))
    assert raised <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_category_that_becomes_frequent_alerts(kind):
    """In a tenth of the rows, a new category is unseen, and a known one drifts."""
    rng = np.random.default_rng(3)
    shares = KINDS[kind]
    reference = fit(drawn(rng, shares, 2000), 2000, model="m")
    for word, metric in (("new", "unseen_rate"), ("w1", "drift")):
        columns = drawn(rng, shares, 1000)
        columns["c"][:150] = [word] * 150
        assert metric in alerts(reference, columns, 1000)
