"""Delays of labels: by the machine's clock, by the time of the label, or unknown."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_arrivals import row_arrivals
from modeltap.store.labels import Label, insert_labels
from modeltap.store.predictions import LAST, insert_predictions, labelled_predictions

EVENT = "2024-05-01T00:00:00.000Z"
STARTED = "2024-05-02T00:00:00.000Z"
FIRST = ("", 0, 0)


@pytest.fixture
def connection(store):
    """Two rows of a request, and two imported rows; all with the same event time."""
    exchanges = [
        ("live", "asgi", "POST"),
        ("imported", "import", None),
        ("log", "kserve", "IMPORT"),
    ]
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_exchanges(
                opened,
                [
                    ExchangeRow(id=id_, model="m", source=source, method=how, started_at=STARTED)
                    for id_, source, how in exchanges
                ],
            )
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=["live", "live", "imported", "log"],
                rows=[0, 1, 0, 0],
                predictions=[1] * 4,
                scores=[None] * 4,
                probabilities=[None] * 4,
                event_times=[EVENT] * 4,
                seqs=[1, 1, 2, 3],
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
    first, second, *imported = arrivals(connection)
    assert first == (STARTED, False, None)
    assert second[:2] == (STARTED, True)
    assert second.delay == pytest.approx(90, abs=0.01)
    assert imported == [(EVENT, False, None)] * 2


def test_the_time_of_a_label_counts_from_the_event(connection):
    """Also for imported rows, whose requests this machine did not see."""
    put(
        connection,
        Label("live", 0, 7, labelled_at="2024-05-01T01:00:00.000Z"),
        Label("imported", 0, 7, labelled_at="2024-05-08T00:00:00.000Z"),
    )
    delays = [arrival.delay for arrival in arrivals(connection)]
    week = pytest.approx(7 * 86_400, abs=0.01)
    assert delays == [pytest.approx(3600, abs=0.01), None, week, None]


@pytest.mark.parametrize("id_", ["imported", "log"])
def test_the_delay_of_an_imported_rows_label_is_unknown(connection, id_):
    put(connection, Label(id_, 0, 7))
    assert (EVENT, True, None) in arrivals(connection)


def test_a_label_that_was_sent_before_the_request_has_no_negative_delay(connection):
    put(connection, Label("live", 0, 7), received="2024-05-01T23:00:00.000Z")
    assert arrivals(connection)[0].delay == 0


def test_all_readers_have_the_same_delay(connection):
    """The report of a model, the evaluation of a window, and the view for people."""
    put(connection, Label("live", 0, 7), received="2024-05-02T03:00:00.000Z")
    put(connection, Label("live", 1, 7, labelled_at="2024-05-01T12:00:00.000Z"))
    put(connection, Label("imported", 0, 7), Label("log", 0, 7))
    rows = labelled_predictions(connection, "m", "", FIRST, LAST)
    seen = connection.execute("select delay_seconds from v_labels order by seq").fetchall()
    expected = [pytest.approx(3 * 3600, abs=0.01), pytest.approx(12 * 3600, abs=0.01), None, None]
    assert [own.delay for own in arrivals(connection)] == expected
    assert rows.delays == expected and [own[0] for own in seen] == expected
    assert rows.waiting_since == [own.predicted_at for own in arrivals(connection)]
