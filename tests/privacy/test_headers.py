"""Headers that are kept: named ones alone, of ASGI and of WSGI, and never at a growing cost."""

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


def test_only_named_headers_are_kept_whatever_their_case_and_type():
    """Bytes, text, and what servers take for bytes; values stay as they are."""
    kept = HeaderFilter(["Content-Type", "x-a"]).kept(
        [
            (b"CONTENT-TYPE", b"text/csv"),
            ("X-A", "1"),
            (bytearray(b"x-a"), b"2"),
            (b"authorization", b"secret"),
            ("Cookie", "secret"),
        ]
    )
    assert kept == [("content-type", b"text/csv"), ("x-a", "1"), ("x-a", b"2")]


def test_made_up_names_take_no_memory_without_end():
    """A client may send any number of them; a name that counts is kept all the same."""
    known = HeaderFilter(["last"])
    known.kept([(f"x-{n}".encode(), b"") for n in range(5000)])
    assert len(known._known) == 1024
    assert known.kept([(b"last", b"1")]) == [("last", b"1")]


def test_protocols_and_settings_name_headers():
    """The header of the event time is one; each name stands once."""
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
