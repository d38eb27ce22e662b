"""The pipeline from stored rows to alerts: each window once, despite interruptions."""

from __future__ import annotations

import csv
import datetime
import json
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from modeltap.ingest.files.table import open_table
from modeltap.ingest.importer import import_table
from modeltap.ingest.roles import choose_roles
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
from modeltap.store.pending_work import pending_work
from stores import copied

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def write_days(path, first, last, *, shift=0.0, error=1.0, seed=0, missing=0.0):
    """Write 200 rows a day with a feature x, its true double, and a prediction."""
    rng = np.random.default_rng([seed, first])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["when", "x", "kind", "prediction", "label"])
        for day in range(first, last):
            for n in range(200):
                x = rng.normal(10 + shift)
                moment = START + datetime.timedelta(days=day, minutes=7 * n)
                shown = "" if rng.random() < missing else round(x, 4)
                kind = rng.choice(["a", "b"])
                guess = round(2 * x + rng.normal(0, error), 4)
                writer.writerow([moment.isoformat(), shown, kind, guess, round(2 * x, 4)])
    return path


def put(connection, path, model="m"):
    table = open_table(path)
    return import_table(connection, table, choose_roles(table, timestamp="when"), model=model)


def analyze(store, **options):
    connection = connect(store)
    configured = {"window": "1d", "reference": "first 2000 rows"}
    report = Analyzer(store, connection, configured).run(**options)
    connection.close()
    return report


def read(store, sql):
    connection = sqlite3.connect(store)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute(sql)]
    connection.close()
    return rows


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """The rows of `filled`."""
    folder = tmp_path_factory.mktemp("imported")
    connection = connect(folder / "taps.db")
    put(connection, write_days(folder / "quiet.csv", 0, 15))
    put(connection, write_days(folder / "loud.csv", 15, 18, shift=1.0, error=3.0))
    connection.close()
    return folder / "taps.db"


@pytest.fixture(scope="module")
def after_one_pass(imported, tmp_path_factory):
    """The rows of `filled`, analysed up to the open window."""
    store = copied(imported, tmp_path_factory.mktemp("analysed") / "taps.db")
    analyze(store)
    return store


@pytest.fixture
def filled(imported, store):
    """Ten quiet days (the reference), five more, and three with drift."""
    return copied(imported, store)


@pytest.fixture
def analysed(after_one_pass, store):
    """The rows of `filled` after one pass."""
    return copied(after_one_pass, store)


def test_drift_and_errors_alert_separately_in_their_window(filled):
    """No alert in fifteen quiet days, then three at once: input, prediction and error."""
    analyze(filled, include_open=True)
    found = read(filled, "select rule, feature, metric, window_start, state from alerts")
    assert {(a["rule"], a["feature"], a["metric"]) for a in found} == {
        ("data_drift", "x", "drift"),
        ("prediction_drift", "prediction", "drift"),
        ("performance", None, "mae"),
    }
    assert {a["window_start"] for a in found} == {"2024-01-16T00:00:00.000Z"}
    assert {a["state"] for a in found} == {"firing"}


def test_a_second_pass_changes_nothing(analysed):
    """Nothing is counted, evaluated or sent twice."""
    before = (
        read(analysed, "select * from metrics order by id"),
        read(analysed, "select * from alerts"),
    )
    report = analyze(analysed)
    assert (report.exchanges, report.windows) == (0, 0)
    after = (
        read(analysed, "select * from metrics order by id"),
        read(analysed, "select * from alerts"),
    )
    assert before == after


def test_the_reference_is_the_first_rows_and_its_windows_never_alert(analysed):
    """Ten days of 200 rows, marked in the metrics."""
    (reference,) = read(analysed, 'select * from "references"')
    assert reference["rows"] == 2000 and reference["from_time"] == "2024-01-01T00:00:00.000Z"
    rows = read(analysed, "select distinct window_start, in_reference from metrics order by 1")
    assert [row["in_reference"] for row in rows][:10] == [1] * 10
    assert not any(row["in_reference"] for row in rows[10:])


def test_the_open_window_is_not_evaluated(analysed):
    """Imported rows define the time: the last day ends with the first later row."""
    last = read(analysed, "select max(window_start) as w from metrics")[0]["w"]
    assert last == "2024-01-17T00:00:00.000Z"
    analyze(analysed, include_open=True)
    last = read(analysed, "select max(window_start) as w from metrics")[0]["w"]
    assert last == "2024-01-18T00:00:00.000Z"


def test_small_windows_are_merged(filled):
    """With min_rows = 500, three days form one window."""
    connection = connect(filled)
    configured = {"window": "1d", "reference": "first 2000 rows", "min_rows": 500}
    Analyzer(filled, connection, configured).run()
    rows = read(
        filled,
        "select distinct window_start, window_end, rows from metrics "
        "where metric = 'drift' and feature = 'x' order by 1",
    )
    assert rows[0]["rows"] == 600
    assert rows[0]["window_end"] == "2024-01-04T00:00:00.000Z"


def test_late_rows_are_counted_in_their_window(analysed, tmp_path):
    """They are added to the counts of an earlier day."""
    sql = "select rows from windows where window_start = '2024-01-12T00:00:00.000Z'"
    assert read(analysed, sql)[0]["rows"] == 200
    connection = connect(analysed)
    put(connection, write_days(tmp_path / "late.csv", 11, 12, seed=9))
    connection.close()
    analyze(analysed)
    assert read(analysed, sql)[0]["rows"] == 400


def test_a_killed_analysis_gives_the_same_counts_after_a_restart(filled, tmp_path):
    """kill -9 at several moments: counts and watermark are updated together."""
    whole = copied(filled, tmp_path / "whole.db")
    analyze(whole, include_open=True)
    expected = read(whole, "select window_start, rows, counts from windows order by 1")
    code = (
        "import sys, modeltap.analysis.counting.counter as w; w.CHUNK = 300\n"
        "from modeltap.jobs.pipeline import Analyzer\n"
        "from modeltap.store.connection import connect\n"
        "configured = {'window': '1d', 'reference': 'first 2000 rows'}\n"
        "print('go', flush=True)\n"
        "Analyzer(sys.argv[1], connect(sys.argv[1]), configured).run(wait=60, include_open=True)\n"
    )
    for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
        child = subprocess.Popen([sys.executable, "-c", code, str(filled)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        try:
            child.wait(delay)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
        # The dead one's lease would be waited for; here its time is up at once.
        connection = connect(filled)
        connection.execute("delete from leases")
        connection.close()
    analyze(filled, include_open=True)
    assert read(filled, "select window_start, rows, counts from windows order by 1") == expected
    twice = read(filled, "select job, window from runs group by 1, 2 having count(*) > 1")
    assert twice == []


def test_concurrent_analyzers_evaluate_each_window_once(filled):
    """One holds the lease and the other waits; messages are enqueued once."""
    code = (
        "import sys; from modeltap.jobs.pipeline import Analyzer\n"
        "from modeltap.store.connection import connect\n"
        "configured = {'window': '1d', 'reference': 'first 2000 rows',\n"
        "        'webhooks': ['https://example.org/hook']}\n"
        "report = Analyzer(sys.argv[1], connect(sys.argv[1]), configured).run(include_open=True)\n"
        "print(report.exchanges, report.windows)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(filled)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [child.communicate(timeout=60)[0].split() for child in started]
    assert sorted(int(one[0]) for one in outputs) == [0, 3600]
    assert sorted(int(one[1]) for one in outputs) == [0, 36]
    events = read(filled, "select json_extract(body, '$.data.rule') as r from deliveries")
    assert sorted(e["r"] for e in events) == ["data_drift", "performance", "prediction_drift"]


def test_an_interrupted_analysis_is_pending_work(filled):
    """All rows are counted and some windows evaluated. Without new rows there is still work."""
    pieces = []

    def ended():
        pieces.append(1)
        if len(pieces) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(filled, on_progress=ended)
    connection = connect(filled)
    judged = "select count(distinct window_start) from metrics"
    before = connection.execute(judged).fetchone()[0]
    assert pending_work(connection, time.time()).needs_analysis
    analyze(filled)
    assert connection.execute(judged).fetchone()[0] > before
    assert not pending_work(connection, time.time()).needs_analysis
    connection.close()


def test_a_pass_uses_one_thread_for_matrices_and_restores_the_number(store, tmp_path):
    def threads():
        pools = threadpool_info()
        return {
            pool["filepath"]: pool["num_threads"] for pool in pools if pool["user_api"] == "blas"
        }

    connection = connect(store)
    put(connection, write_days(tmp_path / "day.csv", 0, 1))
    connection.close()
    during = []
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        analyze(store, on_progress=lambda: during.append(threads()))
        after = threads()
    assert during and {during[0][path] for path in before} <= {1}
    assert {path: after[path] for path in before} == before


def test_late_labels_cause_their_window_to_be_evaluated(store, tmp_path):
    """A corrected label replaces the earlier one."""
    connection = connect(store)
    path = write_days(tmp_path / "days.csv", 0, 14)
    table = open_table(path)
    roles = choose_roles(table, timestamp="when", ignore=["label"])
    roles = type(roles)(timestamp="when", prediction="prediction", features=("x", "kind"))
    import_table(connection, table, roles, model="m")
    connection.close()
    analyze(store)
    assert read(store, "select * from metrics where metric = 'mae'") == []
    connection = connect(store)
    connection.execute(
        "insert into labels (exchange_id, row, value, received_at) "
        "select exchange_id, 0, prediction, '2024-02-01T00:00:00.000Z' from predictions"
    )
    connection.close()
    analyze(store)
    found = read(store, "select window_start, value from metrics where metric = 'mae' order by 1")
    assert len(found) == 13 and {row["value"] for row in found} == {0.0}
    connection = connect(store)
    connection.execute(
        "insert into labels (exchange_id, row, value, received_at) select exchange_id, 0, "
        "prediction + 7, '2024-02-02T00:00:00.000Z' from predictions "
        "where event_time >= '2024-01-12' and event_time < '2024-01-13'"
    )
    connection.close()
    analyze(store)
    alerts = read(store, "select rule, window_start from alerts")
    assert alerts == [{"rule": "performance", "window_start": "2024-01-12T00:00:00.000Z"}]


def test_undecodable_bodies_are_counted_without_an_error(store):
    """Binary, truncated and empty bodies among valid ones."""
    connection = connect(store)
    bodies = [b"\x00\xff", "{", "", '{"x": 1}', "[]", "7", '"text"', '{"a":' * 2000, "NaN"]
    for n, body in enumerate(bodies):
        connection.execute(
            "insert into exchanges (id, model, source, started_at, event_time, status, "
            "duration_ms, request_body, response_body) values (?, 'm', 'asgi', ?, ?, 200, 1, ?, ?)",
            (str(n), "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z", body, '{"y": 1}'),
        )
    connection.close()
    analyze(store)
    rows = read(store, "select rows, decode_note from v_exchanges order by seq")
    assert [row["rows"] for row in rows] == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert all(row["decode_note"] for row in rows if not row["rows"])
    assert read(store, "select requests, not_decoded from traffic") == [
        {"requests": 9, "not_decoded": 8}
    ]


def test_the_store_can_be_queried_with_sql(filled):
    """The queries of the README."""
    (row,) = read(
        filled, "select model, json_extract(request_body, '$.x') as x from exchanges limit 1"
    )
    assert row["model"] == "m" and isinstance(row["x"], float)
    assert json.loads(read(filled, "select response_body as b from exchanges limit 1")[0]["b"])


def test_oversampled_errors_do_not_change_rates(store):
    """Errors with a higher sample rate must not look like more errors."""
    connection = connect(store)
    for n, (status, rate) in enumerate([(200, 0.5), (500, 0.5), (500, 0.0), (503, 0.0)]):
        connection.execute(
            "insert into exchanges (id, model, source, started_at, event_time, status, "
            "duration_ms, sample_rate, request_body) values (?, 'm', 'asgi', ?, ?, ?, 1, ?, '{}')",
            (str(n), "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z", status, rate),
        )
    connection.close()
    analyze(store)
    assert read(store, "select requests, errors from traffic") == [{"requests": 2, "errors": 1}]


def test_a_window_is_written_in_one_transaction(filled, monkeypatch):
    """If the outbox fails, neither metrics nor alerts are written."""
    failed = []

    def fails(connection, transitions, *_, **__):
        failed.extend(one.window_start for one in transitions)
        raise RuntimeError("no message")

    with monkeypatch.context() as patched:
        patched.setattr("modeltap.notify.outbox.enqueue", fails)
        with pytest.raises(RuntimeError):
            analyze(filled, include_open=True)
    written = {row["window_start"] for row in read(filled, "select window_start from metrics")}
    assert written and failed[0] not in written
    assert read(filled, f"select 1 from runs where window like '{failed[0]}/%'") == []
    assert read(filled, "select 1 from alerts where state = 'firing'") == []
    assert read(filled, "select 1 from windows where due") != []
    assert pending_work(connect(filled), time.time()).needs_analysis
    analyze(filled, include_open=True)
    assert read(filled, "select 1 from alerts where state = 'firing'") != []


def test_a_pass_with_a_limit_leaves_the_rest_to_the_next(tmp_path):
    """Each pass evaluates the maximum number of windows; the total equals that of one pass."""
    whole, parts = tmp_path / "whole.db", tmp_path / "parts.db"
    path = write_days(tmp_path / "rows.csv", 0, 24)
    for store in (whole, parts):
        connection = connect(store)
        put(connection, path)
        connection.close()
    every_window = analyze(whole)
    assert not every_window.unfinished
    done, passes = 0, 0
    while (report := analyze(parts, most_windows=5)).unfinished:
        assert report.windows == 5
        done, passes = done + 5, passes + 1
        connection = connect(parts)
        assert pending_work(connection, time.time()).needs_analysis
        connection.close()
    assert done + report.windows == every_window.windows and passes >= 4
    sql = (
        "select metric, feature, window_start, window_end, value, verdict from metrics "
        "order by 1, 2, 3, 4"
    )
    assert read(parts, sql) == read(whole, sql)
    connection = connect(parts)
    assert not pending_work(connection, time.time()).needs_analysis
    connection.close()
