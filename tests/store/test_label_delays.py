"""Delays of labels: by the machine's clock, by the time of the label, or unknown."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_delays import pending_by_age, row_arrivals
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import LAST, insert_predictions

EVENT = "2024-05-01T00:00:00.000Z"
STARTED = "2024-05-02T00:00:00.000Z"
FIRST = ("", 0, 0)


@pytest.fixture
def connection(store):
    """Two rows of a request, and one imported row; all with the same event time."""
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_exchanges(
                opened,
                [
                    ExchangeRow(id=id_, model="m", source=source, started_at=STARTED)
                    for id_, source in (("live", "asgi"), ("imported", "import"))
                ],
            )
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=["live", "live", "imported"],
                rows=[0, 1, 0],
                predictions=[1, 1, 1],
                scores=[None] * 3,
                probabilities=[None] * 3,
                event_times=[EVENT] * 3,
                seqs=[1, 1, 2],
            )
        yield opened


def put(connection, *labels, received=None):
    with writing(connection):
        insert_labels(connection, labels, source="test")
        if received is not None:
            connection.execute("update labels set received_at = ?", (received,))


def arrivals(connection):
    return list(row_arrivals(connection, "m", "", FIRST, LAST))


def test_a_delay_counts_by_the_clock_from_the_request(connection):
    """A corrected label arrived when its first version did."""
    put(connection, Label("live", 1, 7), received="2024-05-02T00:01:30.000Z")
    put(connection, Label("live", 1, 8))
    first, second, imported = arrivals(connection)
    assert first == (STARTED, False, None, None)
    assert second[:2] == (STARTED, True) and second.label == 7
    assert second.delay == pytest.approx(90, abs=0.01)
    assert imported == (EVENT, False, None, None)


def test_the_time_of_a_label_counts_from_the_event(connection):
    """Also for imported rows, whose requests this machine did not see."""
    put(
        connection,
        Label("live", 0, 7, labelled_at="2024-05-01T01:00:00.000Z"),
        Label("imported", 0, 7, labelled_at="2024-05-08T00:00:00.000Z"),
    )
    delays = [arrival.delay for arrival in arrivals(connection)]
    assert delays == [pytest.approx(3600, abs=0.01), None, pytest.approx(7 * 86_400, abs=0.01)]


def test_the_delay_of_an_imported_rows_label_is_unknown(connection):
    put(connection, Label("imported", 0, 7))
    assert arrivals(connection)[2] == (EVENT, True, None, 7)


def test_a_label_that_was_sent_before_the_request_has_no_negative_delay(connection):
    put(connection, Label("live", 0, 7), received="2024-05-01T23:00:00.000Z")
    assert arrivals(connection)[0].delay == 0


def test_pending_rows_are_counted_by_age(connection):
    put(connection, Label("live", 0, 7))
    assert pending_by_age(connection, "m", "", "2024-05-02T02:30:00.000Z") == [(2, 1), (26, 1)]
    assert pending_by_age(connection, "m", "1", STARTED) == []
