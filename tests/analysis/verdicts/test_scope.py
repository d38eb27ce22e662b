"""Scope of a pass: a window is over once a later row or the clock has passed its end."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from modeltap.analysis.verdicts.scope import PassScope
from modeltap.store.connection import connect, writing
from modeltap.store.predictions import insert_predictions
from modeltap.store.settings import SettingsReader, save_settings
from stores import every, put


@pytest.fixture
def connection(store):
    put(store, every(1, 1), [{"x": 1}])
    with closing(connect(store)) as opened:
        yield opened


def scope(connection, **options):
    return PassScope(connection, SettingsReader(connection), **options)


def test_a_later_row_ends_a_window(connection):
    assert not scope(connection).is_over("m", "", "2024-01-02")
    with writing(connection):
        insert_predictions(
            connection,
            "m",
            "",
            exchange_ids=["a"],
            rows=[0],
            predictions=[1],
            scores=[None],
            probabilities=[None],
            event_times=["2024-01-02"],
            seqs=[1],
        )
    assert scope(connection).is_over("m", "", "2024-01-02")
    assert not scope(connection).is_over("m", "", "2024-01-03")
    assert not scope(connection).is_over("m", "2", "2024-01-02")
    assert scope(connection, include_open=True).is_over("m", "", "9999")


def test_the_clock_only_ends_windows_of_live_requests(connection):
    assert not scope(connection).is_over("m", "", "2024-01-02"), "more imported rows may follow"
    connection.execute("update exchanges set source = 'asgi', method = 'POST'")
    Path("modeltap.toml").write_text('event_time = "request"\n')
    assert scope(connection).is_over("m", "", "2024-01-02")
    assert not scope(connection).is_over("m", "", "2999")
    assert not scope(connection).is_over("unknown", "", "2024-01-02")
    Path("modeltap.toml").unlink()
    with writing(connection):
        save_settings(connection, "m", {"event_time": "body:when", "webhooks": []})
    assert not scope(connection).is_over("m", "", "2024-01-02")
