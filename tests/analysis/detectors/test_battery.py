"""Robustness of all detectors: bad columns never raise, nor affect other columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from bad_columns import CASES, WINDOW, check_finite
from detecting import evaluated
from modeltap.analysis.counting.sample import Sample, sample
from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.detectors import (
    constant_feed,
    duplicate_rate,
    multivariate,
    row_outliers,
    schema_change,
    text_and_vector,
)
from modeltap.analysis.detectors.context import BothSamples
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit

ROWS = 900
WORDS = np.array(list("abcde"))


def good(rng: np.random.Generator, rows: int, shift: float = 0.0) -> dict[str, Any]:
    """Three numbers, a category, a boolean, a text and a vector; `x1` may be shifted."""
    x = rng.normal(size=(rows, 3))
    vectors = rng.normal(1.0, 1.0, size=(rows, 8)).tolist()
    topics = rng.choice(["late parcel", "wrong size", "broken lid", "kind staff"], size=(rows, 3))
    return {
        "bad": x[:, 0].tolist(),
        "x1": (x[:, 1] + shift).tolist(),
        "x2": x[:, 2].tolist(),
        "c": rng.choice(WORDS, size=rows).tolist(),
        "b": (rng.random(rows) < 0.4).tolist(),
        "t": [" and ".join(row) + f" n{rng.integers(1000, 9999)}" for row in topics],
        "v": vectors,
    }


Found = Iterable[Metric]
FEED_DETECTORS = [schema_change, duplicate_rate, constant_feed]


def univariate(reference: Reference, window: Tally, _: Sample, __: Sample) -> Found:
    return evaluated(reference, window)


def of_the_feed(reference: Reference, window: Tally, _: Sample, __: Sample) -> Found:
    alpha = 0.001 * len(reference.features)  # a thousandth for each
    return evaluated(reference, window, FEED_DETECTORS, alpha=alpha)


def of_samples(reference: Reference, window: Tally, then: Sample, now: Sample) -> Found:
    samples = BothSamples(then, now)
    return evaluated(
        reference, window, [multivariate, text_and_vector], alpha=0.01, samples=samples
    )


def of_rows(reference: Reference, window: Tally, then: Sample, now: Sample) -> Found:
    samples = BothSamples(then, now)
    return evaluated(reference, window, [row_outliers], alpha=0.01, samples=samples)


DETECTORS: list[Callable[..., Found]] = [univariate, of_the_feed, of_samples, of_rows]


def evaluated_by(
    detector: Callable[..., Found], before: dict[str, Any], after: dict[str, Any]
) -> Found:
    """Evaluate a window against a reference, with samples and tallies as they are stored."""
    rows = len(before["x1"])
    reference = Reference.from_json(fit(before, rows, model="m").to_json())
    counted = tally(after, WINDOW, reference)
    then = Sample.unpack(sample(before, rows, reference).pack(), reference)
    now = Sample.unpack(sample(after, WINDOW, reference).pack(), reference)
    return list(detector(reference, Tally.unpack(counted.pack()), then, now))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_a_bad_column_of_a_window(detector, case):
    """Nothing raises, no value is NaN, and a shift in another column is still detected."""
    rng = np.random.default_rng(13)
    before, after = good(rng, ROWS), good(rng, WINDOW, shift=0.8)
    if CASES[case] is None:
        del after["bad"]
    else:
        after["bad"] = CASES[case]
    metrics = evaluated_by(detector, before, after)
    check_finite(metrics)
    alerts = {(m.metric, m.feature) for m in metrics if m.verdict == "alert"}
    if detector is univariate:
        assert ("drift", "x1") in alerts
        assert {feature for _, feature in alerts} <= {"bad", "x1"}
        assert "bad" in {feature for _, feature in alerts}, "no finding about the column"
    if detector is of_samples:
        assert ("multivariate_drift", None) in alerts
    if detector is of_the_feed:
        assert alerts == FEED.get(case, set())
    if detector is of_rows and case != "a bit of everything":
        assert alerts == ({("row_outlier_rate", None)} if case in OUTLYING else set())


FEED = {
    "absent": {("schema_change", None)},
    "constant": {("constant_feed", "bad")},
    "huge integers": {("constant_feed", "bad")},
}
"""The alerts expected about a window's feed; there are none about other columns."""

OUTLYING = ("constant", "huge integers", "infinities")
"""Columns of which every row is an outlier."""


REFERENCES_OUTLYING = ("one 1e12", "numbers as strings")
"""Columns of the reference with other numbers than a good window, also as texts."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_a_bad_column_of_a_reference(detector, case):
    """The reverse case: the reference is bad and the window is good."""
    rng = np.random.default_rng(4)
    before, after = good(rng, ROWS), good(rng, WINDOW, shift=0.8)
    values = CASES[case]
    if values is None:
        del before["bad"]
    else:
        before["bad"] = values * (ROWS // WINDOW)
    metrics = evaluated_by(detector, before, after)
    check_finite(metrics)
    alerts = {(m.metric, m.feature) for m in metrics if m.verdict == "alert"}
    if detector is univariate:
        assert ("drift", "x1") in alerts
        assert {feature for _, feature in alerts} <= {"bad", "x1"}
    if detector is of_samples:
        assert ("multivariate_drift", None) in alerts
    if detector is of_the_feed:  # the column is a new field if the reference does not have it
        assert alerts == ({("schema_change", None)} if case == "absent" else set())
    if detector is of_rows and case not in REFERENCES_OUTLYING:
        assert not alerts


@pytest.mark.parametrize(
    "column",
    [f"{name} {case}" for name in ("c", "b") for case in CASES]
    + [f"{name} {case}" for name in ("t", "v") for case in list(CASES)[::3]],
)
@pytest.mark.parametrize("detector", DETECTORS[:3])
def test_a_bad_column_of_another_type(detector, column):
    """A category, a boolean, a text or a vector that suddenly holds anything."""
    name, _, case = column.partition(" ")
    rng = np.random.default_rng(5)
    before, after = good(rng, ROWS), good(rng, WINDOW)
    if CASES[case] is None:
        del after[name]
    else:
        after[name] = CASES[case]
    metrics = evaluated_by(detector, before, after)
    check_finite(metrics)
    features = {m.feature for m in metrics if m.verdict == "alert" and m.feature}
    assert {feature.split(".")[0] for feature in features} <= {name}
    if detector is univariate and not (name == "b" and case == "booleans"):
        assert features, "no finding about the column"


@pytest.mark.parametrize("rows", [0, 1, 2, 50])
@pytest.mark.parametrize("detector", DETECTORS)
def test_too_few_rows_give_no_verdict(detector, rows):
    """For any content."""
    rng = np.random.default_rng(6)
    before = good(rng, ROWS)
    after = {name: column[:rows] for name, column in good(rng, WINDOW, shift=9.0).items()}
    reference = fit(before, ROWS, model="m")
    then, now = sample(before, ROWS, reference), sample(after, rows, reference)
    metrics = list(detector(reference, tally(after, rows, reference), then, now))
    check_finite(metrics)
    assert not [m for m in metrics if m.verdict == "alert"]


def test_one_huge_value_in_the_reference_hides_no_drift():
    """With one 1e12 among 2,000 values, a shift of 1 sd in the same column is detected."""
    rng = np.random.default_rng(7)
    before, after = good(rng, ROWS), good(rng, WINDOW)
    before["bad"][17] = 1e12
    after["bad"] = (np.array(after["bad"]) + 1.0).tolist()
    alerts = {m.feature for m in evaluated_by(univariate, before, after) if m.verdict == "alert"}
    assert alerts == {"bad"}
