"""Event times that cannot be true cost their rows their place in windows, and nothing else."""

from __future__ import annotations

import datetime
import time
from email.utils import format_datetime

import numpy as np
import pytest

from modeltap import clock
from modeltap.store.connection import connect
from modeltap.store.retention import ExchangeKey, delete
from stores import START, analyze, every, put, read

TOKYO = datetime.timezone(datetime.timedelta(hours=9))

SAID = {
    "event_time": "body:ts",
    "reference": "first 7d",
    "window": "1d",
    "min_rows": 50,
    "multivariate": False,
}
STRAYS = {
    "1970": 0,
    "as 1970": "1970-01-01T00:00:00Z",
    "seconds read as milliseconds": 1_704_067_200 / 1000,
    "2099": "2099-06-01T00:00:00Z",
    "year 1": "0001-01-01T00:00:00Z",
    "beyond all units": 17 * 10**20,
    "year 4000": 64_060_588_800,
    "two dates in one": "01/02/2024",
    "before 1970": -1_000_000_000,
    "9999": "9999-12-31T23:59:59Z",
    "NaN": "NaN",
    "no time": "yesterday",
}
WRITTEN = {
    "windows": "select window_start, window_end, rows, counts from windows order by 1",
    "predictions": "select exchange_id, event_time from predictions order by 1",
    "rejected": "select exchange_id, event_time, reason from rejected_times order by 1",
    "references": 'select id, rows from "references" where active',
    "metrics": "select window_start, metric, feature, value, verdict from metrics where metric "
    "not in ('event_time_rejected_rate') and metric not like 'latency%' order by 1, 2, 3",
}


def rows_of(moments, seed=0, shift=0.0):
    values = np.random.default_rng(seed).normal(shift, size=len(moments))
    return [
        {"x": round(float(x), 4), "ts": f"{moment:%Y-%m-%dT%H:%M:%S}Z"}
        for x, moment in zip(values, moments, strict=True)
    ]


def stray(store, *times, prefix="stray"):
    put(store, [START] * len(times), [{"x": 0.0, "ts": one} for one in times], prefix=prefix)


@pytest.mark.parametrize("name", STRAYS)
def test_one_wrong_time_neither_empties_the_reference_nor_closes_windows(store, name):
    """Whichever it is, and though its row is the very first."""
    stray(store, STRAYS[name])
    moments = every(15, 96 * 10)
    put(store, moments, rows_of(moments))
    analyze(store, SAID)
    later = every(15, 96 * 2, first=15 * 96 * 10)
    put(store, later[:100], rows_of(later[:100], 1, shift=3.0), prefix="late")
    analyze(store, SAID)
    assert read(store, 'select rows from "references" where active') == [{"rows": 96 * 7}]
    assert read(store, "select feature from alerts where feature = 'x'") == [{"feature": "x"}]
    newest = read(store, "select max(window_start) as at from metrics where metric = 'drift'")
    assert newest[0]["at"] == "2024-01-11T00:00:00.000Z", "the day that is not over waits"
    (hour,) = read(store, "select * from metrics where metric = 'event_time_rejected_rate' limit 1")
    assert (hour["count"], hour["verdict"]) == (1, "ok")
    assert read(store, "select 1 from exchanges where id = 'stray0'"), "its exchange stays"


FORMS = {
    "seconds": lambda moment: moment.timestamp(),
    "milliseconds": lambda moment: int(moment.timestamp() * 1e3),
    "microseconds": lambda moment: int(moment.timestamp() * 1e6),
    "nanoseconds": lambda moment: int(moment.timestamp()) * 10**9,
    "digits": lambda moment: str(int(moment.timestamp() * 1e6)),
    "RFC 1123": format_datetime,
    "with a zone": lambda moment: moment.astimezone(TOKYO).isoformat(" "),
    "with dots": lambda moment: f"{moment:%d.%m.%Y %H:%M}",
}


@pytest.mark.parametrize("form", FORMS)
def test_times_of_every_form_make_windows(store, form):
    """Two days of rows, none without a time."""
    moments = every(15, 96 * 2)
    put(store, moments, [{"x": 1.0, "ts": FORMS[form](moment)} for moment in moments])
    analyze(store, {**SAID, "reference": "first 1d"})
    times = read(store, "select event_time from predictions order by 1")
    assert [row["event_time"] for row in times] == [clock.iso(one.timestamp()) for one in moments]


def test_any_order_gives_the_same(tmp_path):
    """In one go; the stray first, row by row; last; with late rows; with a backfill in between."""
    moments = every(120, 12 * 12)
    rows = [*rows_of(moments), *({"x": 0.5, "ts": ts} for ts in (0, "2101-01-01", "1999-05-05"))]
    names = [f"n{number:03}" for number in range(len(rows))]
    last = len(rows) - 1
    orders = {
        "in one go": [list(range(len(rows)))],
        "strays first": [[last], [last - 1], [last - 2], [0], [1], [2], list(range(3, last - 2))],
        "strays last": [list(range(last - 2)), [last - 2, last - 1, last]],
        "shuffled": np.array_split(np.random.default_rng(1).permutation(len(rows)), 9),
    }
    found = {}
    said = {**SAID, "min_rows": 12}
    for name, parts in orders.items():
        store = tmp_path / f"{name}.db"
        connect(store).close()
        for part in parts:
            for place in part:
                put(store, [START], [rows[place]], prefix=names[place])
            if name != "shuffled":
                analyze(store, said)
        analyze(store, said)
        found[name] = {table: read(store, query) for table, query in WRITTEN.items()}
    assert len(found["in one go"]["rejected"]) == 3
    for table in WRITTEN:
        for name in orders:
            assert found[name][table] == found["in one go"][table], (name, table)


def test_a_backfill_that_looks_stray_at_first_counts_when_more_of_it_has_come(store):
    """Years ago, the oldest rows first: of the first day nobody can know."""
    moments = every(15, 96 * 3)
    put(store, moments, rows_of(moments))
    analyze(store, SAID)
    old = [START - datetime.timedelta(days=1200 - n) for n in range(60)]
    for first, last in ((0, 2), (2, 30), (30, 60)):
        put(store, old[first:last], rows_of(old[first:last]), prefix=f"old{first}-")
        analyze(store, SAID)
        rejected = read(store, "select count(*) as n from rejected_times")[0]["n"]
        assert rejected == (2 if last == 2 else 0)
    days = read(store, "select rows from windows where window_start < '2023' and window = '1d'")
    assert [row["rows"] for row in days] == [1] * 60
    (hour,) = read(store, "select value from metrics where metric = 'event_time_rejected_rate'")
    assert hour["value"] == 0


def test_a_window_of_strays_alone_is_dropped(store):
    """Three rows cannot tell; five can, and the window of 1970 goes, with its metrics."""
    stray(store, 0)
    moments = every(15, 3)
    put(store, moments, rows_of(moments))
    said = {**SAID, "min_rows": 2, "reference": "first 2 rows"}
    analyze(store, said, include_open=True)
    assert read(store, "select 1 from windows where window_start < '1971'")
    more = every(15, 20, first=45)
    put(store, more, rows_of(more), prefix="more")
    analyze(store, said, include_open=True)
    for table in ("windows", "metrics"):
        assert read(store, f"select 1 from {table} where window_start < '1971'") == []


def test_many_wrong_times_are_an_alert_that_ends(store):
    moments = every(15, 96 * 3)
    rows = rows_of(moments)
    for row in rows[::20]:
        row["ts"] = "2101-01-01T00:00:00Z"
    put(store, moments, rows)
    analyze(store, SAID)
    (alert,) = read(store, "select summary, rule from alerts where state = 'firing'")
    assert alert["rule"] == "data_quality"
    assert "15 of 288 rows have an impossible event time" in alert["summary"]


def test_a_clock_that_is_a_day_off_is_usable(store):
    """In whichever direction; a time zone is less than that."""
    now = time.time()
    texts = [clock.iso(now + hours * 3600) for hours in (-24, -13, 0, 13, 23.9)]
    put(store, [START] * 5, [{"x": 1.0, "ts": text} for text in texts])
    analyze(store, SAID)
    assert read(store, "select 1 from rejected_times") == []
    assert len(read(store, "select 1 from predictions where event_time is not null")) == 5


def test_what_was_rejected_is_deleted_with_its_exchange(store):
    stray(store, 0)
    moments = every(15, 10)
    put(store, moments, rows_of(moments))
    analyze(store, SAID)
    assert read(store, "select exchange_id from rejected_times") == [{"exchange_id": "stray0"}]
    connection = connect(store)
    delete(connection, [ExchangeKey(1, "stray0")])
    connection.close()
    assert read(store, "select 1 from rejected_times") == []
