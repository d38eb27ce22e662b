"""A judge's labels are stored, and never read as ground truth."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import labels, predictions
from modeltap.store.connection import connect, writing
from modeltap.store.label_arrivals import label_arrivals, row_arrivals
from modeltap.store.label_moves import move_labels
from modeltap.store.label_overview import count_labels, labels_by_source
from modeltap.store.label_sources import JUDGE
from modeltap.store.predictions import LAST
from modeltap.store.unjoined_labels import count_unjoined

START = ("", 0, 0)
TIME = "2024-01-01T00:00:00.000Z"


def put(connection, value, source):
    connection.execute(
        "insert into labels (exchange_id, row, value, source, received_at) values "
        "('a', 0, ?, ?, '2024-01-02T00:00:00.000Z')",
        (value, source),
    )


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            opened.execute(
                "insert into exchanges (id, model, source, started_at) "
                "values ('a', 'm', 'asgi', ?)",
                (TIME,),
            )
            predictions.insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=["a"],
                rows=[0],
                predictions=["text"],
                scores=[None],
                probabilities=[None],
                event_times=[TIME],
                seqs=[1],
            )
        yield opened


ORDERS = (("judge",), ("judge", "person"), ("person", "judge"), ("judge", "person", "judge"))


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_no_reader_takes_a_judges_label_for_the_truth(connection, order):
    with writing(connection):
        for who in order:
            put(connection, "bad" if who == JUDGE else "good", who)
    people = order.count("person")
    truth = "good" if people else None
    (row,) = predictions.labelled_predictions(connection, "m", "", START, LAST)
    assert row.label == truth
    assert labels.last_labels(connection, ["a"], 99) == ({("a", 0): "good"} if people else {})
    newest = predictions.newest_labelled(connection, "m", "", 9, 9)
    assert [own.label for own in newest] == ["good"] * people
    assert predictions.newest_labelled_time(connection, "m", "") == (TIME if people else None)
    assert len(labels.new_labels(connection, 0, 99, 16).moments) == people
    assert labels.early_labels(connection, ["a"], 99) == ["a"] * people
    assert [own.label for own in label_arrivals(connection, "m", "", "", "9", 9)] == [
        "good"
    ] * people
    (arrival,) = row_arrivals(connection, "m", "", START, LAST)
    assert arrival.labelled == bool(people)
    (counts,) = count_labels(connection, "m")
    assert (counts.labelled, counts.corrected) == (people, 0)
    assert sum(own.labels for own in count_unjoined(connection, 9, default_model="m")) == people
    assert [own.labelled for own in predictions.errors_by_month(connection)] == [people]
    assert labels_by_source(connection, "m", "")[JUDGE] == order.count(JUDGE)


def test_a_label_that_agrees_with_the_judge_is_stored(connection):
    with writing(connection):
        put(connection, "good", JUDGE)
        assert labels.insert_labels(connection, [labels.Label("a", 0, "good")], source="cli") == 1
        labels.insert_labels(connection, [labels.Label("other", 0, "bad")], source="cli")
        put(connection, "bad", JUDGE)
        move_labels(connection, "other", "a")
    (row,) = predictions.labelled_predictions(connection, "m", "", START, LAST)
    assert row.label == "bad"
