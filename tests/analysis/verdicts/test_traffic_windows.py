"""Windows of traffic are evaluated once they are over, against the last ones without an alert."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect
from stores import analyze, every, put, read

HOURS = 8


def fill(store, broken_hour):
    for hour in range(HOURS):
        put(store, every(0.3, 200, first=60 * hour), [{"x": 1}] * 200, prefix=f"h{hour}-")
    with closing(connect(store)) as connection:
        connection.execute(
            "update exchanges set status = 500 where id like ? and seq % 2", (f"h{broken_hour}-%",)
        )


def test_an_hour_of_errors_alerts_and_is_no_baseline_of_the_next(store):
    fill(store, broken_hour=5)
    analyze(store, {"window": "1h"})
    found = read(store, "select * from metrics where metric = 'error_rate' order by window_start")
    assert len(found) == HOURS and {row["rows"] for row in found} == {200}
    assert [row["value"] for row in found] == [0, 0, 0, 0, 0, 0.5, 0, 0]
    assert [row["verdict"] == "alert" for row in found] == [hour == 5 for hour in range(HOURS)]
    (alert,) = read(store, "select * from alerts where metric = 'error_rate'")
    assert alert["window_start"] == found[5]["window_start"]
    assert not read(store, "select 1 from traffic where due")
    analyze(store, {"window": "1h"})
    again = read(store, "select * from metrics where metric = 'error_rate' order by window_start")
    assert again == found
