"""Headers to keep: configured ones only, for ASGI and WSGI, with a bounded cache."""

from __future__ import annotations

import pytest

from modeltap.config.settings import ModelSettings, Settings
from modeltap.privacy.headers import (
    PROTOCOL_HEADERS,
    HeaderFilter,
    event_header,
    request_names,
    trace_id,
)


def test_only_configured_headers_are_kept_in_any_case_and_type():
    """Bytes, text, and bytes-like objects of servers; values stay unchanged."""
    headers = [
        (b"CONTENT-TYPE", b"text/csv"),
        ("X-A", "1"),
        (bytearray(b"x-a"), b"2"),
        (b"authorization", b"secret"),
        ("Cookie", "secret"),
    ]
    known = HeaderFilter(["Content-Type", "x-a"])
    expected = [("content-type", b"text/csv"), ("x-a", "1"), ("x-a", b"2")]
    # New names at any position behind known ones, then all known, then without the bytearray.
    assert [known.kept(headers[:count]) for count in range(6)][5] == expected
    assert known.kept(headers) == known.kept(list(reversed(headers)))[::-1] == expected
    assert known.kept([*headers[:2], *headers[3:]]) == expected[:2]


def test_the_cache_of_header_names_is_bounded():
    """Clients may send any number of names; a configured name is kept anyway."""
    known = HeaderFilter(["last"])
    known.kept([(f"x-{n}".encode(), b"") for n in range(5000)])
    assert len(known._known) == 1024
    assert known.kept([(b"last", b"1")]) == [("last", b"1")]


def test_headers_of_protocols_and_settings_are_kept():
    """Including the header with the event time; each name is listed once."""
    settings = Settings(
        capture_request_headers=("X-Tenant", "Content-Type"), event_time="header:X-When"
    )
    names = request_names(settings)
    assert event_header(settings) == "x-when" and event_header(Settings()) == ""
    assert {"x-tenant", "x-when", "content-type"} | PROTOCOL_HEADERS <= set(names)
    assert len(names) == len(set(names)) and all(name == name.lower() for name in names)
    responses = HeaderFilter.of_responses(Settings(capture_response_headers=("X-Out",)))
    assert responses.kept([(b"x-out", b"1"), (b"x-request-id", b"2")]) == [("x-out", b"1")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "0af7651916cd43dd8448eb211c80319c",
        ),
        ("00-0af7-b7ad6b7169203331-01", None),
        ("0af7651916cd43dd8448eb211c80319c", None),
        ("", None),
    ],
)
def test_a_trace_id_has_32_digits(value, expected):
    assert trace_id(value) == expected


def test_the_event_time_of_a_model_is_kept():
    models = {"m": ModelSettings(event_time="header:X-Time")}
    assert "x-time" in request_names(Settings(models=models))
