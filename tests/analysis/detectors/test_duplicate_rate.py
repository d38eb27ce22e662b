"""Rows that repeat: no news where they always did, news where they begin to."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import duplicate_rate
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.references.fit import fit

KINDS = {
    "a row of zeros in a sixth": lambda rng, n: np.where(
        rng.random(n) < 1 / 6, 0.0, rng.normal(size=n)
    ),
    "of 1,000": lambda rng, n: rng.integers(0, 1000, n) * 1.0,
    "Zipf": lambda rng, n: rng.zipf(1.4, size=n) * 1.0,
    "none": lambda rng, n: rng.normal(size=n),
}


def evaluated(reference, values):
    columns = {"x": values}
    context = Context(reference, tally(columns, len(values), reference))
    return duplicate_rate.evaluate(context)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [100, 2000, 10_000])
def test_usual_repeats_raise_nothing(kind, rows):
    """Windows smaller and larger than the reference; at .009 two of 24 come once in 50 times."""
    rng = np.random.default_rng(6)
    reference = fit({"x": KINDS[kind](rng, 4000)}, 4000, model="m")
    found = [evaluated(reference, KINDS[kind](rng, rows)).verdict for _ in range(24)]
    assert found.count("alert") <= 1


@pytest.mark.parametrize("kind", ["a row of zeros in a sixth", "of 1,000", "none"])
def test_rows_that_come_twice_are_found(kind):
    rng = np.random.default_rng(6)
    reference = fit({"x": KINDS[kind](rng, 4000)}, 4000, model="m")
    again = np.repeat(KINDS[kind](rng, 500), 4)
    assert evaluated(reference, again).verdict == "alert"
