"""Bodies with only clean strings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.limits import Budget
from modeltap.privacy.texts.clean_strings import CleanStrings


def strings(budget=None):
    return CleanStrings(
        lambda text: "secret" not in text,
        lambda text: "secret" not in text,
        budget or Budget(10**9),
    )


@pytest.mark.parametrize(
    "body",
    [b"secret: 1", b"{secret: 1}", b'{"a": secret}', b'{"a": "b\\u0073"}', b'{"a": "', b"ssn: 5"],
)
def test_a_body_that_is_not_json_is_uncertain(body):
    assert not strings().are_all_in(body)


def test_each_string_is_checked_once():
    budget = Budget(100)
    looked = strings(budget)
    body = b'{"a": 1, "b": ["c", true, null, -1.5e3]}'
    assert looked.are_all_in(body) and budget.steps == 3
    assert looked.are_all_in(body.replace(b"1", b"27")) and budget.steps == 3
    assert not looked.are_all_in(b'{"a1": 1, "secret": 2}')
    assert not looked.are_all_in(b'{"a1": 1, "secret": 2}')


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text("abc e", max_size=4)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", max_size=3), inner)
)


@pytest.mark.parametrize("texts", [["ab", "secret"], ["sec", "ret"], ["a" * 101, "b"], ["a"] * 9])
def test_texts_are_clean_if_each_is(texts):
    looked = strings()
    assert looked.are_clean(texts) == looked.are_clean(texts) == ("secret" not in texts)


def test_texts_that_together_resemble_a_name_are_checked_one_by_one():
    budget = Budget(100)
    looked = CleanStrings(lambda _: True, lambda text: "\n" not in text, budget)
    assert looked.are_clean(["sec", "ret"]) and looked.are_all_in(b'["sec", "ret"]')
    assert budget.steps == 4 and looked.are_known(["sec", "ret"])


@given(st.lists(documents, max_size=4), st.sampled_from(["name", "value", "item"]))
def test_a_string_that_is_not_clean_is_never_overlooked(before, place):
    """Regardless of earlier bodies, and at any position."""
    looked = strings()
    for document in before:
        looked.are_all_in(json.dumps(document).encode())
    hidden = {"name": {"secret": 1}, "value": {"a": "secret"}, "item": [["secret"]]}[place]
    assert not looked.are_all_in(json.dumps([*before, hidden]).encode())
