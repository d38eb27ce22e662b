"""The newest exchanges, decoded with the current settings."""

from __future__ import annotations

from contextlib import closing

from coverage_cases import CLEAN
from modeltap.analysis.coverage.recent_rows import recent_rows
from modeltap.config.settings import Settings
from modeltap.decoding.shortfalls import Shortfall
from modeltap.store.connection import connect
from stores import every, put


def test_the_newest_exchanges_of_a_model_are_read_without_an_analysis(store):
    put(store, every(1, 300), CLEAN)
    put(store, every(1, 20), [[]] * 20, prefix="empty")
    with closing(connect(store)) as connection:
        result = recent_rows(connection, Settings(), "m")
    assert len(result.exchanges) == 300 and result.exchanges[-1].id == "empty19"
    lack = Shortfall("rows", "request: JSON without rows")
    assert (result.counts[lack], result.counts[Shortfall("rows")]) == (20, 280)
    assert result.newest_without(lack).id == "empty19"
    assert result.newest_without(Shortfall("rows", "another")) is None
    assert set(result.columns) == {"x", "color", "prediction"}
