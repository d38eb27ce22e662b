"""A candidate's responses are decoded and masked like those of the model."""

from __future__ import annotations

import json

import pytest

from candidate_server import fill
from modeltap.config.settings import Settings
from modeltap.replaying.candidate_client import CandidateReply
from modeltap.replaying.candidate_rows import ReplyDecoder
from modeltap.store.connection import connect
from modeltap.store.stored_exchanges import exchanges_after


def replies(store, bodies, **columns):
    """Return replies with these bodies to as many requests."""
    fill(store, len(bodies), **columns)
    connection = connect(store)
    exchanges = exchanges_after(connection, 0, 999)
    connection.close()
    return [
        CandidateReply(
            exchange,
            status=200,
            duration_ms=2.0,
            sent_at="t",
            type="application/json",
            headers={"content-type": "application/json"},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        for exchange, body in zip(exchanges, bodies, strict=True)
    ]


@pytest.mark.parametrize(
    ("body", "prediction", "score"),
    [
        ({"prediction": 1.5}, 1.5, None),
        ({"prediction": "cat", "score": 0.25}, "cat", 0.25),
        ({"predictions": [3]}, 3, None),
        ([7.0], 7.0, None),
        ({"prediction": {"price": 1, "risk": 2}}, '{"price":1,"risk":2}', None),
        ({"prediction": 2**70}, float(2**70), None),
    ],
)
@pytest.mark.parametrize("count", [1, 70])  # 64 and more of a kind are decoded at once
def test_a_prediction_has_the_form_of_the_models_own(store, body, prediction, score, count):
    decoded = ReplyDecoder(Settings()).decoded(replies(store, [body] * count))
    assert [(row.prediction, row.score) for row in decoded.predictions] == [
        (prediction, score)
    ] * count
    assert {(request.rows, request.error) for request in decoded.requests} == {(1, None)}


BAD = [b"", b"null", b"{}", b"oops", b"\xff\xfe", b'{"prediction": null}', b'{"error": "x"}', b"["]


@pytest.mark.parametrize("bad", BAD)
def test_a_format_that_changes_midway_is_counted_with_its_reason(store, bad):
    bodies = [{"prediction": 1.0}] * 70 + [bad] * 3 + [{"prediction": 2.0}] * 2
    decoded = ReplyDecoder(Settings()).decoded(replies(store, bodies))
    assert [row.prediction for row in decoded.predictions] == [1.0] * 70 + [2.0] * 2
    failed = [request for request in decoded.requests if request.error]
    assert [request.rows for request in failed] == [0, 0, 0]
    assert {request.exchange_id for request in failed} == {f"m{n:06d}" for n in (70, 71, 72)}


def test_several_rows_are_numbered_as_those_of_the_model(store):
    request = json.dumps({"instances": [[1], [2], [3]]})
    own = replies(store, [{"predictions": [5, 6, 7]}, {"predictions": [5]}], request_body=request)
    decoded = ReplyDecoder(Settings()).decoded(own)
    assert [(row.row, row.prediction) for row in decoded.predictions] == [(0, 5), (1, 6), (2, 7)]
    assert [request.rows for request in decoded.requests] == [3, 0]
    assert decoded.requests[1].error == "unpaired: N rows, N predictions"


def test_a_response_is_masked_before_it_is_decoded(store):
    settings = Settings(mask_values=("email",))
    answer = {"prediction": "write to ada@example.org", "password": "p"}
    (row,) = ReplyDecoder(settings).decoded(replies(store, [answer])).predictions
    assert "ada@example.org" not in row.prediction and "write to" in row.prediction


def test_failures_keep_their_reason(store):
    (reply,) = replies(store, [{"prediction": 1}])
    failed = reply._replace(error="status 404", status=404)
    decoded = ReplyDecoder(Settings()).decoded([failed])
    assert decoded.predictions == []
    assert (decoded.requests[0].status, decoded.requests[0].error) == (404, "status 404")
