"""Texts are masked by field names and by the format of values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.text_masker import TextMasker


def masker(values=(), how="mark", added=()):
    return TextMasker(SensitiveNames(added), SensitiveValues(values), Marks(how), Budget(1000))


def test_names_are_masked_at_any_depth_and_nothing_else_changes():
    text = '{"a": [{"password": {"x": 1}, "b": 1.50}], "c": "token"}'
    masked = json.loads(masker().document(text))
    assert masked == {"a": [{"password": "[masked]", "b": 1.5}], "c": "token"}


def test_a_document_without_sensitive_names_is_unchanged():
    text = '{ "a" : 1.500, "b": [ ] }'
    assert masker().document(text) == text


def test_fields_are_dropped_with_their_names():
    assert json.loads(masker(how="drop").document('{"token": 1, "a": 2}')) == {"a": 2}


def test_a_duplicate_name_is_masked_in_both_places():
    assert "s3cret" not in masker().document('{"token": "s3cret", "token": "s3cret"}')
    assert masker().document('{"a": 1, "a": 2}') == '{"a":2}'


def test_values_are_masked_in_names_texts_and_numbers():
    cards = masker(values=[r"\b\d{16}\b"])
    masked = cards.document('{"4111111111111111": ["call 4111111111111111", 4111111111111111, 1]}')
    assert "4111" not in masked and json.loads(masked)["[masked]"][2] == 1
    assert cards.always_parses and not masker().always_parses


@pytest.mark.parametrize("text", ["a=1", '{"a": ', ""])
def test_other_text_is_kept_unless_it_may_contain_a_name(text):
    assert masker().document(text) is None
    assert masker().unless_named(text) == text
    assert masker().unless_named(text + " password=x") is None
    assert masker().unless_named(text + "\\u0070") is None


def test_a_document_that_is_too_deep_is_not_kept():
    assert masker().document("[" * 100_000 + "]" * 100_000) is None


def test_stems_decide_if_a_text_must_be_parsed():
    assert masker().may_contain_names('{"my_token": 1}')
    assert not masker().may_contain_names('{"age": 1}')
    assert masker(added=["age"]).may_contain_names('{"x": 1}')


pieces = (
    *("token", "to", "ken", "pass%77ord", "pa%73", "раss", "word", "ｐｉｎ", "1:2", "Oslo", "card"),
    *("https://a:b@c", "&#112;in", "&#11", "\\u0070in", "API key", "ﬁ", "\u0301", "é", "%", "41"),
)
texts = st.lists(st.sampled_from(pieces) | st.text("pinPIN%u\\&#; é@/:", max_size=6), max_size=6)


@given(texts)
def test_texts_without_names_together_have_none_alone(parts):
    checked = masker()
    if checked.has_no_name("\n".join(parts)):
        assert all(map(checked.is_clean, parts))


def test_own_patterns_are_never_ruled_out_by_the_quick_check():
    assert masker().has_no_name("Oslo") and not masker(added=["^oslo$"]).has_no_name("Oslo")
