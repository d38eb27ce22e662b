"""Decoders in turn: the first that knows a body, never a failure, and what was compressed."""

from __future__ import annotations

import gzip

import pytest

from modeltap.decoding.decoders import Decoders, plain
from modeltap.payload import Payload


def decode(decoders, request, response, path="/predict", kind="application/json"):
    return decoders.decode(Payload(path, None, 200, request, response, kind))


def test_one_that_knew_the_last_one_does_not_keep_the_next_from_another():
    """One path may serve many bodies."""
    decoders = Decoders()
    for _ in range(2):
        assert decode(decoders, '{"x": 1}', '{"prediction": 2}').predictions == [2]
        found = decode(decoders, '{"instances": [[1, 2]]}', '{"predictions": [3]}')
        assert (len(found.rows), found.predictions) == (1, [3])
        assert decode(decoders, "1,2\n3,4", "1\n0", kind="text/csv").predictions == [1, 0]


def test_a_decoder_that_fails_costs_its_body_alone():
    """By the error's name, and nothing of the body."""
    decoders = Decoders()

    def fails(payload):
        raise ZeroDivisionError("secret")

    decoders._all = [fails]
    found = decode(decoders, '{"x": 1}', "1")
    assert found.rows == [] and found.note == "decoding failed: ZeroDivisionError"


def test_many_are_decoded_only_by_one_that_knew_their_kind():
    """As each by itself."""
    decoders = Decoders()
    requests, responses = ['{"x": 1}', '{"x": 2}'], ['{"prediction": 3}', '{"prediction": 4}']
    assert decoders.decode_many("/predict", "application/json", requests, responses) is None
    decode(decoders, requests[0], responses[0])
    found = decoders.decode_many("/predict", "application/json", requests, responses)
    assert found is not None and found.predictions == [3, 4] and len(found.rows) == 2


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        ("text", "gzip", "text"),
        (b"raw", None, b"raw"),
        (b"raw", "identity", b"raw"),
        (gzip.compress(b"raw", mtime=0), "gzip", b"raw"),
        (b"no gzip", "gzip", None),
        (gzip.compress(b"0" * (9 << 20)), "gzip", None),
        (None, "gzip", None),
    ],
)
def test_compression_is_undone_up_to_a_size(body, encoding, expected):
    """Text was never compressed, or is masked; a bomb is no body."""
    assert plain(body, encoding) == expected
