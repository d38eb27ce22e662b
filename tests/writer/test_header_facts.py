"""Facts in headers: the extracted values, and a cache for equal headers."""

from __future__ import annotations

import pytest

from modeltap.writer.header_facts import HeaderReader

TYPE = ("content-type", b"text/csv")


def facts_of(reader, *headers):
    facts = reader.read(headers)
    ids = (facts.request_id, facts.trace_id, facts.event, facts.outer_id)
    return facts.type, facts.encoding, *ids, facts.stored


@pytest.mark.parametrize(
    ("header", "place", "value"),
    [
        (("content-type", b"a/b"), 0, "a/b"),
        (("content-encoding", b" GZIP "), 1, "gzip"),
        (("x-request-id", b"r-1"), 2, "r-1"),
        (("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"), 3, "a" * 32),
        (("x-time", b"2026-01-01"), 4, "2026-01-01"),
        (("x-modeltap-id", b"i-1"), 5, "i-1"),
        (("x-tenant", b"blue"), 6, {"x-tenant": "blue"}),
    ],
)
def test_each_fact_is_read_from_its_header(header, place, value):
    """Cached facts equal the facts that were read first."""
    reader = HeaderReader(["X-Tenant"], "x-time", "x-modeltap-id")
    for _ in range(2):
        assert facts_of(reader, header)[place] == value
        assert facts_of(reader)[place] in (None, "", {})


def test_facts_of_other_values_are_not_mixed_up():
    """A thousand different lists, more than the cache holds, are read twice."""
    reader = HeaderReader(["x-n"])
    for _ in range(2):
        for n in range(1000):
            assert facts_of(reader, TYPE, ("x-n", str(n).encode()))[6] == {"x-n": str(n)}


@pytest.mark.parametrize("name", ["x-request-id", "traceparent", "x-time", "x-modeltap-id"])
def test_headers_that_differ_by_request_are_not_cached(name):
    """They would only evict recurring lists."""
    reader = HeaderReader([], "x-time", "x-modeltap-id")
    first = reader.read([TYPE])
    for n in range(1000):
        reader.read([TYPE, (name, f"00-{n:032x}-{n:016x}-01".encode())])
    assert reader.read([TYPE]) is first


def test_long_lists_and_long_values_are_not_cached():
    """Clients choose them, and the memory is bounded."""
    reader = HeaderReader([])
    long = [TYPE] * 50
    assert reader.read(long) is not reader.read(long)
    big = [("content-type", b"x" * 5000)]
    assert reader.read(big) is not reader.read(big)
