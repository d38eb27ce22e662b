"""Missing parts of exchanges, counted by reason."""

from __future__ import annotations

import json

import pytest

from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.shortfalls import count_shortfalls
from modeltap.store.stored_exchanges import StoredExchange


def exchange(request, response, *, seq=1, **said):
    empty = dict.fromkeys(StoredExchange._fields)
    body = {"request_body": request, "response_body": response}
    own = {"seq": seq, "id": f"e{seq}", "model": "m", "version": "", "path": "/predict"}
    kind = {"started_at": "2024-01-01T00:00:00.000Z", "status": 200}
    return StoredExchange(
        **{**empty, **own, **kind, "request_type": "application/json"} | body | said
    )


def counted(exchanges, **options):
    settings = Settings(**options)
    batch = read(exchanges, settings, Decoders())
    return dict(count_shortfalls(exchanges, batch, settings))


ROW = json.dumps({"a": 1})
UNKNOWN = json.dumps({"model_version": "v3", "grid": [[[313.8, "EUR"], [2]]]})
ANSWER = json.dumps({"prediction": 2})


@pytest.mark.parametrize(
    ("request_body", "response_body", "part", "reason"),
    [
        ("", ANSWER, "rows", "no request body"),
        ("hello", ANSWER, "rows", "request: not JSON but text"),
        ("[]", ANSWER, "rows", "request: JSON without rows"),
        (ROW, None, "predictions", "no response body"),
        (ROW, "fine", "predictions", "response: not JSON"),
        (ROW, UNKNOWN, "predictions", "response: no prediction found"),
        (ROW, '{"predictions": [1, 2, 3]}', "predictions", "unpaired: N rows, N predictions"),
    ],
)
@pytest.mark.parametrize("others", [0, 1, 100])
def test_missing_and_present_parts_are_counted(request_body, response_body, part, reason, others):
    """For a single exchange, and among many that are decoded at once."""
    good = [exchange(ROW, ANSWER, seq=2 + n) for n in range(others)]
    counts = counted([exchange(request_body, response_body), *good])
    assert counts[(part, reason)] == 1
    assert counts.get((part, ""), 0) == others


def test_failed_requests_do_not_count():
    """Nor do redirects and exceptions of the app."""
    failed = [exchange("", None, seq=status, status=status) for status in (302, 404, 422, 500)]
    assert counted([*failed, exchange("", None, status=None, error_type="ValueError")]) == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"a": 1, "ts": "2024-01-01T00:00:00Z"}, ""),
        ({"a": 1}, "no event time"),
        ({"a": 1, "ts": "soon"}, "event time not readable"),
    ],
)
def test_event_times_are_counted_where_the_settings_name_them(row, reason):
    body = exchange(json.dumps(row), ANSWER)
    assert counted([body], event_time="body:ts")[("event_time", reason)] == 1
    assert not any(part == "event_time" for part, _ in counted([body]))


@pytest.mark.parametrize("encoding", ["br", "zstd", "BR", "gzip, br", "compress"])
def test_a_body_that_could_not_be_decompressed_is_no_empty_body(encoding):
    """Unless bodies are not captured at all."""
    reason = "compressed body not stored"
    request = exchange(None, ANSWER, request_encoding=encoding)
    assert counted([request])["rows", f"request: {reason}"] == 1
    response = exchange(ROW, None, response_encoding=encoding)
    assert counted([response])["predictions", f"response: {reason}"] == 1
    left_out = counted([response], capture_response_body=False)
    assert left_out["predictions", "no response body"] == 1


@pytest.mark.parametrize("encoding", [None, "", "identity", "gzip", "deflate, gzip"])
def test_a_missing_body_with_another_encoding_is_one(encoding):
    response = exchange(ROW, None, response_encoding=encoding)
    assert counted([response])["predictions", "no response body"] == 1
