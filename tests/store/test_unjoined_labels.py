"""Labels that match no row, by missing part; labels of undecoded exchanges do not count."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.unjoined_labels import count_unjoined
from stores import analyze, every, put


def test_labels_without_exchange_and_without_row_are_counted(store):
    put(store, every(1, 4), [{"x": n} for n in range(4)])
    analyze(store, {})
    put(store, every(1, 1), [{"x": 1}], prefix="waits")
    labels = [("r0", 0), ("r1", 0), ("r2", 7), ("nobody", 0), ("noone", 0), ("waits0", 0)]
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_labels(connection, [Label(*label, 1) for label in labels], source="test")
        assert count_unjoined(connection, 100, default_model=None) == [(None, 6, 2, 1, 0)]
        assert count_unjoined(connection, 1, default_model="m") == [("m", 1, 0, 0, 0)]


def test_labels_are_counted_by_their_model(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            for value, model in enumerate(("m", None, None)):
                insert_labels(connection, [Label("nobody", 0, value)], source="test", model=model)
        counts = count_unjoined(connection, 100, default_model="other")
    assert counts == [("m", 1, 1, 0, 0), ("other", 2, 2, 0, 0)]
