"""JSON is read and written without loss: long numbers, NaN, duplicate names."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.texts.lossless_json import read_quickly, read_with_care, written

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_written_documents_are_read_unchanged(document):
    text = written(document)
    assert json.loads(text) == document
    assert read_with_care(text) == (document, False)


@pytest.mark.parametrize("text", ["12345678901234567890", '{"a": [0.1234567890123456789]}'])
def test_long_numbers_are_left_to_the_careful_reader(text):
    with pytest.raises(ValueError, match="64 bits"):
        read_quickly(text)
    document, twice = read_with_care(text)
    assert document == json.loads(text) and not twice


def test_a_duplicate_name_is_reported_at_any_depth():
    assert read_with_care('[{"a": {"b": 1, "b": 2}}]') == ([{"a": {"b": 2}}], True)
    assert read_with_care('[{"a": 1}, {"a": 2}]')[1] is False


def test_nan_lone_surrogates_and_huge_numbers_are_written():
    assert math.isnan(read_with_care("NaN")[0])
    for document in ("\ud800", 2**70, {"a": [-(2**65)]}):
        assert json.loads(written(document)) == document


@pytest.mark.parametrize("text", ["", "{", "a=1", '{"a": 1} x'])
@pytest.mark.parametrize("read", [read_quickly, read_with_care])
def test_invalid_json_is_refused(read, text):
    with pytest.raises(ValueError, match=r"\w"):
        read(text)


@pytest.mark.parametrize("read", [read_quickly, read_with_care])
def test_a_byte_order_mark_is_not_part_of_the_document(read):
    """JSON written by .NET is masked by field, as it is decoded."""
    assert read('\ufeff{"pin": 1}') == ({"pin": 1}, False)
