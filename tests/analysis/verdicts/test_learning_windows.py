"""Windows during learning: gross faults alert, changes that the hour may explain do not."""

from __future__ import annotations

import pytest

from stores import analyze, put, read
from weeks import (
    ROWS_AN_HOUR,
    SHORT,
    SHORT_HOURS,
    as_text,
    empty,
    fired,
    from_hour,
    in_cents,
    reference_of,
    renamed,
    stuck,
    times,
    traffic,
)


@pytest.mark.parametrize(
    ("change", "metric", "feature"),
    [
        (empty, "missing_rate", "amount"),
        (as_text, "type_mismatch_rate", "amount"),
        (in_cents, "out_of_range_rate", "amount"),
        (stuck, "constant_feed", "amount"),
        (renamed, "unseen_rate", "kind"),
    ],
)
def test_gross_faults_alert_and_are_excluded_from_learning(store, change, metric, feature):
    """The fault lasts for eight hours of the second day."""
    put(store, times(SHORT_HOURS), from_hour(traffic(SHORT_HOURS), 30, 38, change))
    analyze(store, SHORT)
    assert fired(store) == {(metric, feature)}
    learnt = reference_of(store)
    assert 2 * ROWS_AN_HOUR <= learnt.left_out_rows <= 8 * ROWS_AN_HOUR
    assert learnt.rows + learnt.left_out_rows == 2 * 24 * ROWS_AN_HOUR


@pytest.mark.parametrize(("hours", "metric"), [(2, "constant_feed"), (8, "drift")])
def test_changes_that_the_hour_may_explain_do_not_alert(store, hours, metric):
    """A constant feed of two hours and a shifted mean do not alert in the first days."""
    change = stuck if metric == "constant_feed" else lambda row: row.update(amount=200.0)
    rows = traffic(SHORT_HOURS)
    for place, row in enumerate(rows[30 * ROWS_AN_HOUR : (30 + hours) * ROWS_AN_HOUR]):
        if metric == "constant_feed" or place % 2:
            change(row)
    put(store, times(SHORT_HOURS), rows)
    analyze(store, SHORT)
    assert fired(store) == set()
    assert reference_of(store).left_out_rows == 0


def test_a_new_field_is_reported_once(store):
    rows = from_hour(traffic(SHORT_HOURS), 30, SHORT_HOURS, lambda row: row.update(coupon="x"))
    put(store, times(SHORT_HOURS), rows)
    analyze(store, SHORT)
    assert fired(store) == {("schema_change", None)}
    alerts = read(store, "select * from alerts where metric = 'schema_change'")
    assert len(alerts) == 1 and alerts[0]["state"] == "resolved"


def test_a_declared_limit_alerts_from_the_first_window(store):
    settings = {**SHORT, "features": {"amount": {"max": 500.0}}}
    rows = from_hour(
        traffic(SHORT_HOURS), 30, 34, lambda row: row.update(amount=row["amount"] + 500)
    )
    put(store, times(SHORT_HOURS), rows)
    analyze(store, settings)
    assert ("out_of_range_rate", "amount") in fired(store)
    assert reference_of(store).left_out_rows == 0, "declared faults are not excluded from learning"
