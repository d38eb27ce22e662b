"""`modeltap drift`, `quality`, `performance` and `latency`: output for people and for programs."""

from __future__ import annotations

from contextlib import closing

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put


def test_missing_results_are_reported_with_the_reason(tmp_path):
    """Missing labels are not a missing analysis."""
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    assert "no performance results yet: they need labels" in modeltap(
        "performance", "--store", store
    )
    assert "no latency results yet: `modeltap analyze` computes them" in modeltap(
        "latency", "--store", store
    )


def test_unmatched_labels_are_rows_of_the_performance_report(tmp_path):
    """Also without labelled windows; `status` mentions them, too."""
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    analyze(store, {})
    with closing(connect(store)) as connection, writing(connection):
        insert_labels(connection, [Label("nobody", 0, 1)], source="test")
    (row,) = lines(modeltap("performance", "--store", store, "--json"))
    assert (row["model"], row["metric"], row["verdict"]) == (
        "m",
        "label_coverage",
        "not_comparable",
    )
    assert (row["count"], row["rows"]) == (1, 1)
    assert row["explanation"].startswith("1 of 1 labels match no prediction: no exchange has their")
    shown = modeltap("performance", "--store", store)
    assert "label_coverage" in shown and "no performance yet" not in shown
    assert "1 of 1 labels match no prediction" in modeltap("status", "--store", store)
    (row,) = lines(modeltap("status", "--store", store, "--json"))
    assert any("labels match no prediction" in one for one in row["not_monitored"])


def test_reports_list_alerts_first(at):
    """With --feature, its distribution in the reference and in the latest window."""
    shown = modeltap("drift", *at, "--model", "m")
    assert "drift" in shown.splitlines()[1] and "alert" in shown.splitlines()[1]
    shown = modeltap("drift", *at, "--feature", "amount")
    assert "amount: reference and latest window" in shown and "█" in shown
    rows = lines(modeltap("quality", *at, "--last", "2", "--json"))
    assert {row["metric"] for row in rows} >= {"missing_rate", "duplicate_rate", "gap_seconds"}
    assert len({row["window_start"] for row in rows}) == 2
    assert "mae" in modeltap("performance", *at)
    assert "latency" in modeltap("latency", *at) or "no latency yet" in modeltap("latency", *at)
    shown = modeltap("quality", *at).splitlines()
    assert len(shown) <= 7
    assert len(modeltap("quality", *at, "--all").splitlines()) > len(shown)
    assert "did you mean 'amount'" in modeltap("drift", *at, "--feature", "amuont", code=1)
