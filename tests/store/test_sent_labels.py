"""Labels as they are sent: each id finds its exchange, and each label is kept or has a reason."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.decode_notes import DecodeNote, save_decode_notes
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_targets import join_new_labels
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import insert_predictions
from modeltap.store.sent_labels import (
    RejectedLabel,
    SentLabel,
    StoredLabels,
    has_unknown_ids,
    store_labels,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def connection(store):
    """Two exchanges of m with two rows each, and one that is not analysed yet."""
    with closing(connect(store)) as opened:
        exchanges = [
            ExchangeRow(
                id=f"e{n}",
                model="m",
                source="asgi",
                started_at="2024-05-01T00:00:00.000Z",
                request_id=f"r{n}",
                trace_id=TRACE if n < 2 else None,
            )
            for n in range(3)
        ]
        with writing(opened):
            insert_exchanges(opened, exchanges)
            save_decode_notes(opened, 0, 2, {seq: DecodeNote(2, None) for seq in (1, 2)})
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=["e0", "e0", "e1", "e1"],
                rows=[0, 1, 0, 1],
                predictions=[1] * 4,
                scores=[None] * 4,
                probabilities=[None] * 4,
                event_times=["2024-05-01T00:00:00.000Z"] * 4,
                seqs=[1, 1, 2, 2],
            )
        yield opened


def send(connection, *labels, **options):
    with writing(connection):
        return store_labels(connection, dict(enumerate(labels)), source="test", **options)


def stored(connection):
    rows = connection.execute("select exchange_id, row, key, value from labels order by seq")
    return list(map(tuple, rows))


def test_any_id_of_an_exchange_finds_it(connection):
    """The id that was sent is kept in `key`."""
    taken = send(connection, SentLabel("e0", 7, row=1), SentLabel("r1", 8), SentLabel("e2", 9))
    assert taken == StoredLabels(accepted=3, unknown=0, waiting=0, rejected=[])
    assert stored(connection) == [("e0", 1, None, 7), ("e1", 0, "r1", 8), ("e2", 0, None, 9)]


def test_a_repeated_label_is_stored_once_whichever_id_it_has(connection):
    assert send(connection, SentLabel("e0", 7), SentLabel("e0", 7)).accepted == 2
    assert send(connection, SentLabel("r0", 7)).accepted == 1
    assert stored(connection) == [("e0", 0, None, 7)]
    send(connection, SentLabel("e0", 8), SentLabel("e0", 7))
    assert [value for *_, value in stored(connection)] == [7, 8, 7]


def test_an_unknown_label_is_kept_and_joined_when_its_exchange_is_analysed(connection):
    assert has_unknown_ids(connection, [SentLabel("e0", 1), SentLabel("later", 5)])
    assert not has_unknown_ids(connection, [SentLabel("e0", 1)])
    assert send(connection, SentLabel("later", 5)) == StoredLabels(1, 1, 0, [])
    connection.execute("update exchanges set request_id = 'later' where id = 'e1'")
    with writing(connection):
        join_new_labels(connection, 0)
    assert stored(connection) == [("e1", 0, "later", 5)]


def test_ambiguous_ids_and_missing_rows_are_rejected(connection):
    taken = send(connection, SentLabel(TRACE, 1), SentLabel("e0", 1), SentLabel("e0", 1, row=2))
    assert taken.accepted == 1
    ambiguous, missing = taken.rejected
    assert ambiguous == RejectedLabel(
        0, f"'{TRACE}' matches 2 exchanges with a prediction (e0, e1); use the id of one of them"
    )
    assert missing == RejectedLabel(2, "row 2 does not exist: the exchange has 2 rows, from 0")


def test_labels_of_several_models(connection):
    """A label's own model counts before that of the app."""
    connection.execute("update exchanges set model = 'n', request_id = 'r0' where id = 'e1'")
    taken = send(connection, SentLabel("r0", 1), SentLabel("r0", 2, model="n"), model="m")
    assert taken.rejected == [] and taken.unknown == 0
    assert stored(connection) == [("e0", 0, "r0", 1), ("e1", 0, "r0", 2)]


def test_a_label_that_waited_repeats_the_last_one_only_once(connection):
    """Sent again by the id of the request; a correction in between is kept."""
    for value in (7, 7, 8, 8, 7):
        with writing(connection):
            insert_labels(connection, [Label("r0", 0, value)], source="label()")
            join_new_labels(connection, 0)
    assert [(id_, value) for id_, _, _, value in stored(connection)] == [
        ("e0", 7),
        ("e0", 8),
        ("e0", 7),
    ]
