"""Rates of missing, mistyped, unseen and outlying values, without false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import quality
from modeltap.analysis.references.fit import fit
from modeltap.config.settings import FeatureSettings

rng = np.random.default_rng(8)
WORDS = rng.choice(list("abc"), size=2000).tolist()


def rates(then, now, alpha=0.0004, **options):
    """Return the rates of one column's window by name."""
    reference = fit({"f": then}, len(then), model="m")
    counted = tally({"f": now}, len(now), reference)
    metrics = evaluated(reference, counted, [quality], alpha=alpha, **options)
    return {metric.metric: metric for metric in metrics}


def test_each_rate_has_its_own_denominator():
    """All rows, rows with a value, and rows with a value of the right type."""
    result = rates(WORDS, [None] * 20 + [7] * 30 + ["new"] * 50 + ["a"] * 100)
    assert {name: (m.count, m.rows) for name, m in result.items()} == {
        "missing_rate": (20, 200),
        "type_mismatch_rate": (30, 180),
        "unseen_rate": (50, 150),
    }
    assert all(m.verdict == "alert" and m.low < m.value < m.high for m in result.values())


@pytest.mark.parametrize("code", [-999.0, 0.0, 9999.0, 1e30])
@pytest.mark.parametrize("part", [0.006, 0.05, 0.2])
def test_a_likely_code_for_a_missing_value_is_reported_as_a_rate(code, part):
    """The rate is exact for any number of rows; it is absent if the code is declared."""
    values = np.random.default_rng(1).normal(500, 20, 3000)
    then, now = values.copy(), values[:1000].copy()
    then[: int(3000 * part)] = code
    now[:77] = code
    result = rates(then, now)["sentinel_rate"]
    assert (result.count, result.rows, result.verdict) == (77, 1000, None)
    assert rates(then, values)["sentinel_rate"].count == 0
    assert "sentinel_rate" not in rates(values, now)
    declared = fit(
        {"f": then}, 3000, model="m", declared={"f": FeatureSettings(missing_values=[code])}
    )
    assert declared.by_name["f"].sentinel is None


def test_few_rows_give_no_verdict():
    """Three rows that are all missing; or a single row of the right type, with a new category."""
    assert rates(WORDS, [None] * 3)["missing_rate"].verdict == "not_enough_rows"
    result = rates(WORDS, ["new"] + [None] * 199)
    assert result["missing_rate"].verdict == "alert"
    assert result["unseen_rate"].verdict == "not_enough_rows"


def test_one_new_category_in_a_hundred_rows_does_not_alert():
    """A rate of one in 2,000 may not occur in the reference; a normal approximation would alert."""
    assert rates(WORDS, [*WORDS[:99], "new"])["unseen_rate"].verdict == "ok"


def test_new_categories_are_expected_if_some_occurred_once():
    """A column with a long tail always has new ones (Good, 1953) and alerts only for more."""
    weights = 1 / np.arange(1, 1001)
    draw = lambda n: [f"w{i}" for i in rng.choice(1000, size=n, p=weights / weights.sum())]  # noqa: E731
    then = draw(2000)
    alerts = sum(rates(then, draw(500))["unseen_rate"].verdict == "alert" for _ in range(20))
    assert alerts == 0
    now = draw(400) + [f"new{i}" for i in range(100)]
    assert rates(then, now)["unseen_rate"].verdict == "alert"


def test_fewer_missing_values_do_not_alert():
    """Only growth alerts, and only beyond two percentage points."""
    then = [None] * 500 + [1.5, 2.5, 3.5] * 500
    assert rates(then, [1.5] * 500)["missing_rate"].verdict == "ok"
    now = [None] * 130 + [1.5] * 370
    assert rates(then, now)["missing_rate"].verdict == "ok"


NAN = float("nan")

NORMAL = np.random.default_rng(12).normal(50, 10, size=5000)

USUAL = [48.0, 51.5, 46.0, 55.0, 52.0, 44.5, 49.0, 50.5, 53.0, 47.0] * 2


def column_rates(then, now):
    """Return the quality metrics of one column's batch by name, from five rows on."""
    reference = fit({"x": then}, len(then), model="m")
    counted = tally({"x": now}, len(now), reference)
    metrics = evaluated(reference, counted, [quality], alpha=0.01, min_rows=5)
    return {metric.metric: metric for metric in metrics}


def z_scores(batch):
    """Return z-scores within the batch, as in common snippets."""
    return np.abs(np.array(batch) - np.mean(batch)) / np.std(batch)


@pytest.mark.parametrize("rows", [2, 5, 9, 10])
def test_an_outlier_in_a_small_batch_is_detected(rows):
    """A z-score within the batch is at most sqrt(n - 1), which is 3 for ten rows."""
    batch = [*USUAL[: rows - 1], 1e6]
    assert z_scores(batch).max() <= 3.0001
    result = column_rates(NORMAL, batch)["outlier_rate"]
    assert (result.count, result.rows, result.value) == (1, rows, 1 / rows)


def test_a_batch_of_only_outliers_is_detected():
    """Ten equal rows, all outlying: no row deviates within the batch."""
    result = column_rates(NORMAL, [200.0] * 10)["outlier_rate"]
    assert (result.count, result.value, result.verdict) == (10, 1.0, "alert")
    assert result.explanation.startswith("x: outliers (outside ")


def test_two_huge_outliers_do_not_mask_each_other():
    """Their spread hides both from a z-score within the batch."""
    batch = [*USUAL[:13], 1e9, -1e9]
    assert z_scores(batch).max() < 3
    result = column_rates(NORMAL, batch)["outlier_rate"]
    assert (result.count, result.rows, result.verdict) == (2, 15, "alert")


def test_nan_does_not_hide_outliers():
    """It counts as missing; outliers are counted among the rows with a value."""
    batch = [*USUAL[:15], NAN, None, 1e6, -1e6]
    assert np.isnan(np.std(np.array(batch, dtype=float)))
    result = column_rates(NORMAL, batch)
    assert (result["outlier_rate"].count, result["outlier_rate"].rows) == (2, 17)
    assert (result["missing_rate"].count, result["missing_rate"].rows) == (2, 19)
    assert result["outlier_rate"].value == 2 / 17


def test_outliers_are_relative_to_the_reference():
    """A row far from its batch may be normal for the reference."""
    batch = [*[50.0] * 19, 75.0]
    assert z_scores(batch).max() > 4
    assert column_rates(NORMAL, batch)["outlier_rate"].count == 0


def test_outliers_in_the_reference_do_not_hide_those_of_a_batch():
    """Median and absolute deviation are robust: one in ten rows at 1e9 hardly changes them."""
    then = NORMAL.copy()
    then[::10] = 1e9
    result = column_rates(then, [*USUAL, 200.0, 300.0])["outlier_rate"]
    assert (result.count, result.rows) == (2, 22)


def test_mad_bounds_match_a_manual_computation():
    """Values 0 to 999: the median is 499.5; half are within 250 of it, times 1.4826, times 3.5."""
    then = list(range(1000))
    reach = 3.5 * 1.4826 * 250
    inside = [499.5 - reach + 0.01, 499.5 + reach - 0.01, 0, 999]
    outside = [499.5 - reach - 0.01, 499.5 + reach + 0.01, 1e12]
    result = column_rates([*then, *then], inside + outside)["outlier_rate"]
    assert (result.count, result.rows) == (3, 7)


def test_tukeys_fences_match_a_manual_computation():
    """Values 0 to 999: quartiles 249.75 and 749.25, so -499.5 and 1498.5; there is no verdict."""
    then = [float(n) for n in range(1000)] * 2
    inside = [-499.5, -499.4, 0.0, 500.0, 999.0, 1498.4, 1498.5]
    outside = [-499.6, -1e9, 1498.6, 1e300]
    result = column_rates(then, [*inside, *outside, NAN])["iqr_outlier_rate"]
    assert (result.count, result.rows, result.value) == (4, 11, 4 / 11)
    assert result.verdict is None and result.low < result.value < result.high
    assert column_rates(then, inside)["iqr_outlier_rate"].value == 0.0


def test_a_normal_column_has_the_rates_of_a_normal_distribution():
    """.7 % are outside Tukey's fences, .05 % beyond 3.5 deviations."""
    rng = np.random.default_rng(4)
    result = column_rates(rng.normal(size=50_000), rng.normal(size=50_000))
    assert result["iqr_outlier_rate"].value == pytest.approx(0.00698, abs=0.0012)
    assert result["outlier_rate"].value == pytest.approx(0.00047, abs=0.0003)
