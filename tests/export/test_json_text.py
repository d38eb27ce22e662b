"""Values as JSON that any reader takes."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.export.json_text import json_lines, json_text

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_no_value_is_written_as_what_json_has_not(value):
    """NaN and infinity are null, also beside numbers of any length and halves of characters."""

    def refuse(text):
        raise AssertionError(text)

    text = json_text({"value": value, "big": 2**70})
    json.loads(text, parse_constant=refuse)
    text.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, 0.5, "é", None, True], '[1,0.5,"é",null,true]'),
        (float("inf"), "null"),
        ({"a": [float("nan")], "b": 2**64}, '{"a":[null],"b":18446744073709551616}'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_values_by_hand(value, text):
    assert json_text(value) == text


@given(st.lists(values, max_size=4))
def test_lines_are_the_texts_of_single_values(documents):
    """Also if some of them cannot be encoded in one call."""
    assert json_lines(documents) == "".join(f"{json_text(value)}\n" for value in documents)


def test_control_characters_and_structs_are_escaped_and_written_in_lines():
    kind = msgspec.defstruct("Row", [("a", object)])
    documents = [kind("\x7f"), {"b": kind("\u2028\u202e")}, kind(2**70), {"c": kind("\ud800")}]
    assert json_lines(documents).splitlines() == [
        '{"a":"\\u007f"}',
        '{"b":{"a":"\\u2028\\u202e"}}',
        '{"a":1180591620717411303424}',
        '{"c":{"a":"\\ud800"}}',
    ]
