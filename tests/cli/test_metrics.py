"""`modeltap metrics`: selection by name, feature and latest windows."""

from __future__ import annotations

from command import lines, modeltap


def test_metrics_are_selected_by_name_feature_and_last_windows(at):
    """All windows by default, and never NaN."""
    rows = lines(modeltap("metrics", *at, "--metric", "drift", "--feature", "amount", "--json"))
    assert len(rows) == 30 and rows[0]["in_reference"] == 1 and rows[-1]["verdict"] == "alert"
    assert "NaN" not in modeltap("metrics", *at, "--json")
    last = lines(modeltap("metrics", *at, "--metric", "mae", "--last", "2", "--json"))
    assert [row["window_start"][11:13] for row in last] == ["04", "05"]
    assert "mae" in modeltap("metrics", *at, "--metric", "mae")


def test_a_metric_that_no_window_has_says_what_it_needs(at):
    """If nothing of its report is stored; else the error lists the metrics."""
    fairness = modeltap("metrics", *at, "--metric", "equalized_odds_difference", code=1)
    assert "in this store yet; `modeltap fairness` reports what it needs" in fairness
    accuracy = modeltap("metrics", *at, "--metric", "accuracy", code=1)
    assert "no metric 'accuracy' in this store; available: " in accuracy
