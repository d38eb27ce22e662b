"""Hours with rejected event times, and the hours after them."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.verdicts import rejected_times
from modeltap.analysis.verdicts.results import write
from modeltap.store.connection import connect, writing
from modeltap.store.event_times import RejectedTime, add_counted, reject

HOURS = [f"2024-01-01T{hour:02}:00:00.000Z" for hour in range(4)]


@pytest.mark.parametrize(
    ("rows", "rejected", "verdict"),
    [(1000, 1, "ok"), (50, 2, "ok"), (1000, 10, "ok"), (1000, 11, "alert"), (4, 4, "alert")],
)
def test_an_hour_alerts_above_one_percent_of_rejected_times(store, rows, rejected, verdict):
    """Starting with the first such hour, each is reported once, so that alerts are resolved."""
    with closing(connect(store)) as connection:
        for place, hour in enumerate(HOURS):
            with writing(connection):
                add_counted(connection, "m", "", hour, rows)
                count = rejected if place == 1 else 0
                reject(
                    connection,
                    [
                        RejectedTime(f"e{n}", 0, "m", "", None, hour, "unreadable")
                        for n in range(count)
                    ],
                )
        results = list(rejected_times.results(connection))
        assert [result.period.start for result in results] == HOURS[1:]
        (first,) = results[0].metrics
        assert (first.verdict, first.count, first.rows) == (verdict, rejected, rows)
        assert {result.metrics[0].verdict for result in results[1:]} == {"ok"}
        with writing(connection):
            for result in results:
                write(connection, result)
        assert list(rejected_times.results(connection)) == []


def test_each_environment_has_separate_hours(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            for environment in ("production", "staging"):
                add_counted(connection, "m", environment, HOURS[0], 40)
            rows = (("e0", "@staging"), ("e1", "@staging"), ("e2", "2@staging"), ("e3", ""))
            reject(
                connection,
                [RejectedTime(id_, 0, "m", v, None, HOURS[0], "unreadable") for id_, v in rows],
            )
        results = list(rejected_times.results(connection))
        assert [result.period.version for result in results] == ["@production", "@staging"]
        assert [result.metrics[0].count for result in results] == [0, 3]
        with writing(connection):
            write(connection, results[0])
        assert [result.period.version for result in rejected_times.results(connection)] == [
            "@staging"
        ]
