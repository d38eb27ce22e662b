"""Metrics of the windows before and after a change of version."""

from __future__ import annotations

import numpy as np

from modeltap.versioning.version_windows import names_of, window_differences


def windows(values, metric="mae", feature=None, segment=None, window="1h"):
    return [
        {"metric": metric, "feature": feature, "segment": segment, "window": window, "value": value}
        for value in values
    ]


def test_intervals_hold_the_truth_and_alarms_are_rare():
    """Without a change, at most 1 % of comparisons of 20 metrics show any."""
    random = np.random.default_rng(1)
    covered, alarms, runs = 0, 0, 300
    for _ in range(runs):
        before, after = [], []
        for number in range(20):
            before += windows(random.normal(5, 1, 24), f"m{number}")
            after += windows(random.normal(5, 2, 12), f"m{number}")
        rows = window_differences(before, after)
        alarms += any(row.has_changed for row in rows)
        covered += rows[0].before_low <= 5 <= rows[0].before_high
    assert alarms <= 9  # 1 % are 3; 9 has a chance of .001
    assert covered >= 0.9 * runs  # of the most different metric of each run


def test_a_change_is_found_and_comes_first():
    random = np.random.default_rng(2)
    before = windows(random.normal(5, 1, 24), "rmse") + windows(random.normal(5, 1, 24), "mae")
    after = windows(random.normal(5, 1, 24), "rmse") + windows(random.normal(8, 1, 24), "mae")
    first, second = window_differences(before, after)
    assert first.metric == "mae" and first.has_changed and not second.has_changed
    assert first.before_count == first.after_count == 24
    assert first.low < 3 < first.high and first.of == "windows"


def test_metrics_are_compared_with_themselves():
    """Of the same column, the same group and the same length of window."""
    sides = [
        windows([1.0, 2.0], "drift", "x")
        + windows([3.0, 4.0], "drift", "y")
        + windows([5.0, 6.0], "selection_rate", segment="sex=F")
        + windows([7.0, 8.0], "drift", "x", window="1d")
        for _ in range(2)
    ]
    rows = window_differences(sides[0], sides[1] + windows([9.0], "only_after"))
    names = [(row.metric, row.feature, row.segment, row.before) for row in rows]
    assert sorted(names, key=lambda name: name[-1]) == [
        ("drift", "x", None, 1.5),
        ("drift", "y", None, 3.5),
        ("selection_rate", None, "sex=F", 5.5),
        ("drift", "x", None, 7.5),
    ]
    assert names_of(rows) == set()


def test_a_single_window_has_no_interval():
    (row,) = window_differences(windows([1.0]), windows([2.0, 2.1]))
    assert row.difference is not None and row.low is None and not row.has_changed
    assert row.before_low is None and row.after_low is not None


def test_constant_metrics_have_no_variation():
    (same,) = window_differences(windows([1.0] * 3), windows([1.0] * 3))
    (other,) = window_differences(windows([1.0] * 3), windows([2.0] * 3))
    assert not same.has_changed and other.has_changed
