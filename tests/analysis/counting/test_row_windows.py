"""Windows of rows: counted a part at a time, with the same result."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.counting import row_windows
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labels import insert_labels


def exchange(rng, n):
    """Return a batch of three rows."""
    rows = [{"x": float(rng.normal()), "c": str(rng.choice(["a", "b"]))} for _ in range(3)]
    when = f"2024-01-01T{n // 60:02d}:{n % 60:02d}:00.000Z"
    return ExchangeRow(
        id=f"id{n:04d}",
        model="m",
        source="asgi",
        path="/predict",
        status=200,
        started_at=when,
        event_time=when,
        request_type="application/json",
        request_body=json.dumps({"instances": rows}),
        response_body='{"predictions": [1.0, 2.0, 3.0]}',
    )


def windows_of(path):
    """Return the windows of a store whose exchanges are analysed in two passes."""
    rng = np.random.default_rng(0)
    exchanges = [exchange(rng, n) for n in range(140)]
    with closing(connect(path)) as connection:
        for part in (exchanges[:90], exchanges[90:]):
            with writing(connection):
                insert_exchanges(connection, part)
                labels = [(row.id, place, 1.5) for row in part[:20] for place in range(3)]
                insert_labels(connection, labels, source="t")
            Analyzer(path, connection, {"window": "50 rows", "reference": "first 100 rows"}).run()
        windows = connection.execute(
            "select window_start, window_end, rows, first_seq, first_row, last_seq, last_row, "
            "counts, extremes, fields from windows order by window_start"
        ).fetchall()
        labelled = connection.execute(
            "select window_start, rows from metrics where metric = 'mae' order by window_start"
        ).fetchall()
    return list(map(tuple, windows)), list(map(tuple, labelled))


@pytest.mark.parametrize("at_once", [1, 7, 50, 51])
def test_parts_add_up_to_the_window(tmp_path, monkeypatch, at_once):
    """Rows of one exchange may be in two parts, and a window's labels in any of them."""
    windows, labelled = windows_of(tmp_path / "whole.db")
    assert len(windows) >= 8 and labelled
    monkeypatch.setattr(row_windows, "_AT_ONCE", at_once)
    assert windows_of(tmp_path / "parts.db") == (windows, labelled)
