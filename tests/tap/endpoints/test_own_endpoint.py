"""Requests and replies of the tap's own endpoints."""

from __future__ import annotations

import pytest

from modeltap.tap.endpoints.own_endpoint import OwnReply, OwnRequest, serves, text_reply


class Endpoint:
    path = "/modeltap"

    def __init__(self, has_pages_below):
        self.has_pages_below = has_pages_below


@pytest.mark.parametrize(
    ("path", "alone", "with_pages"),
    [
        ("/modeltap", True, True),
        ("/modeltap/", False, True),
        ("/modeltap/alerts", False, True),
        ("/modeltap2", False, False),
        ("/Modeltap", False, False),
        ("/", False, False),
        ("", False, False),
        ("/a/modeltap", False, False),
    ],
)
def test_paths_of_an_endpoint(path, alone, with_pages):
    assert serves(Endpoint(False), path) is alone
    assert serves(Endpoint(True), path) is with_pages


@pytest.mark.parametrize("text", ["", "-1", "1e3", "²", "9" * 20, "4, 4"])
def test_a_length_that_is_no_number_is_unknown(text):
    assert OwnRequest("POST", "", "/", headers={"content-length": text}).length is None


def test_a_reply_has_one_length():
    assert dict(text_reply(403, "no").all_headers)["content-length"] == "13"
    head = OwnReply(200, b"", (("content-length", "500"),))
    assert head.all_headers == [("content-length", "500")]
