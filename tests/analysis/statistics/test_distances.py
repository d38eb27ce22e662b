"""Distances between counts: close to the exact ones, where common snippets are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics import distances, hypothesis_tests

rng = np.random.default_rng(1)


def compare(then, now, name="x"):
    """Return the feature, its reference counts and a window's counts."""
    reference = fit({name: then}, len(then), model="m")
    feature = reference.features[0]
    counted = tally({name: now}, len(now), reference).counts[layout(reference)[name]]
    return feature, np.array(feature.counts[: feature.bins]), counted[: feature.bins]


def test_psi_of_one_distribution_is_near_zero_for_unequal_sizes():
    """It compares fractions; a snippet that compares counts yields 566."""
    feature, then, now = compare(rng.normal(size=5000), rng.normal(size=20_000))
    assert distances.psi(distances.coarse(feature, then), distances.coarse(feature, now)) < 0.02


@pytest.mark.parametrize("change", [lambda x: x + 100, lambda x: x * 1000])
def test_shifts_and_scales_increase_psi(change):
    """Bins are those of the reference, with open ends; a snippet without these yields 0.0."""
    values = rng.normal(size=5000)
    feature, then, now = compare(values, change(values))
    assert distances.effect(distances.coarse(feature, then), distances.coarse(feature, now)) > 0.4
    assert hypothesis_tests.p_value(then, now, feature) < 1e-9


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=30),
    st.lists(st.integers(0, 1000), min_size=2, max_size=30),
)
def test_every_distance_is_finite(a, b):
    """With empty bins and without any rows, too."""
    size = min(len(a), len(b))
    then, now = np.array(a[:size]), np.array(b[:size])
    values = [
        distances.psi(then, now),
        distances.ks(then, now),
        distances.js(then, now),
        *hypothesis_tests.chi2(then, now),
        distances.effect(then, now),
    ]
    assert np.isfinite(values).all()
    assert 0 <= distances.js(then, now) <= 1 and 0 <= distances.ks(then, now) <= 1


def test_ks_from_counts_matches_ks_of_the_values():
    """With 128 quantile bins, the error is below .005 for 5,000 rows."""
    then, now = rng.normal(size=5000), rng.normal(0.3, 1.2, size=5000)
    grid = np.sort(np.concatenate([then, now]))
    exact = (
        np.max(
            np.abs(
                np.searchsorted(np.sort(then), grid, "right")
                - np.searchsorted(np.sort(now), grid, "right")
            )
        )
        / 5000
    )
    _, a, b = compare(then, now)
    assert distances.ks(a, b) == pytest.approx(exact, abs=0.006)


@pytest.mark.parametrize(
    "values",
    [
        rng.normal(size=5000),
        rng.lognormal(size=5000),
        np.where(rng.random(5000) < 0.6, 0.0, rng.exponential(size=5000)),
    ],
)
def test_wasserstein_from_counts_matches_that_of_the_values(values):
    """Normal, lognormal and zero-inflated columns, in the feature's unit."""
    moved = values + 0.5 * values.std()
    feature, a, b = compare(values, moved)
    assert distances.wasserstein(a, b, feature) == pytest.approx(0.5 * values.std(), rel=0.1)


def test_wasserstein_measures_values_outside_the_reference():
    """Ten standard deviations, not just the distance to the last edge."""
    values = rng.normal(size=5000)
    feature, a, b = compare(values, values + 10)
    assert distances.wasserstein(a, b, feature) == pytest.approx(10, rel=0.1)


def learn(column):
    return fit({"f": column}, len(column), model="m").features[0]


def test_values_outside_the_reference_have_their_own_coarse_bin():
    """Otherwise 5 % of outliers would only slightly enlarge the outer tenth."""
    values = rng.normal(size=10_000)
    feature = learn(values)
    few = distances.coarse(feature, np.array(feature.counts[: feature.bins]))
    assert len(few) == 12 and few[0] == few[-1] == 0
    assert few[1:-1].min() > 900


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
    # Bins outside the reference grow with the distance.
    ("uniform", "a fifth wider"): (0.0080, 0.0017),
    ("uniform", "half a deviation up"): (0.0051, 0.0017),
    ("lognormal", "a fifth of a deviation down"): (0.0107, 0.0017),
    ("lognormal", "half a deviation up"): (0.0039, 0.0017),
    ("zero-inflated", "a fifth of a deviation down"): (0.0490, 0.0017),
    # Its zeros, 60 % of rows, are in the middle of a bin.
    ("zero-inflated", "a fifth of a deviation up"): (0.0097, 0.0101),
    ("zero-inflated", "half a deviation up"): (0.0124, 0.0101),
}
"""Changes with larger tolerances: the measured errors plus a third."""


def errors(then, now):
    """Return the errors of both distances from counts."""
    reference = fit({"x": then}, len(then), model="m")
    feature = reference.features[0]
    counts = tally({"x": now}, len(now), reference).counts
    counted = counts[layout(reference)["x"]][: feature.bins]
    baseline = np.array(feature.counts[: feature.bins])
    exact = wasserstein_distance(then, now), ks_2samp(then, now).statistic
    return (
        abs(distances.wasserstein(baseline, counted, feature) - exact[0]) / then.std(),
        abs(distances.ks(baseline, counted) - exact[1]),
    )


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein_and_ks_match_the_exact_ones(shape, change):
    """For two samples of 10,000 rows, of the same source or a changed one."""
    gaps = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        gaps.append(errors(SHAPES[shape](rng), CHANGES[change](SHAPES[shape](rng))))
    distance, ks = np.max(gaps, axis=0)
    bounds = WIDER.get((shape, change), PROMISED)
    assert distance < bounds[0] and ks < bounds[1], (distance, ks)


@pytest.mark.parametrize("shape", SHAPES)
def test_at_most_163_bins_are_needed(shape):
    """For any shape, with the bins outside the reference."""
    reference = fit({"x": SHAPES[shape](np.random.default_rng(0))}, ROWS, model="m")
    assert len(reference.features[0].edges) <= 163


@pytest.mark.parametrize("column", [rng.normal(size=900).tolist(), list("abcdefghij") * 90])
def test_many_counts_are_coarsened_as_each_of_them(column):
    feature, counts, _ = compare(column, column)
    several = np.stack([counts, 2 * counts, rng.permutation(counts)])
    expected = [distances.coarse(feature, each) for each in several]
    assert distances.coarse_each(feature, several).tolist() == np.array(expected).tolist()
