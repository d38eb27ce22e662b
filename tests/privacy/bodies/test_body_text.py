"""Bodies as text: valid UTF-8, truncated at characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.bodies.body_text import as_text, cut_at_character


@given(st.text(min_size=1), st.integers(0, 200))
def test_a_truncated_body_becomes_text_and_loses_at_most_three_bytes(text, at):
    body = text.encode("utf-8", "replace")[:at]
    cut = cut_at_character(body)
    assert body.startswith(cut) and len(body) - len(cut) <= 3
    assert text.startswith(cut.decode())


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a\0b", b"\xe2\x82"])
def test_bytes_that_a_text_column_cannot_hold_are_not_text(body):
    assert as_text(body) is None


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_other_text_is_returned_unchanged(text):
    assert as_text(text.encode()) == text
