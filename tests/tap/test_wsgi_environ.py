"""Facts in the environ of a WSGI request, which a server may have filled in any way."""

from __future__ import annotations

import pytest

from modeltap.tap.wsgi_environ import as_utf8, call_of, length_of, route_of


@pytest.mark.parametrize(
    ("environ", "length"),
    [
        ({}, 0),
        ({"CONTENT_LENGTH": ""}, 0),
        ({"CONTENT_LENGTH": None}, 0),
        ({"CONTENT_LENGTH": "12"}, 12),
        ({"CONTENT_LENGTH": "-1"}, None),
        ({"CONTENT_LENGTH": "1.5"}, None),
        ({"CONTENT_LENGTH": "\xb2"}, None),
        ({"CONTENT_LENGTH": "9" * 5000}, None),
        ({"CONTENT_LENGTH": "12", "HTTP_TRANSFER_ENCODING": "chunked"}, None),
    ],
)
def test_a_length_is_a_number_of_bytes_or_unknown(environ, length):
    assert length_of(environ) == length


@pytest.mark.parametrize("text", ["/predict", "/café", "/価格", "/\U0001f600"])
def test_paths_are_utf8(text):
    """A WSGI string has a character for each byte."""
    assert as_utf8(text.encode().decode("latin-1")) == text


def test_a_path_that_is_no_bytes_is_kept_as_far_as_possible():
    """PEP 3333 does not allow it."""
    assert as_utf8("/価\xff") == "/?\ufffd"


def test_a_call_has_the_path_of_its_mount():
    """As the path of the ASGI app that mounts it."""
    environ = {"SCRIPT_NAME": "/a", "PATH_INFO": "/b\xc3\xa9", "QUERY_STRING": "c=1"}
    assert call_of({**environ, "REQUEST_METHOD": "GET"}) == ("GET", "/a/b\u00e9", b"c=1")
    assert call_of({}) == (None, "", b"")


def test_a_route_is_a_text_or_a_rule():
    class Rule:
        rule = "/flights/<id>"

    assert [route_of(route) for route in ("/x", Rule(), None, 7)] == ["/x", Rule.rule, None, None]
