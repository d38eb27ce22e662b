"""Outliers: of one column against the reference, never within the batch; and of whole rows."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import quality, row_outliers
from modeltap.analysis.detectors.context import BothSamples
from modeltap.analysis.references.fit import fit

NAN = float("nan")
NORMAL = np.random.default_rng(12).normal(50, 10, size=5000)
USUAL = [48.0, 51.5, 46.0, 55.0, 52.0, 44.5, 49.0, 50.5, 53.0, 47.0] * 2


def rates(then, now, min_rows=5, alpha=0.01):
    """Return the quality metrics of one column's batch by name."""
    reference = fit({"x": then}, len(then), model="m")
    counted = tally({"x": now}, len(now), reference)
    judged = evaluated(reference, counted, [quality], alpha=alpha, min_rows=min_rows)
    return {metric.metric: metric for metric in judged}


def z_scores(batch):
    """The usual snippet: deviations within the batch."""
    return np.abs(np.array(batch) - np.mean(batch)) / np.std(batch)


@pytest.mark.parametrize("rows", [2, 5, 9, 10])
def test_a_batch_of_ten_rows_or_fewer_shows_its_outlier(rows):
    """No z-score within the batch can be more than sqrt(n - 1): that is 3 for ten rows."""
    batch = [*USUAL[: rows - 1], 1e6]
    assert z_scores(batch).max() <= 3.0001
    found = rates(NORMAL, batch)["outlier_rate"]
    assert (found.count, found.rows, found.value) == (1, rows, 1 / rows)


def test_a_batch_of_outliers_alone_shows_them_all():
    """Ten rows, all far out and all alike: within the batch nothing deviates."""
    found = rates(NORMAL, [200.0] * 10)["outlier_rate"]
    assert (found.count, found.value, found.verdict) == (10, 1.0, "alert")
    assert found.explanation.startswith("x: far out (beyond ")


def test_two_huge_outliers_do_not_mask_each_other():
    """Their own spread hides both from a z-score of the batch."""
    batch = [*USUAL[:13], 1e9, -1e9]
    assert z_scores(batch).max() < 3
    found = rates(NORMAL, batch)["outlier_rate"]
    assert (found.count, found.rows, found.verdict) == (2, 15, "alert")


def test_a_nan_blanks_nothing():
    """It is missing: the outliers beside it are counted, among the rows that have a value."""
    batch = [*USUAL[:15], NAN, None, 1e6, -1e6]
    assert np.isnan(np.std(np.array(batch, dtype=float)))
    found = rates(NORMAL, batch)
    assert (found["outlier_rate"].count, found["outlier_rate"].rows) == (2, 17)
    assert (found["missing_rate"].count, found["missing_rate"].rows) == (2, 19)
    assert found["outlier_rate"].value == 2 / 17


def test_what_is_wide_within_a_batch_is_no_outlier_of_a_wider_reference():
    """One row far from its batch, and usual all the same."""
    batch = [*[50.0] * 19, 75.0]
    assert z_scores(batch).max() > 4
    assert rates(NORMAL, batch)["outlier_rate"].count == 0


def test_outliers_in_the_reference_do_not_hide_those_of_a_batch():
    """Median and absolute deviation: one row of ten at 1e9 moves them little."""
    then = NORMAL.copy()
    then[::10] = 1e9
    found = rates(then, [*USUAL, 200.0, 300.0])["outlier_rate"]
    assert (found.count, found.rows) == (2, 22)


def test_fences_by_hand():
    """0 to 999: median 499.5; half of all lie within 250 of it, times 1.4826, times 3.5."""
    then = list(range(1000))
    reach = 3.5 * 1.4826 * 250
    inside = [499.5 - reach + 0.01, 499.5 + reach - 0.01, 0, 999]
    outside = [499.5 - reach - 0.01, 499.5 + reach + 0.01, 1e12]
    found = rates([*then, *then], inside + outside)["outlier_rate"]
    assert (found.count, found.rows) == (3, 7)


def test_tukeys_fences_by_hand():
    """0 to 999: quartiles 249.75 and 749.25, so -499.5 and 1498.5; it only describes."""
    then = [float(n) for n in range(1000)] * 2
    inside = [-499.5, -499.4, 0.0, 500.0, 999.0, 1498.4, 1498.5]
    outside = [-499.6, -1e9, 1498.6, 1e300]
    found = rates(then, [*inside, *outside, NAN])["iqr_outlier_rate"]
    assert (found.count, found.rows, found.value) == (4, 11, 4 / 11)
    assert found.verdict is None and found.low < found.value < found.high
    assert rates(then, inside)["iqr_outlier_rate"].value == 0.0


def test_a_normal_column_has_the_rates_of_a_normal_distribution():
    """Beyond Tukey's fences lie .7 %, beyond 3.5 deviations .05 %."""
    rng = np.random.default_rng(4)
    found = rates(rng.normal(size=50_000), rng.normal(size=50_000))
    assert found["iqr_outlier_rate"].value == pytest.approx(0.00698, abs=0.0012)
    assert found["outlier_rate"].value == pytest.approx(0.00047, abs=0.0003)


def columns(rows):
    return {f"x{i}": column.tolist() for i, column in enumerate(rows.T)}


def coincide(rows, share, rng):
    """Let the largest values of all columns be in the same rows; no column changes otherwise."""
    count = int(share * len(rows))
    ordered = np.sort(np.abs(rows), axis=0)[::-1]
    ordered[count:] = rng.permuted(ordered[count:], axis=0)
    return ordered * rng.choice([-1, 1], size=rows.shape)


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_outlying_only_jointly_are_found(seed):
    """Each value is usual, and no column drifts; all extreme at once is like no row before."""
    rng = np.random.default_rng(seed)
    then, now = rng.normal(size=(2000, 6)), rng.normal(size=(1000, 6))
    reference = fit(columns(then), len(then), model="m")
    learnt = sample(columns(then), len(then), reference)

    def judged(rows):
        coded = sample(columns(rows), len(rows), reference)
        counted = tally(columns(rows), len(rows), reference)
        samples = BothSamples(learnt, coded)
        (metric,) = evaluated(reference, counted, [row_outliers], alpha=0.001, samples=samples)
        return metric, metric.evidence.places

    metric, places = judged(now)
    assert metric.verdict == "ok" and metric.value < 0.03
    odd = coincide(now, 0.1, rng)
    metric, places = judged(odd)
    assert metric.verdict == "alert" and metric.value == pytest.approx(0.1, abs=0.02)
    assert len(places) == 5 and max(places) < 100
    assert "rows unlike the reference's went from" in metric.explanation
    many, _ = judged(
        np.concatenate([odd[:100], coincide(rng.normal(size=(900, 6)), 0.1, rng)[:90]])
    )
    assert many.value > 0.9, "what is frequent in a window is usual in the reference's eyes only"
    counted = tally(columns(odd), len(odd), reference)
    assert not [m for m in evaluated(reference, counted) if m.verdict == "alert"]
