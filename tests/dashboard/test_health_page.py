"""The page about modeltap itself."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect
from modeltap.store.dropped import record_dropped
from stores import analyze, every, put


def test_losses_are_told(browse, tmp_path):
    store = tmp_path / "taps.db"
    put(store, every(1, 150), [{"x": 1} for _ in range(150)], responses=["<html>"] * 150)
    analyze(store, {})
    with closing(connect(store)) as connection:
        record_dropped(connection, "m", "h", 1, {"queue_full": 3})
    page = browse(store).get("/health").text
    assert "queue_full" in page and "Not monitored" in page and "predictions" in page
