"""A candidate behind a URL is replayed, and then compared like any other."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

import modeltap
from candidate_server import candidate, fill
from command import lines
from command import modeltap as command
from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze

COUNT = 240


def right(request):
    """Answer with the label: whether x is odd."""
    return 200, "application/json", json.dumps({"prediction": body(request) % 2}).encode()


def body(request):
    return json.loads(request.body)["x"]


@pytest.fixture
def labelled(store):
    """A store whose model is right in every fourth row; the first 200 rows have labels."""
    for n in range(COUNT):
        prediction = n % 2 if n % 4 == 0 else 1 - n % 2
        fill(store, 1, first=n, response_body=json.dumps({"prediction": prediction}))
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"m{n:06d}", 0, n % 2) for n in range(200)]
        insert_labels(connection, own, source="test")
    analyze(store, {"task": "classification"})
    return store


def test_a_better_candidate_behind_a_url_is_found(labelled):
    """Only labelled requests are sent; a second comparison sends none."""
    with candidate(right) as server:
        words = ("compare", "--store", labelled, "--model", "m", "--candidate", server.url)
        rows = lines(command(*words, "--json"))
        assert (rows[0]["metric"], rows[0]["verdict"], rows[0]["rows"]) == (
            "accuracy",
            "better",
            200,
        )
        result = modeltap.compare(server.url, model="m", store=labelled)
        assert result.verdict == "better" and len(server.received) == 200
    assert any("of earlier runs" in note for note in result.notes)


def test_without_labels_all_requests_are_sent(labelled):
    with closing(connect(labelled)) as connection, writing(connection):
        connection.execute("delete from labels")
    with candidate(right) as server:
        result = modeltap.compare(server.url, model="m", store=labelled)
    assert len(server.received) == result.compared == COUNT and result.verdict == "not_shown"


def test_failures_are_notes_and_only_failures_an_error(labelled):
    def partly(request):
        return (500, "text/plain", b"") if body(request) % 10 == 0 else right(request)

    with candidate(partly) as server:
        result = modeltap.compare(server.url, model="m", store=labelled)
    assert result.compared == 180
    assert "replay: 20 requests failed: status 500" in result.notes
    with (
        candidate(lambda _: (404, "text/plain", b"")) as server,
        pytest.raises(InputError, match="none of the first 100 responses has a prediction"),
    ):
        modeltap.compare(server.url, model="m", store=labelled)
    with pytest.raises(InputError, match="connection refused"):
        modeltap.compare("http://127.0.0.1:1", model="m", store=labelled)
