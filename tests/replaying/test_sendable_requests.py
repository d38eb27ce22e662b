"""Which stored requests are sent again, and with which headers."""

from __future__ import annotations

import json

import pytest

from candidate_server import fill
from modeltap.privacy.masker import Masker
from modeltap.replaying.sendable_requests import body_of, headers_of, omission
from modeltap.store.connection import connect
from modeltap.store.stored_requests import RequestSelection, requests_after


def stored(store, **columns):
    """Return a request with these columns, as it is read from a store."""
    fill(store, 1, **columns)
    connection = connect(store)
    selection = RequestSelection("m", "new", last_seq=99)
    request = requests_after(connection, selection, 0, limit=99, max_bytes=10**6)[-1]
    connection.close()
    return request


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, None),
        ({"request_body": b"\xff\x00"}, None),
        ({"method": "GET", "request_body": None, "request_bytes": 0}, None),
        ({"request_body": None, "request_note": "empty", "request_bytes": None}, None),
        ({"method": "GET", "request_body": None, "request_bytes": None}, None),
        ({"request_note": "not read", "request_body": None, "request_bytes": 0}, None),
        ({"aborted": True}, None),
        ({"method": None}, "not an HTTP request"),
        ({"method": "IMPORT"}, "not an HTTP request"),
        ({"method": "EVENT"}, "not an HTTP request"),
        ({"path": None}, "not an HTTP request"),
        ({"status": 422}, "failed at the model"),
        ({"status": None, "error_type": "ValueError"}, "failed at the model"),
        ({"request_truncated": True}, "request cut"),
        ({"request_note": "masked"}, "request masked"),
        ({"request_note": "unmaskable", "request_body": None}, "request masked"),
        ({"path": "/token/[masked]"}, "request masked"),
        ({"query": "key=[masked]"}, "request masked"),
        ({"query": "key=[hash:e7fcbc16f826ad96]"}, "request masked"),
        ({"request_body": None, "request_note": "not captured"}, "request not stored"),
        ({"request_body": None, "request_bytes": None}, "request not stored"),
    ],
)
def test_a_request_is_sent_only_as_it_was(store, columns, reason):
    assert omission(stored(store, **columns)) == reason


@pytest.mark.parametrize(
    "masker", [Masker(), Masker(how="hash", key="k"), Masker(values=["email"])], ids=["1", "2", "3"]
)
def test_what_the_masker_has_masked_is_left_out(store, masker):
    """Whatever form a mark has in a path and a query."""
    for text in ("token=s3cret", "a=1&api_key=s3cret", "q=%7B%22password%22%3A%22p%22%7D"):
        query = masker.query(text)
        assert query != text
        assert omission(stored(store, id=text, query=query)) == "request masked"
    path = masker.path("/token/s3cret")
    assert omission(stored(store, id="path", path=path)) == "request masked"
    clean = masker.query("a=1&b=%5Bx%5D")
    assert omission(stored(store, id="clean", query=clean)) is None


def test_a_request_without_rows_is_left_out(store):
    """There is nothing to compare its response with."""
    request = stored(store)
    note = "unpaired: 2 rows, 3 predictions"
    assert omission(request._replace(rows=0, decode_note=note)) == (
        "not decoded: unpaired: N rows, N predictions"
    )
    assert omission(request._replace(rows=2, decode_note=note)) is None


def test_stored_headers_are_sent_without_masked_ones(store):
    headers = {"X-Tenant": "a", "authorization": "[masked]", "host": "other", "content-length": "9"}
    request = stored(store, request_headers=json.dumps(headers), request_encoding="gzip")
    assert dict(headers_of(request.exchange)) == {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "x-tenant": "a",
    }


@pytest.mark.parametrize("body", ["größe", b"\xff\x00", None])
def test_a_body_is_sent_byte_for_byte(store, body):
    request = stored(store, request_body=body, request_bytes=0)
    expected = body.encode() if isinstance(body, str) else body or b""
    assert body_of(request.exchange) == expected
