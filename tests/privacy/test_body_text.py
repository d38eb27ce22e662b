"""Bodies as text: valid UTF-8 alone, cut at characters, inflated up to a limit."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.body_text import as_text, cut_at_character, inflate


@given(st.text(min_size=1), st.integers(0, 200))
def test_a_cut_body_is_text_again_and_loses_three_bytes_at_most(text, at):
    body = text.encode("utf-8", "replace")[:at]
    cut = cut_at_character(body)
    assert body.startswith(cut) and len(body) - len(cut) <= 3
    assert text.startswith(cut.decode())


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a\0b", b"\xe2\x82"])
def test_what_no_text_column_can_hold_is_no_text(body):
    assert as_text(body) is None


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_other_text_is_returned_as_it_was(text):
    assert as_text(text.encode()) == text


def raw_deflate(body):
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(body) + machine.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
    ],
)
def test_bodies_are_inflated_up_to_the_limit(encoding, compress):
    body = b'{"a": 1}' * 50
    assert inflate(compress(body), encoding, 1000) == body
    assert inflate(compress(body), encoding, 100) is None


def test_unknown_encodings_and_broken_bodies_are_not_inflated():
    assert inflate(gzip.compress(b"a"), "br", 100) is None
    assert inflate(b"not compressed at all", "gzip", 100) is None
