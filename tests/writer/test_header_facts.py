"""Facts in headers: those that recur in other requests, and those that differ in each."""

from __future__ import annotations

import pytest

from modeltap.writer.header_facts import HeaderReader

TYPE = ("content-type", b"text/csv")
TRACE = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"


def facts_of(reader, *headers):
    recurring, ids = reader.split(headers)
    facts = reader.read(recurring)
    return facts.type, facts.encoding, *ids, facts.stored


@pytest.mark.parametrize(
    ("header", "place", "value"),
    [
        (("content-type", b"a/b"), 0, "a/b"),
        (("content-encoding", b" GZIP "), 1, "gzip"),
        (("x-request-id", b"r-1"), 2, "r-1"),
        (("x-modeltap-id", b"i-1"), 3, "i-1"),
        (("traceparent", TRACE), 4, "a" * 32),
        (("x-time", b"2026-01-01"), 5, "2026-01-01"),
        (("x-tenant", b"blue"), 6, {"x-tenant": "blue"}),
    ],
)
def test_each_fact_is_read_from_its_header(header, place, value):
    """All others are empty."""
    reader = HeaderReader(["X-Tenant"], "x-time", "x-modeltap-id")
    empty = facts_of(reader)
    expected = (*empty[:place], value, *empty[place + 1 :])
    assert facts_of(reader, header) == expected


@pytest.mark.parametrize("name", ["x-request-id", "traceparent", "x-time", "x-modeltap-id"])
def test_headers_that_differ_by_request_are_split_off(name):
    """The others recur, so that their facts can be cached."""
    reader = HeaderReader([], "x-time", "x-modeltap-id")
    recurring, _ = reader.split([(name, TRACE), TYPE])
    assert recurring == (TYPE,) and reader.read(recurring).recur


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"captured": ["X-Request-Id"]}, "x-request-id"),
        ({"captured": [], "event_name": "content-type"}, "content-type"),
        ({"captured": [], "id_name": "x-version", "version_name": "x-version"}, "x-version"),
    ],
)
def test_a_header_with_two_purposes_serves_both(options, name):
    """It is not split off, and its facts are not cached."""
    reader = HeaderReader(**options)
    recurring, ids = reader.split([(name, b"r-1")])
    assert recurring == ((name, b"r-1"),) and "r-1" in ids
    assert not reader.read(recurring).recur


@pytest.mark.parametrize("headers", [(TYPE,) * 50, (("content-type", b"x" * 5000),)])
def test_long_lists_and_long_values_are_not_cached(headers):
    """Clients choose them, and the memory is bounded."""
    assert not HeaderReader([]).read(headers).recur
