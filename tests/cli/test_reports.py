"""`modeltap drift`, `quality`, `performance`, `latency`: for people and for programs."""

from __future__ import annotations

from command import lines, modeltap
from stores import every, put


def test_what_is_not_there_yet_is_said_with_its_reason(tmp_path):
    """Labels that did not come are not missing analyses."""
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    assert "no performance results yet: it needs labels" in modeltap(
        "performance", "--store", store
    )
    assert "no latency results yet: with row windows it is computed by the hour" in modeltap(
        "latency", "--store", store
    )


def test_what_was_found_for_people(at):
    """Alerts on top; of one feature with its distribution in the reference and now."""
    said = modeltap("drift", *at, "--model", "m")
    assert "drift" in said.splitlines()[1] and "alert" in said.splitlines()[1]
    said = modeltap("drift", *at, "--feature", "amount")
    assert "amount: reference and latest window" in said and "█" in said
    rows = lines(modeltap("quality", *at, "--last", "2", "--json"))
    assert {row["metric"] for row in rows} >= {"missing_rate", "duplicate_rate", "gap_seconds"}
    assert len({row["window_start"] for row in rows}) == 2
    assert "mae" in modeltap("performance", *at)
    assert "latency" in modeltap("latency", *at) or "no latency yet" in modeltap("latency", *at)
    assert "did you mean 'amount'" in modeltap("drift", *at, "--feature", "amuont", code=1)
