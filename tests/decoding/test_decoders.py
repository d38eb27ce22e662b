"""Calls of decoders in turn, errors of decoders, and decompression of bodies."""

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
        decoded = decode(decoders, '{"instances": [[1, 2]]}', '{"predictions": [3]}')
        assert (len(decoded.rows), decoded.predictions) == (1, [3])
        assert decode(decoders, "1,2\n3,4", "1\n0", kind="text/csv").predictions == [1, 0]


def test_a_decoder_that_fails_costs_its_body_alone():
    """By the error's name, and nothing of the body."""
    decoders = Decoders()

    def fails(payload):
        raise ZeroDivisionError("secret")

    decoders._all = [fails]
    decoded = decode(decoders, '{"x": 1}', "1")
    assert decoded.rows == [] and decoded.note == "decoding failed: ZeroDivisionError"


def test_many_are_decoded_only_by_one_that_knew_their_kind():
    """As each by itself."""
    decoders = Decoders()
    requests, responses = ['{"x": 1}', '{"x": 2}'], ['{"prediction": 3}', '{"prediction": 4}']
    assert decoders.decode_many("/predict", "application/json", requests, responses) is None
    decode(decoders, requests[0], responses[0])
    decoded = decoders.decode_many("/predict", "application/json", requests, responses)
    assert decoded is not None and decoded.predictions == [3, 4] and len(decoded.rows) == 2


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
    """Text stays unchanged; bodies that expand too much are not decoded."""
    assert plain(body, encoding) == expected
