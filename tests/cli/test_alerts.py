"""`modeltap alerts`: output for people and for programs."""

from __future__ import annotations

from command import lines, modeltap


def test_alerts_are_printed_as_a_table_and_as_json(at):
    """JSON has the documented columns."""
    assert "amount: median went from" in modeltap("alerts", *at)
    rows = lines(modeltap("alerts", *at, "--model", "m", "--state", "firing", "--json"))
    assert {row["rule"] for row in rows} == {"data_drift", "prediction_drift", "performance"}
    assert {
        "id",
        "metric",
        "feature",
        "severity",
        "window_start",
        "last_window_start",
        "value",
        "threshold",
        "p_value",
        "summary",
        "started_at",
        "resolved_at",
    } <= set(rows[0])
