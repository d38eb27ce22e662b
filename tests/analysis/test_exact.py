"""Distances from counts beside the exact ones of the raw values, for columns of many shapes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics import distances

ROWS = 10_000
SEEDS = 5

SHAPES = {
    "normal": lambda rng: rng.normal(size=ROWS),
    "lognormal": lambda rng: rng.lognormal(size=ROWS),
    "uniform": lambda rng: rng.random(ROWS),
    "zero-inflated": lambda rng: np.where(rng.random(ROWS) < 0.6, 0.0, rng.exponential(size=ROWS)),
}
PROMISED = (0.0027, 0.0017)
"""Wasserstein in standard deviations of the reference, and KS."""

CHANGES = {
    "none": lambda values: values,
    "a fifth wider": lambda values: values * 1.2,
    "a fifth of a deviation up": lambda values: values + 0.2 * values.std(),
    "a fifth of a deviation down": lambda values: values - 0.2 * values.std(),
    "half a deviation up": lambda values: values + 0.5 * values.std(),
}
WIDER = {
    # What lies beyond the reference has bins that grow with the distance.
    ("uniform", "a fifth wider"): (0.0080, 0.0017),
    ("uniform", "half a deviation up"): (0.0051, 0.0017),
    ("lognormal", "a fifth of a deviation down"): (0.0107, 0.0017),
    ("lognormal", "half a deviation up"): (0.0039, 0.0017),
    ("zero-inflated", "a fifth of a deviation down"): (0.0490, 0.0017),
    # Its zeros, 60 %, lie in the midst of a bin.
    ("zero-inflated", "a fifth of a deviation up"): (0.0097, 0.0101),
    ("zero-inflated", "half a deviation up"): (0.0124, 0.0101),
}
"""Changes after which less is held: measured, and a third more."""


def errors(then, now):
    """Return how far both distances from counts lie from those of the values."""
    reference = fit({"x": then}, len(then), model="m")
    feature = reference.features[0]
    counted = tally({"x": now}, len(now), reference).counts[layout(reference)["x"]][: feature.bins]
    usual = np.array(feature.counts[: feature.bins])
    exact = wasserstein_distance(then, now), ks_2samp(then, now).statistic
    return (
        abs(distances.wasserstein(usual, counted, feature) - exact[0]) / then.std(),
        abs(distances.ks(usual, counted) - exact[1]),
    )


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein_and_ks_are_near_the_exact_ones(shape, change):
    """10,000 rows and 10,000: whatever was drawn, of the same source or of a changed one."""
    found = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        found.append(errors(SHAPES[shape](rng), CHANGES[change](SHAPES[shape](rng))))
    distance, ks = np.max(found, axis=0)
    bounds = WIDER.get((shape, change), PROMISED)
    assert distance < bounds[0] and ks < bounds[1], (distance, ks)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_than_163_bins_do_it(shape):
    """Of the reference, whatever its shape, and those beyond it."""
    reference = fit({"x": SHAPES[shape](np.random.default_rng(0))}, ROWS, model="m")
    assert len(reference.features[0].edges) <= 163
