"""Selection of requests for a candidate: by time, number, labels, and what it has answered."""

from __future__ import annotations

from contextlib import closing

import pytest

from candidate_server import fill
from modeltap.store.candidates import CandidateRequest, insert_requests
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from modeltap.store.predictions import insert_predictions
from modeltap.store.stored_requests import (
    RequestSelection,
    count_selected,
    first_of_newest,
    requests_after,
)

ALL = RequestSelection("m", "new", last_seq=99)


@pytest.fixture
def connection(store):
    """Return a store with six requests of a model, two of them answered, and one of another."""
    fill(store, 6)
    fill(store, 1, model="other")
    with closing(connect(store)) as opened:
        requests = [
            CandidateRequest("m000000", 200, 1.0, 1, None, "t"),
            CandidateRequest("m000001", 200, 1.0, 1, None, "t"),
            CandidateRequest("m000002", 500, 1.0, 0, "status 500", "t"),
        ]
        with writing(opened):
            insert_requests(opened, "m", "new", requests, source="replay")
        yield opened


def ids(connection, selection, after=0, **bounds):
    found = requests_after(
        connection, selection, after, **{"limit": 99, "max_bytes": 10**6, **bounds}
    )
    return [int(request.exchange.id[1:]) for request in found]


def test_a_failed_request_is_selected_apart(connection):
    assert ids(connection, ALL) == [3, 4, 5]
    assert ids(connection, ALL, failed_before="u") == [2]
    assert ids(connection, ALL, failed_before="s") == []  # in this run
    assert ids(connection, ALL._replace(candidate="another")) == [0, 1, 2, 3, 4, 5]
    assert count_selected(connection, ALL) == (6, 2)
    assert ids(connection, ALL._replace(last_seq=4)) == [3]
    assert ids(connection, ALL, after=4) == [4, 5]


def test_reading_stops_at_a_number_or_a_size(connection):
    assert ids(connection, ALL, limit=2) == [3, 4]
    assert ids(connection, ALL, max_bytes=1) == [3]


def test_a_limit_means_the_newest(connection):
    first = first_of_newest(connection, ALL, 3)
    assert ids(connection, ALL._replace(first_seq=first)) == [3, 4, 5]
    assert first_of_newest(connection, ALL, 7) == 0


def test_the_time_is_that_of_the_decoded_row(connection):
    """Until an exchange is decoded, its own event time counts."""
    since = ALL._replace(since="2024-01-01T04:00:00.000Z")
    assert ids(connection, since) == [4, 5]
    with writing(connection):
        insert_predictions(
            connection,
            "m",
            "",
            exchange_ids=["m000002", "m000005"],
            rows=[0, 0],
            predictions=[1, 1],
            scores=[None, None],
            probabilities=[None, None],
            event_times=["2025-01-01T00:00:00.000Z", "2023-01-01T00:00:00.000Z"],
            seqs=[3, 6],
        )
    assert ids(connection, since) == [4]
    assert ids(connection, since, failed_before="u") == [2]


def test_labelled_requests_only(connection):
    with writing(connection):
        insert_labels(connection, [("m000000", 0, 1), ("m000003", 0, 1)], source="t")
        insert_labels(connection, [("m000004", 0, 1)], source="judge")
    labelled = ALL._replace(labelled=True)
    assert ids(connection, labelled) == [3] and count_selected(connection, labelled) == (2, 1)
