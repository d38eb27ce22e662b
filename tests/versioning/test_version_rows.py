"""Metrics of the rows of two versions."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.comparison.aligned_outputs import ModelForm
from modeltap.errors import InputError
from modeltap.store.versions import VersionRow
from modeltap.versioning.version_rows import duration_differences, durations_of, row_differences


def rows(predictions, labels, durations=None):
    durations = [None] * len(predictions) if durations is None else durations
    return [
        VersionRow(f"e{n}", 0, "2024-01-01T00:00:00.000Z", prediction, None, label, duration)
        for n, (prediction, label, duration) in enumerate(
            zip(predictions, labels, durations, strict=True)
        )
    ]


def by_name(compared):
    return {(row.metric, row.segment): row for row in compared}


def test_a_better_version_is_better():
    """Each side has its own interval, and the difference too."""
    random = np.random.default_rng(1)
    truth = random.normal(0, 1, 4000)
    before = rows((truth + random.normal(0, 1, 4000)).tolist(), truth.tolist())
    after = rows((truth[:3000] + random.normal(0, 0.7, 3000)).tolist(), truth[:3000].tolist())
    own = by_name(row_differences(before, after, ModelForm()))["mae", None]
    assert own.verdict == "better" and own.high < 0
    assert own.before_low < 0.798 < own.before_high  # the mean of a half normal distribution
    assert own.after_low < 0.558 < own.after_high
    assert (own.before_count, own.after_count) == (4000, 3000)


def test_equal_versions_are_not_shown_to_differ():
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 3000)
    predictions = np.where(random.random(3000) < 0.9, labels, 1 - labels)
    halves = [
        rows(predictions[part].tolist(), labels[part].tolist())
        for part in (slice(0, 1500), slice(1500, 3000))
    ]
    own = by_name(row_differences(*halves, ModelForm()))
    assert own["accuracy", None].verdict == "not_shown"
    assert own["prediction_rate", "class=1"].low < 0 < own["prediction_rate", "class=1"].high


def test_without_labels_predictions_and_durations_are_compared():
    before = rows(["a"] * 300, [None] * 300, [1.0] * 300)
    after = rows(["a", "b"] * 150, [None] * 300, [3.0] * 300)
    own = by_name(row_differences(before, after, ModelForm()))
    assert own["prediction_rate", "class=b"].difference == 0.5
    (median, *_) = duration_differences(durations_of(before), durations_of(after))
    assert median.difference == 2.0 and median.low == median.high == 2.0
    assert not any(row.verdict in ("better", "worse") for row in own.values())


def test_labels_of_one_version_only_are_not_compared():
    values = [n + 0.5 for n in range(90)]
    labelled, unlabelled = rows(values, values), rows(values, [None] * 90)
    own = by_name(row_differences(labelled, unlabelled, ModelForm()))
    assert ("mae", None) not in own and ("prediction_mean", None) in own


def test_versions_of_different_kinds_are_one_clear_line():
    with pytest.raises(InputError, match="cannot be compared"):
        row_differences(
            rows(["cat", "dog"] * 50, [1.5, 2.5] * 50), rows([1.5] * 100, [1.5] * 100), ModelForm()
        )


def test_percentiles_of_durations_have_intervals_that_hold():
    """Those of the median and of p95 of an exponential distribution, in 99 % of 300 samples."""
    random, held = np.random.default_rng(5), {50: 0, 95: 0}
    for _ in range(300):
        sides = [random.exponential(scale, 500).tolist() for scale in (1.0, 2.0)]
        own = {row.metric: row for row in duration_differences(*sides)}
        for percentile in held:
            row = own[f"latency_p{percentile}_ms"]
            truth = -np.log(1 - percentile / 100)
            held[percentile] += (
                row.before_low <= truth <= row.before_high and row.low <= truth <= row.high
            )
    assert all(count >= 290 for count in held.values()), held
    assert own["latency_p99_ms"].after_high is None  # the largest of 500 does not bound it


def test_each_of_several_outputs_is_compared():
    random = np.random.default_rng(1)
    truth = random.normal(0, 1, 2000)
    noise = random.normal(0, 1, 2000)
    labels = [{"a": own, "b": own} for own in truth.tolist()]
    same, closer, farther = ((truth + noise * factor).tolist() for factor in (1.0, 0.5, 2.0))
    before = rows([{"a": own, "b": own} for own in same], labels)
    after = rows([{"a": a, "b": b} for a, b in zip(closer, farther, strict=True)], labels)
    own = by_name(row_differences(before, after, ModelForm()))
    assert own["mae", "output=a"].verdict == "better"
    assert own["mae", "output=b"].verdict == "worse"
    other = rows([{"c": 1.0}] * 2000, labels)
    with pytest.raises(InputError, match="no output in common"):
        row_differences(before, other, ModelForm())
