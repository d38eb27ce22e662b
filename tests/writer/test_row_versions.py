"""The version of each exchange: in a header, in the response, or fixed."""

from __future__ import annotations

import gzip
import json

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.row_masker import RowMasker


def version(option, **fields):
    settings = sources.load({"version": option}, environ={})
    return (
        RowMasker(origin_of(settings, 1, "host")).row(CapturedRecord("asgi", "m", **fields)).version
    )


@pytest.mark.parametrize(
    ("response", "request_", "expected"),
    [
        ([("x-version", b"1.4")], [], "1.4"),
        ([("x-version", "1.4")], [("x-version", b"9")], "1.4"),
        ([], [("x-version", b"2")], "2"),
        ([], [], ""),
        ([("x-version", b"v" * 900)], [], "v" * 200),
        ([("x-version", b"1\x004\xff")], [], "14\xff"),
    ],
)
def test_a_header_of_the_response_or_of_the_request(response, request_, expected):
    """The response's counts first, because a client chooses the request's."""
    own = version("header:X-Version", response_headers=response, request_headers=request_)
    assert own == expected


@pytest.mark.parametrize(
    ("option", "body", "expected"),
    [
        ("body:model_version", {"model_version": "3", "y": 1}, "3"),
        ("body:meta.version", {"meta": {"version": 2}}, "2"),
        ("body:meta.version", {"meta": [1]}, ""),
        ("body:version", {"version": None}, ""),
        ("body:version", {"version": {"a": 1}}, ""),
        ("body:version", [1], ""),
        ("body:version", "<html>", ""),
        ("body:version", b"\xff\xfe", ""),
        ("body:version", b"", ""),
    ],
    ids=str,
)
def test_a_field_of_the_response(option, body, expected):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert version(option, response_body=raw) == expected
    packed = gzip.compress(raw)
    headers = [("content-encoding", b"gzip")]
    assert version(option, response_body=packed, response_headers=headers) == expected


def test_a_model_may_have_its_own_source():
    """The other models of the app keep the general one."""
    settings = sources.load({"version": "7", "models": {"b": {"version": "body:v"}}}, environ={})
    masker = RowMasker(origin_of(settings, 1, "host"))
    versions = {
        name: masker.row(CapturedRecord("asgi", name, response_body=b'{"v": 1}')).version
        for name in ("a", "b")
    }
    assert versions == {"a": "7", "b": "1"}


def test_a_secret_in_a_header_is_masked():
    """A client may send anything in it."""
    key = "AKIAIOSFODNN7EXAMPLE"
    settings = sources.load({"version": "header:X-V", "mask_values": ["key"]}, environ={})
    record = CapturedRecord("asgi", "m", request_headers=[("x-v", key.encode())])
    assert key not in RowMasker(origin_of(settings, 1, "host")).row(record).version


@pytest.mark.parametrize("option", ["header:", "header:a b", "body:", "body: "])
def test_an_unusable_source_is_refused(option):
    with pytest.raises(ConfigError, match=r"write '(header:NAME|body:FIELD)'"):
        sources.load({"version": option}, environ={})
