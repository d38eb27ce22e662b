"""Counting: windows whose labels arrived before their rows are noted once each."""

from __future__ import annotations

from contextlib import closing

from modeltap.analysis.counting.counter import note_early
from modeltap.config.windows import Window
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels, newest_label
from modeltap.store.watermarks import LABELS, advance
from stores import analyze, every, put, read

TIMES = {
    "a": "2024-01-01T10:05:00.000Z",
    "b": "2024-01-01T10:55:00.000Z",
    "c": "2024-01-01T11:00:00.000Z",
    "unlabelled": "2024-01-01T12:00:00.000Z",
    "timeless": None,
}


def noted(store, window):
    with closing(connect(store)) as connection:
        with writing(connection):
            labels = [(id_, 0, 1) for id_ in ("a", "b", "c", "timeless")]
            insert_labels(connection, labels, source="t")
        with writing(connection):
            note_early(connection, "m", "", Window.parse(window), TIMES)
        before = connection.execute("select count(*) from due_windows").fetchone()[0]
        assert before == 0, "a pass over the labels is still to come, and notes them"
        with writing(connection):
            advance(connection, LABELS, 0, newest_label(connection))
            for _ in range(2):
                note_early(connection, "m", "", Window.parse(window), TIMES)
        rows = connection.execute("select * from due_windows order by window_start").fetchall()
        return [row["window_start"][:16] for row in rows]


def test_time_windows_are_noted_by_their_start(store):
    assert noted(store, "1h") == ["2024-01-01T10:00", "2024-01-01T11:00"]


def test_large_bodies_change_no_window(tmp_path, monkeypatch):
    """They are read in more parts, when they arrive and under a new reference."""
    metrics = []
    for size in (None, 1):
        if size is not None:
            monkeypatch.setattr("modeltap.store.bodies.MAX_BYTES", size)
        store = tmp_path / f"{size}.db"
        put(store, every(30, 200), [{"x": n % 7, "c": "ab"[n % 2]} for n in range(200)])
        for reference in ("first 50 rows", "first 90 rows"):
            analyze(store, {"min_rows": 10, "window": "12h", "reference": reference})
        columns = "window_start, window_end, rows, metric, feature, value, verdict"
        metrics.append(read(store, f"select {columns} from metrics order by {columns}"))
    assert metrics[0] and metrics[0] == metrics[1]


def test_row_windows_are_noted_when_they_are_cut(store):
    assert noted(store, "100 rows") == []
