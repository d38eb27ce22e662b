"""The page about modeltap itself."""

from __future__ import annotations

import re
from contextlib import closing

from modeltap.store.connection import connect
from modeltap.store.disk_use import disk_use
from modeltap.store.dropped import record_dropped
from modeltap.store.traffic import StoredTraffic, put_traffic
from modeltap.wording import byte_size
from stores import analyze, every, put


def test_losses_are_told(browse, tmp_path):
    store = tmp_path / "taps.db"
    put(store, every(1, 150), [{"x": 1} for _ in range(150)], responses=["<html>"] * 150)
    analyze(store, {})
    with closing(connect(store)) as connection:
        record_dropped(connection, "m", "h", 1, {"queue_full": 3})
    page = browse(store).get("/health").text
    assert "queue_full" in page and "Not monitored" in page and "predictions" in page


def test_the_facts_of_capture_and_disk(browse, tmp_path):
    """Captured, dropped, left out by sampling, waiting: each is on the page."""
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": 1} for _ in range(5)])
    with closing(connect(store)) as connection:
        record_dropped(connection, "m", "h", 1, {"queue_full": 3, "error": 1})
        hour = ("2024-01-01T01:00:00.000Z", "2024-01-01T02:00:00.000Z")
        sampled = StoredTraffic("m", "", "1h", *hour, 5, 0, 0, 0, 0, b"", unkept=20.0)
        put_traffic(connection, sampled)
    page = browse(store).get("/health").text
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", page))
    assert facts["Captured, ever"] == "5 exchanges" == facts["Waiting for analysis"]
    assert facts["Dropped"] == "4 exchanges"
    assert facts["Left out by sampling (estimated)"] == "20 exchanges"
    with closing(connect(store)) as connection:
        assert facts["Size"] == byte_size(disk_use(connection))
    assert facts["Free on its disk"].endswith((" MB", " GB"))
    assert "modeltap worker" in page
