"""Counts of labels: by version and source, and those whose exchange is missing or deleted."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_overview import count_labels, count_unknown, labels_by_source
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import insert_predictions

OLD, KEPT = "01000000-0000-7000-8000-000000000000", "01a00000-0000-7000-8000-000000000000"


@pytest.fixture
def connection(store):
    """An exchange with two rows."""
    with closing(connect(store)) as opened:
        with writing(opened):
            exchange = ExchangeRow(id=KEPT, model="m", source="asgi", started_at="2024-05-01")
            insert_exchanges(opened, [exchange])
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=[KEPT] * 2,
                rows=[0, 1],
                predictions=[1, 1],
                scores=[None] * 2,
                probabilities=[None] * 2,
                event_times=["2024-05-01T00:00:00.000Z"] * 2,
                seqs=[1, 1],
            )
        yield opened


def test_labels_of_a_version_are_counted(connection):
    for value, source in ((1, "a"), (2, "b"), (2, "b")):
        with writing(connection):
            insert_labels(connection, [Label(KEPT, 0, value)], source=source)
    (counts,) = count_labels(connection, None)
    assert (counts.model, counts.rows, counts.labelled, counts.corrected) == ("m", 2, 1, 1)
    assert counts.last_at is not None
    assert labels_by_source(connection, "m", "") == {"a": 1, "b": 1}
    assert count_labels(connection, "n") == []


def test_labels_without_an_exchange_may_be_of_a_deleted_one(connection):
    """The time in their id is before that of all exchanges in the store."""
    with writing(connection):
        labels = [Label(OLD, 0, 1), Label("r7", 0, 1), Label(KEPT, 0, 1)]
        insert_labels(connection, labels, source="a", model="m")
    assert count_unknown(connection) == [("m", 2, 1)]
