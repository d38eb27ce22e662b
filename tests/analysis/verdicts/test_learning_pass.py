"""Learning a reference: a daily rhythm never alerts, and the order of passes does not matter."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.retention import ExchangeKey, delete
from stores import analyze, every, put, read
from weeks import (
    ROWS_AN_HOUR,
    SETTINGS,
    SHORT,
    SHORT_HOURS,
    TWO_DAYS_LATER,
    WEEK_LATER,
    as_text,
    fired,
    from_hour,
    in_words,
    metrics,
    reference_of,
    times,
    traffic,
)


def test_a_week_with_a_rhythm_is_learnt_without_an_alert(store):
    put(store, times(), traffic())
    report = analyze(store, SETTINGS)
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


@pytest.mark.parametrize("hours", [5, 7])
def test_importing_and_live_traffic_give_equal_results(store, tmp_path, hours):
    """The reference and the verdicts do not depend on the times of passes."""
    rows, moments = traffic(SHORT_HOURS), times(SHORT_HOURS)
    put(store, moments, rows)
    analyze(store, SHORT)
    live = tmp_path / "live.db"
    step = hours * ROWS_AN_HOUR + 7
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        put(live, moments[part], rows[part], prefix=f"r{start} ")
        analyze(live, SHORT)
    assert reference_of(live).rows == reference_of(store).rows
    assert metrics(live) == metrics(store)


def test_late_rows_belong_to_the_reference(store, tmp_path):
    rows, moments = traffic(SHORT_HOURS), times(SHORT_HOURS)
    put(store, moments, rows)
    analyze(store, SHORT)
    late = tmp_path / "late.db"
    held = slice(20 * ROWS_AN_HOUR, 21 * ROWS_AN_HOUR)
    first = slice(0, 40 * ROWS_AN_HOUR)
    early = [place for place in range(first.stop) if not held.start <= place < held.stop]
    put(late, [moments[place] for place in early], [rows[place] for place in early])
    analyze(late, SHORT)
    put(late, moments[held], rows[held], prefix="late ")
    put(late, moments[first.stop :], rows[first.stop :], prefix="later ")
    analyze(late, SHORT)
    assert reference_of(late).rows == reference_of(store).rows
    counts = [[f.counts for f in reference_of(path).features] for path in (late, store)]
    assert counts[0] == counts[1]
    assert fired(late) == set()


def test_learning_continues_until_there_are_enough_rows(store):
    """A day has fewer rows than required, so learning continues to the end of a window."""
    settings = {**SETTINGS, "reference": f"first 1d, {24 * ROWS_AN_HOUR + 50} rows"}
    put(store, times(30), traffic(30))
    analyze(store, settings)
    assert reference_of(store).to_time == "2024-01-02T02:00:00.000Z"


def test_a_reference_of_a_row_count_splits_a_window(store):
    """The rows after the last one of the reference are evaluated in a separate window."""
    settings = {**SETTINGS, "reference": "first 1000 rows"}
    rows = from_hour(traffic(48), 33, 34, in_words)
    put(store, times(48), rows)
    analyze(store, settings)
    learnt = reference_of(store)
    assert learnt.rows == 1000
    first = metrics(store, "metric = 'drift' and in_reference = 0")[0]
    assert first["window_start"] == learnt.to_time
    assert first["window_end"] in ("2024-01-02T10:00:00.000Z", "2024-01-02T11:00:00.000Z")
    wrong = metrics(store, "metric = 'type_mismatch_rate' and verdict = 'alert'")
    assert wrong and wrong[0]["window_start"] == learnt.to_time, "half an hour of it is not lost"


def test_a_new_version_inherits_the_reference_and_incidents(store):
    rows, moments = from_hour(traffic(60), 50, 60, as_text), times(60)
    before, after = slice(0, 55 * ROWS_AN_HOUR), slice(55 * ROWS_AN_HOUR, None)
    put(store, moments[before], rows[before], version="1")
    analyze(store, SHORT)
    put(store, moments[after], rows[after], version="2", prefix="s")
    analyze(store, SHORT)
    alerts = read(store, "select * from alerts where metric = 'type_mismatch_rate'")
    assert len(alerts) == 1 and alerts[0]["state"] == "firing"
    assert alerts[0]["window_start"] < "2024-01-03T07" < alerts[0]["last_window_start"]
    assert reference_of(store).to_time == TWO_DAYS_LATER
    assert {row["version"] for row in metrics(store)} == {""}


def test_with_per_version_the_old_reference_counts_during_learning(store):
    settings = {**SETTINGS, "per_version": True, "reference": "first 1d"}
    rows, moments = traffic(72), times(72)
    before, after = slice(0, 36 * ROWS_AN_HOUR), slice(36 * ROWS_AN_HOUR, None)
    put(store, moments[before], rows[before], version="1")
    analyze(store, settings)
    put(store, moments[after][:300], rows[after][:300], version="2", prefix="s")
    analyze(store, settings)
    inherited = reference_of(store, "2")
    assert inherited.inherited and inherited.rows == reference_of(store, "1").rows
    verdicts = {row["verdict"] for row in metrics(store, "version = '2' and metric = 'drift'")}
    assert "learning" not in verdicts and verdicts
    put(store, moments[after][300:], rows[after][300:], version="2", prefix="t")
    analyze(store, settings)
    own = reference_of(store, "2")
    assert not own.inherited and own.from_time >= "2024-01-02T12:00:00.000Z"


def test_there_is_no_reference_until_the_first_windows_are_over(store):
    put(store, every(1, 10), traffic(1)[:10])
    assert analyze(store, SETTINGS).references == 0
    assert reference_of(store) is None and metrics(store, "metric = 'drift'") == []


def test_rows_deleted_during_learning_do_not_prolong_it(store, caplog):
    """A full store deletes its oldest rows, which must not restart the learning."""
    rows, moments = traffic(SHORT_HOURS), times(SHORT_HOURS)
    early = slice(0, 30 * ROWS_AN_HOUR)
    put(store, moments[early], rows[early])
    analyze(store, SHORT)
    with closing(connect(store)) as connection, writing(connection):
        oldest = connection.execute("select seq, id from exchanges order by seq limit ?", (800,))
        delete(connection, [ExchangeKey(*row) for row in oldest.fetchall()])
    put(store, moments[early.stop :], rows[early.stop :], prefix="later ")
    analyze(store, SHORT)
    learnt = reference_of(store)
    assert (learnt.state, learnt.to_time) == ("active", TWO_DAYS_LATER)
    assert learnt.rows == 48 * ROWS_AN_HOUR - 800 and len(learnt.hours) == 22
    assert "were deleted before they were learnt" in caplog.text
