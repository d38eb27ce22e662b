"""The app's own mask: a body on which it fails is dropped, a changed body gets a note."""

from __future__ import annotations

import gzip

import pytest

from modeltap.errors import ConfigError
from modeltap.privacy.body_masker import MASKED, UNMASKABLE
from modeltap.tap.app_options.custom_mask import mask_bodies, mask_body_option
from modeltap.tap.exchange import Exchange


def exchange(body, *headers):
    result = Exchange("asgi", "m", "POST", "/", b"")
    result.request_body, result.request_headers = body, list(headers)
    result.response_body, result.response_headers = b"out", [("content-type", b"text/plain")]
    return result


def test_the_mask_receives_plain_bodies_and_their_types():
    """Bodies are decompressed first, without the encoding header."""
    seen = []

    def mask(body, kind):
        seen.append((body, kind))
        return body.replace(b"secret", b"***")

    masked_exchange = exchange(
        gzip.compress(b"a secret"), ("content-encoding", b"gzip"), ("content-type", b"x/y")
    )
    mask_bodies(masked_exchange, mask)
    assert seen == [(b"a secret", "x/y"), (b"out", "text/plain")]
    assert (masked_exchange.request_body, masked_exchange.request_note) == (b"a ***", MASKED)
    assert masked_exchange.request_headers == [("content-type", b"x/y")]
    assert (masked_exchange.response_body, masked_exchange.response_note) == (b"out", None)


@pytest.mark.parametrize("mask", [lambda *_: None, lambda *_: 1 / 0, lambda *_: 7])
def test_bodies_that_the_mask_drops_or_fails_on_are_not_stored(mask):
    masked_exchange = exchange(b"secret")
    mask_bodies(masked_exchange, mask)
    assert (masked_exchange.request_body, masked_exchange.request_note) == (b"", UNMASKABLE)


@pytest.mark.parametrize("masked", ["text", b"text", bytearray(b"text"), memoryview(b"text")])
def test_a_mask_may_return_any_kind_of_text_or_bytes(masked):
    masked_exchange = exchange(b"secret")
    mask_bodies(masked_exchange, lambda *_: masked)
    assert (masked_exchange.request_body, masked_exchange.request_note) == (b"text", MASKED)


def test_undecodable_bodies_are_dropped_and_empty_ones_skipped():
    masked_exchange = exchange(b"no gzip", ("content-encoding", b"gzip"))
    masked_exchange.response_body = b""
    mask_bodies(masked_exchange, lambda body, _: body)
    assert (masked_exchange.request_body, masked_exchange.request_note) == (b"", UNMASKABLE)
    assert (masked_exchange.response_body, masked_exchange.response_note) == (b"", None)


def test_the_option_must_be_a_function():
    assert mask_body_option({}) is None and mask_body_option({"mask_body": len}) is len
    with pytest.raises(ConfigError, match="mask_body = 'x'"):
        mask_body_option({"mask_body": "x"})
