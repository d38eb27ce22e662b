"""The app's own mask: a body on which it fails is dropped, a changed body gets a note."""

from __future__ import annotations

import gzip

import pytest

from modeltap.errors import ConfigError
from modeltap.privacy.body_masker import MASKED, UNMASKABLE
from modeltap.tap.custom_mask import mask_bodies, mask_body_option
from modeltap.tap.exchange import Exchange


def exchange(body, *headers):
    found = Exchange("asgi", "m", "POST", "/", b"")
    found.request_body, found.request_headers = body, list(headers)
    found.response_body, found.response_headers = b"out", [("content-type", b"text/plain")]
    return found


def test_the_mask_receives_plain_bodies_and_their_types():
    """Bodies are decompressed first, without the encoding header."""
    seen = []

    def mask(body, kind):
        seen.append((body, kind))
        return body.replace(b"secret", b"***")

    one = exchange(
        gzip.compress(b"a secret"), ("content-encoding", b"gzip"), ("content-type", b"x/y")
    )
    mask_bodies(one, mask)
    assert seen == [(b"a secret", "x/y"), (b"out", "text/plain")]
    assert (one.request_body, one.request_note) == (b"a ***", MASKED)
    assert one.request_headers == [("content-type", b"x/y")]
    assert (one.response_body, one.response_note) == (b"out", None)


@pytest.mark.parametrize("mask", [lambda *_: None, lambda *_: 1 / 0])
def test_bodies_that_the_mask_drops_or_fails_on_are_not_stored(mask):
    one = exchange(b"secret")
    mask_bodies(one, mask)
    assert (one.request_body, one.request_note) == (b"", UNMASKABLE)


def test_undecodable_bodies_are_dropped_and_empty_ones_skipped():
    one = exchange(b"no gzip", ("content-encoding", b"gzip"))
    one.response_body = b""
    mask_bodies(one, lambda body, _: body)
    assert (one.request_body, one.request_note) == (b"", UNMASKABLE)
    assert (one.response_body, one.response_note) == (b"", None)


def test_the_option_must_be_a_function():
    assert mask_body_option({}) is None and mask_body_option({"mask_body": len}) is len
    with pytest.raises(ConfigError, match="mask_body = 'x'"):
        mask_body_option({"mask_body": "x"})
