"""Learning a reference: nothing that an hour explains alerts, gross faults do, and order is no
matter."""

from __future__ import annotations

import math
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.model.reference import Reference
from modeltap.store.connection import connect
from modeltap.store.references import active_reference
from stores import analyze, every, put, read

ROWS_AN_HOUR = 30
HOURS = 8 * 24
SAID = {"min_rows": 25, "multivariate": False, "window": "1h"}
WEEK_LATER = "2024-01-08T00:00:00.000Z"


def traffic(hours=HOURS, seed=0):
    """Rows of a shop whose amounts follow the hour of the day."""
    rng = np.random.default_rng(seed)
    rows = []
    for hour in range(hours):
        level = 50 + 30 * math.cos(hour / 24 * 2 * math.pi)
        for _ in range(ROWS_AN_HOUR):
            amount = round(float(rng.gamma(9, level / 9)), 2)
            rows.append({"amount": amount, "kind": str(rng.choice(["a", "b"]))})
    return rows


def times(hours=HOURS):
    return every(60 / ROWS_AN_HOUR, hours * ROWS_AN_HOUR)


def from_hour(rows, first, last, change):
    """Change the rows of some hours."""
    for row in rows[first * ROWS_AN_HOUR : last * ROWS_AN_HOUR]:
        change(row)
    return rows


def reference_of(store, version=""):
    with closing(connect(store)) as connection:
        row = active_reference(connection, "m", version)
        return None if row is None else Reference.from_json(row.payload)


def metrics(store, where="1"):
    return read(
        store,
        "select version, window, window_start, window_end, metric, feature, rows, value, verdict, "
        f"in_reference from metrics where {where} order by 1, 2, 3, 5, 6",
    )


def fired(store):
    return {
        (row["metric"], row["feature"])
        for row in read(store, "select metric, feature from alerts where state <> 'pending'")
    }


def test_a_week_with_a_rhythm_is_learnt_without_an_alert(store):
    put(store, times(), traffic())
    report = analyze(store, SAID)
    assert report.references == 1
    learnt = reference_of(store)
    assert (learnt.state, learnt.to_time, learnt.rows) == ("active", WEEK_LATER, 7 * 24 * 30)
    assert fired(store) == set()
    before = metrics(store, f"metric = 'drift' and window_start < '{WEEK_LATER}'")
    assert {row["verdict"] for row in before} == {"learning"}
    assert {row["in_reference"] for row in before} == {1}
    after = metrics(store, f"metric = 'drift' and window_start >= '{WEEK_LATER}'")
    assert {row["verdict"] for row in after} == {"ok"}
    assert {row["in_reference"] for row in after} == {0}
    assert read(store, "select * from \"references\" where state = 'provisional'") == []


@pytest.mark.parametrize("hours", [1, 7, 100])
def test_imported_at_once_or_live_makes_no_difference(store, tmp_path, hours):
    """The same reference, the same verdicts, whenever the passes come."""
    rows, moments = traffic(), times()
    put(store, moments, rows)
    analyze(store, SAID)
    live = tmp_path / "live.db"
    step = hours * ROWS_AN_HOUR * 12
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        put(live, moments[part], rows[part], prefix=f"r{start} ")
        analyze(live, SAID)
    assert reference_of(live).rows == reference_of(store).rows
    assert metrics(live) == metrics(store)


def test_rows_that_come_late_belong_to_the_reference(store, tmp_path):
    rows, moments = traffic(), times()
    put(store, moments, rows)
    analyze(store, SAID)
    late = tmp_path / "late.db"
    held = slice(40 * ROWS_AN_HOUR, 41 * ROWS_AN_HOUR)
    first = slice(0, 100 * ROWS_AN_HOUR)
    early = [place for place in range(first.stop) if not held.start <= place < held.stop]
    put(late, [moments[place] for place in early], [rows[place] for place in early])
    analyze(late, SAID)
    put(late, moments[held], rows[held], prefix="late ")
    put(late, moments[first.stop :], rows[first.stop :], prefix="later ")
    analyze(late, SAID)
    assert reference_of(late).rows == reference_of(store).rows
    counts = [[f.counts for f in reference_of(one).features] for one in (late, store)]
    assert counts[0] == counts[1]
    assert fired(late) == set()


def empty(row):
    row["amount"] = None


def as_text(row):
    row["amount"] = f"{row['amount']} EUR"


def in_cents(row):
    row["amount"] *= 1000


def stuck(row):
    row["amount"] = 12.5


def renamed(row):
    row["kind"] = {"a": "A", "b": "B"}[row["kind"]]


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
def test_gross_faults_alert_meanwhile_and_are_left_out(store, change, metric, feature):
    """Eight hours of the third day."""
    put(store, times(), from_hour(traffic(), 50, 58, change))
    analyze(store, SAID)
    assert fired(store) == {(metric, feature)}
    learnt = reference_of(store)
    assert 2 * ROWS_AN_HOUR <= learnt.left_out_rows <= 8 * ROWS_AN_HOUR
    assert learnt.rows + learnt.left_out_rows == 7 * 24 * ROWS_AN_HOUR


@pytest.mark.parametrize(("hours", "metric"), [(2, "constant_feed"), (8, "drift")])
def test_what_an_hour_may_explain_does_not(store, hours, metric):
    """A value that is alone for two hours, a mean that moved: not in the first week."""
    change = stuck if metric == "constant_feed" else lambda row: row.update(amount=200.0)
    rows = traffic()
    for place, row in enumerate(rows[50 * ROWS_AN_HOUR : (50 + hours) * ROWS_AN_HOUR]):
        if metric == "constant_feed" or place % 2:
            change(row)
    put(store, times(), rows)
    analyze(store, SAID)
    assert fired(store) == set()
    assert reference_of(store).left_out_rows == 0


def test_a_new_field_is_told_once(store):
    rows = from_hour(traffic(), 50, HOURS, lambda row: row.update(coupon="x"))
    put(store, times(), rows)
    analyze(store, SAID)
    assert fired(store) == {("schema_change", None)}
    alerts = read(store, "select * from alerts where metric = 'schema_change'")
    assert len(alerts) == 1 and alerts[0]["state"] == "resolved"


def test_a_declared_limit_alerts_from_the_first_windows_on(store):
    said = {**SAID, "features": {"amount": {"max": 500.0}}}
    rows = from_hour(traffic(), 30, 34, lambda row: row.update(amount=501.0))
    put(store, times(), rows)
    analyze(store, said)
    assert ("out_of_range_rate", "amount") in fired(store)
    assert reference_of(store).left_out_rows == 0, "what is declared is no less usual for it"


def test_learning_lasts_until_there_are_rows_enough(store):
    """A week has fewer than asked for: it goes on, to the end of a window."""
    said = {**SAID, "reference": f"first 7d, {7 * 24 * ROWS_AN_HOUR + 50} rows"}
    put(store, times(), traffic())
    analyze(store, said)
    assert reference_of(store).to_time == "2024-01-08T02:00:00.000Z"


def test_a_row_count_alone_cuts_a_window_in_two(store):
    """The rows after the last one of the reference are evaluated in a window of their own."""
    said = {**SAID, "reference": "first 1000 rows"}
    rows = from_hour(traffic(48), 33, 34, as_text)
    put(store, times(48), rows)
    analyze(store, said)
    learnt = reference_of(store)
    assert learnt.rows == 1000
    first = metrics(store, "metric = 'drift' and in_reference = 0")[0]
    assert first["window_start"] == learnt.to_time
    assert first["window_end"] in ("2024-01-02T10:00:00.000Z", "2024-01-02T11:00:00.000Z")
    wrong = metrics(store, "metric = 'type_mismatch_rate' and verdict = 'alert'")
    assert wrong and wrong[0]["window_start"] == learnt.to_time, "half an hour of it is not lost"


def test_a_new_version_goes_on_with_the_reference_and_the_incidents(store):
    rows = from_hour(traffic(), 170, HOURS, as_text)
    before, after = slice(0, 180 * ROWS_AN_HOUR), slice(180 * ROWS_AN_HOUR, None)
    put(store, times()[before], rows[before], version="1")
    analyze(store, SAID)
    put(store, times()[after], rows[after], version="2", prefix="s")
    analyze(store, SAID)
    alerts = read(store, "select * from alerts where metric = 'type_mismatch_rate'")
    assert len(alerts) == 1 and alerts[0]["state"] == "firing"
    assert alerts[0]["window_start"] < "2024-01-08T12"
    assert len(alerts) == 1 and alerts[0]["last_window_start"] > "2024-01-08T12"
    assert reference_of(store).to_time == WEEK_LATER
    assert {row["version"] for row in metrics(store)} == {""}


def test_a_version_of_its_own_is_compared_with_the_old_one_until_it_is_learnt(store):
    said = {**SAID, "per_version": True, "reference": "first 1d"}
    rows, moments = traffic(72), times(72)
    before, after = slice(0, 36 * ROWS_AN_HOUR), slice(36 * ROWS_AN_HOUR, None)
    put(store, moments[before], rows[before], version="1")
    analyze(store, said)
    put(store, moments[after][:300], rows[after][:300], version="2", prefix="s")
    analyze(store, said)
    inherited = reference_of(store, "2")
    assert inherited.inherited and inherited.rows == reference_of(store, "1").rows
    verdicts = {row["verdict"] for row in metrics(store, "version = '2' and metric = 'drift'")}
    assert "learning" not in verdicts and verdicts
    put(store, moments[after][300:], rows[after][300:], version="2", prefix="t")
    analyze(store, said)
    own = reference_of(store, "2")
    assert not own.inherited and own.from_time >= "2024-01-02T12:00:00.000Z"


def test_before_the_first_windows_are_over_there_is_no_reference(store):
    put(store, every(1, 10), traffic(1)[:10])
    assert analyze(store, SAID).references == 0
    assert reference_of(store) is None and metrics(store, "metric = 'drift'") == []
