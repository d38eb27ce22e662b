"""The bounds of time windows come from the clock, those of row windows from the counted rows."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.labelling.window_bounds import active_series, window_bounds
from modeltap.store.connection import connect
from modeltap.store.due_windows import DueWindow
from modeltap.store.predictions import rows_between
from stores import analyze, every, put, read

ROWS = 400


@pytest.mark.parametrize(
    ("window", "end"),
    [("1d", "2024-01-02"), ("7d", "2024-01-08"), ("1 month", "2024-02-01"), ("1 year", "2025")],
)
def test_time_windows(store, window, end):
    start = "2024-01-01T00:00:00.000Z"
    with closing(connect(store)) as connection:
        own = window_bounds(connection, DueWindow("m", "", window, start))
    assert own.start == start and own.end.startswith(end)
    assert own.first == (start, 0, 0) and own.after == (own.end, 0, 0)


def test_row_windows(store):
    put(store, every(7, ROWS), [{"x": float(n % 5)} for n in range(ROWS)])
    analyze(store, {"window": "100 rows", "reference": "first 200 rows"}, include_open=True)
    starts = read(store, "select window_start as start from windows order by 1")
    with closing(connect(store)) as connection:
        assert active_series(connection, "m", "", "100 rows").model == "m"
        assert active_series(connection, "unknown", "", "100 rows") is None
        for row in starts:
            own = window_bounds(connection, DueWindow("m", "", "100 rows", row["start"]))
            assert len(rows_between(connection, "m", "", own.first, own.after)) == 100
        assert window_bounds(connection, DueWindow("m", "", "100 rows", "2020")) is None
