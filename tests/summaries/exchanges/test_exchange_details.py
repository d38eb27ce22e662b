"""One exchange with what other tables have about it."""

from __future__ import annotations

import gzip
import json
from contextlib import closing

import pytest

from modeltap.config.settings import Settings
from modeltap.store.candidates import (
    CandidatePrediction,
    CandidateRequest,
    insert_candidate_predictions,
    insert_requests,
)
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import find_full_exchanges
from modeltap.store.judge_answers import JudgeAnswer, record_answers
from modeltap.store.labels import Label, insert_labels
from modeltap.summaries.exchanges.exchange_details import chunks_of, exchange_details, trace_url
from stores import analyze, every, put


@pytest.fixture
def filled(tmp_path):
    store = tmp_path / "taps.db"
    put(store, every(1, 3), [{"x": n} for n in range(3)])
    analyze(store, {})
    with closing(connect(store)) as connection:
        yield connection


def details(connection, id_="r1", **options):
    (row,) = find_full_exchanges(connection, id_)
    return exchange_details(connection, dict(row), Settings(**options))


def test_every_table_about_it(filled):
    """Candidates with and without predictions, labels of all sources, answers of a judge."""
    sent = "2024-01-01T00:00:00.000Z"
    with writing(filled):
        good = CandidateRequest("r1", 200, 5.0, 1, None, sent)
        bad = CandidateRequest("r1", 503, 9.0, 0, "status 503", sent)
        insert_requests(filled, "m", "better", [good], source="replay")
        insert_requests(filled, "m", "worse", [bad], source="shadow")
        own = CandidatePrediction("r1", 0, 2.5, 0.9)
        insert_candidate_predictions(filled, "m", "better", [own])
        insert_labels(filled, [Label("r1", 0, 1), Label("r1", 0, 2)], source="api")
        record_answers(filled, "m", [JudgeAnswer("r1", 0, "j", "[]", "good", "answered", True)])
    found = details(filled)
    assert [(own["candidate"], own["prediction"], own["error"]) for own in found.candidates] == [
        ("better", 2.5, None),
        ("worse", None, "status 503"),
    ]
    assert [own["value"] for own in found.labels] == [1, 2, "good"]
    assert [own["choice"] for own in found.judge_answers] == ["good"]
    assert [own["prediction"] for own in found.predictions] == [1.0]
    none = details(filled, "r0")
    assert not (none.candidates or none.labels or none.judge_answers or none.alerts)


def test_compressed_and_broken_bodies_are_text(filled):
    filled.execute(
        "update exchanges set request_body = ?, request_encoding = 'gzip', response_body = ?",
        (gzip.compress(json.dumps({"x": "é"}).encode()), b"caf\xe9 with milk"),
    )
    found = details(filled)
    assert json.loads(found.exchange["request_body"]) == {"x": "é"}
    assert found.exchange["response_body"] == "caf\ufffd with milk"
    assert found.not_utf8 == ("response_body",)
    filled.execute("update exchanges set request_body = x'1f8b00'")
    assert isinstance(details(filled).exchange["request_body"], bytes | str | None)


@pytest.mark.parametrize("stream", ["5", "[1]", "{", '{"lines": [[1], 2, "x", [1, "a"]]}', None])
def test_a_stream_of_any_form(filled, stream):
    filled.execute("update exchanges set stream = ?", (stream,))
    assert details(filled).chunks == []


def test_the_address_of_a_trace():
    assert trace_url(None, "a") is None and trace_url("http://x/{trace_id}", None) is None
    assert trace_url("http://x/{trace_id}?u=1", 'a"<&') == "http://x/a%22%3C%26?u=1"
    assert chunks_of({"lines": [[1.0, 2]]}, None) == [{"ms": 1.0, "lines": 2, "text": ""}]
