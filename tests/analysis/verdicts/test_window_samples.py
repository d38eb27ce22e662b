"""Samples of windows, decoded once on first access, and baselines of rolling references."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.counting.sample import choose
from modeltap.analysis.references.clean_time import CleanTime
from modeltap.analysis.verdicts.window_samples import (
    RecentBaselines,
    WindowSamples,
    window_rows,
)
from modeltap.clock import iso
from modeltap.store.connection import connect, writing
from modeltap.store.predictions import StoredColumns, StoredRow
from modeltap.store.windows import Series

SERIES = Series("m", "", "r", "1d")


class Reader:
    """A reader that counts its calls."""

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


def test_samples_are_read_once_on_first_access():
    reader = Reader()
    samples = WindowSamples(reader, [1, 2], "2024-01-01", "2024-01-02")
    assert reader.asked == []
    assert (samples.window, samples.window, samples.batch) == ("2 rows",) * 3
    assert reader.asked == ["rows", "coded"]
    assert samples.reference == ("2024-01-01", "2024-01-02")
    assert reader.asked == ["rows", "coded", "reference"]


@pytest.mark.parametrize(("days", "highest"), [(3, None), (4, 0.9), (6, 0.9)])
def test_the_baseline_is_the_highest_of_at_least_four_values(store, days, highest):
    """The first day has the highest value; days after the window do not count."""
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


@pytest.mark.parametrize("count", [0, 1, 1999, 2001, 25_000])
def test_the_sample_of_a_window_is_that_of_all_its_rows(count):
    rows = [StoredRow(f"id{n}", n % 2, iso(n), n) for n in range(count)]
    parts = (rows[start : start + 10_000] for start in range(0, count, 10_000))
    own = window_rows(StoredColumns(*zip(*part, strict=True)) for part in parts)
    assert own.total == count and own.times.tolist() == list(range(count))
    assert own.sampled == [rows[n] for n in choose((row.exchange_id, row.row) for row in rows)]
