"""Rows of a window are decoded when they are read, once; a rolling reference's baselines."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.references.clean_time import CleanTime
from modeltap.analysis.verdicts.window_samples import RecentBaselines, WindowSamples
from modeltap.store.connection import connect, writing
from modeltap.store.windows import Series

SERIES = Series("m", "", "r", "1d")


class Reader:
    """Counts what it is asked for."""

    def __init__(self):
        self.asked = []

    def read_some(self, rows):
        self.asked.append("rows")
        return f"{len(rows)} rows"

    def coded(self, batch):
        self.asked.append("coded")
        return batch

    def reference_rows(self, start, end):
        self.asked.append("reference")
        return start, end


def test_each_is_read_once_and_only_if_it_is_asked_for():
    reader = Reader()
    samples = WindowSamples(reader, [1, 2], "2024-01-01", "2024-01-02")
    assert reader.asked == []
    assert (samples.window, samples.window, samples.batch) == ("2 rows",) * 3
    assert reader.asked == ["rows", "coded"]
    assert samples.reference == ("2024-01-01", "2024-01-02")
    assert reader.asked == ["rows", "coded", "reference"]


@pytest.mark.parametrize(("days", "highest"), [(3, None), (4, 0.9), (6, 0.9)])
def test_the_highest_value_of_the_time_before_where_four_are_known(store, days, highest):
    """The first day's is the highest, and what comes after the window does not count."""
    with closing(connect(store)) as connection:
        with writing(connection):
            connection.executemany(
                "insert into metrics (model, version, window, window_start, window_end, rows, "
                "metric, value, verdict, computed_at) "
                "values ('m', '', '1d', ?, ?, 9, 'multivariate_drift', ?, 'ok', '')",
                [
                    (
                        f"2024-01-{10 - n:02}T00:00:00.000Z",
                        f"2024-01-{11 - n:02}T00:00:00.000Z",
                        0.9 if n == days else 0.6,
                    )
                    for n in range(days + 1)
                ],
            )
        known = RecentBaselines(
            connection, SERIES, "2024-01-10T00:00:00.000Z", "previous 7d", CleanTime()
        )
        assert known.highest("multivariate_drift", None) == highest
        assert known.highest("row_outlier_rate", None) is None
