"""Facts in the store about modeltap itself."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect
from modeltap.store.dropped import record_dropped
from modeltap.store.self_check import (
    drops_by_reason,
    lease_holders,
    recent_runs,
    shortfalls_by_reason,
    waiting_exchanges,
)
from stores import analyze, every, put


def test_losses_and_runs(tmp_path):
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": n} for n in range(5)], responses=["<html>"] * 5)
    with closing(connect(store)) as connection:
        assert waiting_exchanges(connection) == 5
        record_dropped(connection, "m", "h", 1, {"queue_full": 3, "error": 1})
        record_dropped(connection, "m", "h", 2, {"queue_full": 4})
        drops = {row["reason"]: row["exchanges"] for row in drops_by_reason(connection)}
        assert drops == {"queue_full": 7, "error": 1}
    analyze(store, {})
    with closing(connect(store)) as connection:
        assert waiting_exchanges(connection) == 0
        assert {row["part"] for row in shortfalls_by_reason(connection)} == {"predictions"}
        assert recent_runs(connection) == []
        assert all("owner" in row for row in lease_holders(connection))
