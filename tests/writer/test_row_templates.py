"""Templates: what recurs is computed once, and nothing of one exchange gets into another."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from modeltap.config.settings import Settings
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.row_masker import RowMasker

JSON = (("content-type", b"application/json"),)


def record_of(number=0, **fields):
    base = CapturedRecord(
        "asgi",
        "m",
        id=f"id-{number}",
        request_headers=JSON,
        response_headers=JSON,
        request_read=True,
        request_body=b'{"age": %d}' % number,
        response_body=b"[%d]" % number,
        request_bytes=20,
    )
    return replace(base, **fields)


def masker_of(**options):
    return RowMasker(origin_of(Settings(**options), 1, "host"))


def test_equal_columns_of_rows_are_one_object():
    """Thus the writer sees without comparing values that rows can share parameters."""
    masker = masker_of()
    rows = [masker.captured(record_of(n)) for n in range(3)]
    assert len({id(row.rest) for row in rows}) == 1
    assert [row.request_body for row in rows] == ['{"age": 0}', '{"age": 1}', '{"age": 2}']


@pytest.mark.parametrize(
    "headers",
    [
        [("x-request-id", b"r-%d")],
        [("traceparent", b"00-%032x-0000000000000001-01")],
        [("x-modeltap-id", b"i-%d")],
        [("x-time", b"2024-01-01T00:00:%02dZ")],
    ],
)
def test_ids_in_headers_do_not_prevent_sharing(headers):
    """Each row has its own id, and the columns of its endpoint."""
    masker = masker_of(event_time="header:x-time", id_header="x-modeltap-id")
    rows = [
        masker.captured(
            record_of(n, request_headers=JSON + tuple((k, v % (n + 1)) for k, v in headers))
        )
        for n in range(3)
    ]
    own = {(row.request_id, row.trace_id, row.event_time) for row in rows}
    assert len(own) == 3
    assert len({id(row.rest) for row in rows}) == 1


@pytest.mark.parametrize("name", ["version", "request_note", "response_note"])
def test_a_column_that_changes_within_an_endpoint_is_stored(name):
    masker = masker_of()
    values = ["a", "b", "a"]
    rows = [masker.row(record_of(**{name: value})) for value in values]
    assert [getattr(row, name) for row in rows] == values


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mask_body_fields": ["^x$"]},
        {"mask_values": ["email"]},
        {"unmask_body_fields": ["^age$"]},
    ],
)
@pytest.mark.parametrize(
    ("request_body", "response_body"),
    [
        (b'{"age": 1, "token": "hunter2"}', b"[1]"),
        (b'{"age": 1}', b'["hunter2", {"token": "hunter2"}]'),
        (b'{"to": 1}', b'{"ken": "hunter2"}'),
        (b'{"age": "\\u0074oken=hunter2"}', b"[1]"),
        (b'{"age": 1}\0', b"[1]"),
        (b'{"age": "\xc3\xa9"}', b"[1]"),
        (b'{"age": 1', b"\xff"),
        (b"", b"[1]"),
        (None, b"[1]"),
        (b"[1]", None),
        (bytearray(b'{"token": "hunter2"}'), bytearray(b"[1]")),
        (b'{"age": 12345', b"[1"),
        (b'--x {"age": 1}', b"[1]"),
    ],
)
def test_bodies_after_known_ones_are_masked_as_if_they_were_the_first(
    options, request_body, response_body
):
    """Known bodies are a short cut: each body is treated as in a masker that knows none."""
    masker = masker_of(**options)
    record = record_of(request_body=request_body, response_body=response_body)
    alone = masker_of(**options).row(record)
    for number in range(3):
        masker.row(record_of(number))
    assert masker.row(record) == alone
    assert masker.row(record) == alone


def test_bodies_that_differ_each_time_end_the_search_for_known_ones():
    """Their endpoint is then masked without it, with the same result."""
    masker = masker_of()
    words = ["".join(chr(97 + (n * k) % 26) for k in range(1, 9)) for n in range(40)]
    for word in words:
        body = b'{"text": "%s"}' % word.encode()
        row = masker.row(record_of(request_body=body))
        assert (row.request_body, row.request_note) == (body.decode(), None)
    row = masker.row(record_of(request_body=b'{"token": "hunter2"}'))
    assert row.request_body == '{"token":"[masked]"}'


def test_caches_are_bounded():
    """Clients choose paths, headers and, through the app, versions."""
    masker = masker_of()
    for n in range(600):
        masker.row(record_of(path=f"/users/{n}", version=str(n)))
        masker.row(record_of(method=f"M{n}"))
    templates = masker._templates._known.values()
    assert len(templates) <= 256
    assert all(len(t._rests) <= 32 and len(t._clean_paths) <= 32 for t in templates)


def test_paths_of_one_endpoint_are_masked_each():
    masker = masker_of()
    paths = ["/a", "/token/hunter2secretvalue", "/a", "/" + "x" * 3000]
    rows = [masker.row(record_of(path=path)) for path in paths * 2]
    assert [row.path for row in rows[:4]] == [row.path for row in rows[4:]]
    assert rows[0].path == "/a" and "hunter2" not in rows[1].path and len(rows[3].path) == 2000
